//! The reasons for a denial.

use time::OffsetDateTime;

use crate::{
    code::Code,
    directory::{Api, AppRole, Principal},
    duration::AssignmentDuration,
    end::{self, PlannedEnd},
    ids::ObjectId,
    privileged::PrivilegeReason,
    requester::Requester,
};

/// The reason for a denial. `Display` is the full text, for the record and for operators. It says
/// what would have to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// No policy could be read. The cause is for operators only.
    #[error("no policy is in force, so nothing is allowed: {0}")]
    NoPolicy(String),
    /// No rule lets the requester use the action on anything that the request could mean.
    #[error("no rule of the policy lets the requester {0} {1} anything like this")]
    Requester(Requester, &'static str),
    /// The principal is the broker's own identity, which the broker never changes.
    #[error("the principal is the broker's own identity, which is never changed")]
    OwnIdentity,
    /// The policy protects the principal from every change.
    #[error("the policy protects the principal {0}")]
    ProtectedPrincipal(String),
    /// The policy protects a scope, and it is unknown whether this managed identity lies in it.
    #[error(
        "the policy protects scopes, and it is unknown whether the principal {0} lies in one: Microsoft \
         Graph states no single resource that can be read for this managed identity"
    )]
    UnknownPlace(ObjectId),
    /// The policy protects ids, and Microsoft Graph does not state the client id of the principal.
    #[error(
        "the policy protects ids, and it is unknown whether one is the client id of the principal {0}: \
         Microsoft Graph does not state its appId"
    )]
    UnknownClientId(ObjectId),
    /// The policy protects the API from every change.
    #[error("the policy protects the API {0}")]
    ProtectedApi(String),
    /// No rule for this requester names the API.
    #[error("no rule for {requester} names the API {app_id}")]
    Api {
        /// The requester.
        requester: Requester,
        /// The API's appId, as a rule would have to name it.
        app_id: String,
    },
    /// No rule for this requester and API covers the principal.
    #[error("no rule for {requester} and this API covers the principal {principal}")]
    Principal {
        /// The requester.
        requester: Requester,
        /// The ARM id that a rule's scope would have to cover, or else the object id.
        principal: String,
    },
    /// No rule for this requester, API and principal names the role.
    #[error("no rule for {requester}, this API and this principal names the role {role}")]
    Role {
        /// The requester.
        requester: Requester,
        /// The role's value, or else its id.
        role: String,
    },
    /// No rule of the baseline grants the role to the principal.
    #[error("no rule of the baseline gives the principal {principal} the role {role}")]
    NotInBaseline {
        /// The ARM id that a rule's scope would have to cover, or else the object id.
        principal: String,
        /// The role's value, or else its id.
        role: String,
    },
    /// Rules grant the role for a shorter time only.
    #[error(
        "the rules allow this for {longest} at most, which would be until {until}: ask for an \
             earlier end"
    )]
    DurationTooLong {
        /// The longest time that a rule allows.
        longest: AssignmentDuration,
        /// The latest end, in RFC 3339.
        until: String,
    },
    /// The role is privileged, and the rule names it only by a prefix or without
    /// `"privileged": true`.
    #[error(
        "the role {role} is privileged ({why}): the rule {rule:?} must name it exactly and say \
         \"privileged\": true"
    )]
    Privileged {
        /// The role's value, or else its id.
        role: String,
        /// Why the role is privileged.
        why: PrivilegeReason,
        /// The rule that would otherwise allow it.
        rule: String,
    },
}

impl Denial {
    pub(super) fn api(requester: &Requester, api: &Api) -> Self {
        Self::Api { requester: requester.clone(), app_id: api.app_id.to_string() }
    }

    pub(super) fn principal(requester: &Requester, principal: &Principal) -> Self {
        let principal = principal.resource_or_object_id();
        Self::Principal { requester: requester.clone(), principal }
    }

    pub(super) fn too_long(longest: AssignmentDuration, now: OffsetDateTime) -> Self {
        let until = end::rfc3339(PlannedEnd::after(longest, now).time());
        Self::DurationTooLong { longest, until }
    }

    pub(super) fn privileged(role: &AppRole, why: PrivilegeReason, rule: &str) -> Self {
        Self::Privileged { role: role.value_or_id(), why, rule: rule.to_owned() }
    }

    /// The text for the requester. Operators find the full text in the log.
    #[must_use]
    pub fn for_requester(&self) -> String {
        match self {
            Self::NoPolicy(_) => {
                "no policy is in force, so nothing is allowed; the broker's operators find the \
                 reason in its log"
                    .to_owned()
            }
            other => other.to_string(),
        }
    }

    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoPolicy(_) => Code::NoPolicy,
            Self::Requester(..) => Code::NoRuleForRequester,
            Self::OwnIdentity => Code::OwnIdentity,
            Self::ProtectedPrincipal(_)
            | Self::UnknownPlace(_)
            | Self::UnknownClientId(_)
            | Self::ProtectedApi(_) => Code::Protected,
            Self::Api { .. } => Code::NoRuleForApi,
            Self::Principal { .. } => Code::NoRuleForPrincipal,
            Self::Role { .. } | Self::NotInBaseline { .. } => Code::NoRuleForRole,
            Self::DurationTooLong { .. } => Code::DurationTooLong,
            Self::Privileged { .. } => Code::PrivilegedRole,
        }
    }
}
