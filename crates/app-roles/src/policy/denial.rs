//! Why the policy does not allow something, as a value.

use crate::{outcome::Code, privileged::Why, requester::Requester};

/// Why something is not allowed. `Display` is the full text, for the record and the operator; it says
/// what would have to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// No policy could be read; the reason is for operators only.
    #[error("no policy is in force, so nothing is allowed: {0}")]
    NoPolicy(String),
    /// The first gate: no rule could let this requester do this with what the request names.
    #[error("no rule of the policy lets the requester {0} {1} anything like this")]
    Requester(Requester, &'static str),
    /// The broker never changes what its own identity holds.
    #[error("the principal is the broker's own identity, which is never changed")]
    OwnIdentity,
    /// The policy protects the principal from every change.
    #[error("the policy protects the principal {0}")]
    ProtectedPrincipal(String),
    /// The policy protects the API from every change.
    #[error("the policy protects the API {0}")]
    ProtectedApi(String),
    /// No rule for this requester names the API.
    #[error("no rule for {requester} names the API {app_id}")]
    Api {
        /// Who asked.
        requester: Requester,
        /// The API's appId, as a rule would have to name it.
        app_id: String,
    },
    /// No rule for this requester and API covers the principal.
    #[error("no rule for {requester} and this API covers the principal {principal}")]
    Principal {
        /// Who asked.
        requester: Requester,
        /// The ARM id that a rule's scope would have to cover, else the object id.
        principal: String,
    },
    /// No rule for this requester, API and principal names the role.
    #[error("no rule for {requester}, this API and this principal names the role {role}")]
    Role {
        /// Who asked.
        requester: Requester,
        /// The role's value, else its id.
        role: String,
    },
    /// No rule of the baseline gives the principal the role.
    #[error("no rule of the baseline gives the principal {principal} the role {role}")]
    NotInBaseline {
        /// The ARM id that a rule's scope would have to cover, else the object id.
        principal: String,
        /// The role's value, else its id.
        role: String,
    },
    /// A rule would allow the role, and the role is privileged, and the rule is not marked.
    #[error(
        "the role {role} is privileged ({why}): the rule {rule:?} must name it exactly and say \
         \"privileged\": true"
    )]
    Privileged {
        /// The role's value, else its id.
        role: String,
        /// Why it is privileged.
        why: Why,
        /// The rule that would allow it.
        rule: String,
    },
}

impl Denial {
    /// What the requester is told. Operators find the full text in the log.
    #[must_use]
    pub fn outward(&self) -> String {
        match self {
            Self::NoPolicy(_) => {
                "no policy is in force, so nothing is allowed; the broker's operators find the \
                 reason in its log"
                    .to_owned()
            }
            other => other.to_string(),
        }
    }

    /// The word for programs.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoPolicy(_) => Code::NoPolicy,
            Self::Requester(..) => Code::NoRuleForRequester,
            Self::OwnIdentity => Code::OwnIdentity,
            Self::ProtectedPrincipal(_) | Self::ProtectedApi(_) => Code::Protected,
            Self::Api { .. } => Code::NoRuleForApi,
            Self::Principal { .. } => Code::NoRuleForPrincipal,
            Self::Role { .. } | Self::NotInBaseline { .. } => Code::NoRuleForRole,
            Self::Privileged { .. } => Code::PrivilegedRole,
        }
    }
}
