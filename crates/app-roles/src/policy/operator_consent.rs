//! Permits that an operator grants from their own rights, outside the rules.
//!
//! Only the feature `operator` compiles this module, and only the operator's tool asks for it. The
//! handler is built without it, so it cannot make such a permit.

use std::fmt;

use super::{
    permit::{Basis, Permit},
    protected::{self, Protection},
    rules::Rules,
};
use crate::{
    directory::{Api, AppRole, Assignment, Principal, PrincipalKind},
    ids::ObjectId,
    privileged::{self, PrivilegeReason},
    request::Action,
};

/// The text that such a permit has instead of a rule's name.
pub const OPERATORS_OWN_RIGHTS: &str = "the operator's own rights";

/// Id of Microsoft Graph's app role `AppRoleAssignment.ReadWrite.All` ("Microsoft Graph permissions
/// reference"). A principal that holds it can grant every role, as the broker can.
pub(super) const APP_ROLE_ASSIGNMENT_READ_WRITE_ALL: &str = "06b708a9-e830-4db3-a914-8e69da51d44f";

/// A change that an operator has decided on, with its parts as Graph states them.
#[derive(Debug, Clone, Copy)]
pub struct OperatorConsent<'a> {
    /// The operator.
    pub operator: ObjectId,
    /// Whether to create or to remove the assignment.
    pub action: Action,
    /// The principal that receives or loses the role.
    pub principal: &'a Principal,
    /// All assignments of the principal.
    pub held: &'a [Assignment],
    /// The API that defines the role.
    pub api: &'a Api,
    /// The role.
    pub role: &'a AppRole,
    /// Whether the operator has confirmed the change in spite of every [`Caution`].
    pub privileged: bool,
}

/// A reason for which an operator must confirm a change explicitly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caution {
    /// The principal is the operator.
    Oneself,
    /// The principal can assign roles itself, as the broker can.
    CanAssignRoles,
    /// The policy protects the principal with this ARM id or object id.
    ProtectedPrincipal(String),
    /// The policy protects scopes, and it is unknown whether this managed identity lies in one.
    UnknownPlace,
    /// The policy protects ids, and Microsoft Graph does not state the client id of the principal.
    UnknownClientId,
    /// The policy protects the API with this appId.
    ProtectedApi(String),
    /// The role is privileged.
    PrivilegedRole(PrivilegeReason),
    /// The principal is that of an agent blueprint, so all its agents can inherit the role.
    AgentBlueprint,
    /// There is no policy, for this reason, so it is unknown what it protects.
    NoPolicy(String),
}

impl fmt::Display for Caution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oneself => formatter.write_str("the principal is yourself"),
            Self::CanAssignRoles => formatter.write_str(
                "the principal can assign app roles itself: it is the broker, or as powerful",
            ),
            Self::ProtectedPrincipal(place) => {
                write!(formatter, "the policy protects the principal {place}")
            }
            Self::UnknownPlace => formatter.write_str(
                "the policy protects scopes, and it is unknown where this managed identity lies",
            ),
            Self::UnknownClientId => formatter.write_str(
                "the policy protects ids, and Microsoft Graph does not state the client id of the \
                 principal",
            ),
            Self::ProtectedApi(app_id) => write!(formatter, "the policy protects the API {app_id}"),
            Self::PrivilegedRole(why) => write!(formatter, "the role is privileged ({why})"),
            Self::AgentBlueprint => formatter.write_str(
                "the principal is an agent blueprint: all its agents, present and future, can inherit \
                 the role",
            ),
            Self::NoPolicy(reason) => {
                write!(formatter, "it is unknown what the policy protects: {reason}")
            }
        }
    }
}

/// Permits the change, whatever the rules say. Without a confirmation, an error lists the reasons for
/// which one is needed. `rules` is the policy, or why there is none.
pub(super) fn permit(
    rules: Result<&Rules, &str>,
    consent: &OperatorConsent<'_>,
) -> Result<Permit, Vec<Caution>> {
    let cautions = cautions(rules, consent);
    if !cautions.is_empty() && !consent.privileged {
        return Err(cautions);
    }
    let OperatorConsent { action, principal, api, role, .. } = *consent;
    let basis = Basis::operator(OPERATORS_OWN_RIGHTS);
    Ok(Permit::new(action, principal, (api, role), basis))
}

/// The reasons for which a change needs a confirmation.
pub(super) fn cautions(rules: Result<&Rules, &str>, consent: &OperatorConsent<'_>) -> Vec<Caution> {
    let OperatorConsent { operator, principal, held, api, role, .. } = *consent;
    let mut cautions = Vec::new();
    if principal.object_id == operator {
        cautions.push(Caution::Oneself);
    }
    if held.iter().any(|one| one.role.to_string() == APP_ROLE_ASSIGNMENT_READ_WRITE_ALL) {
        cautions.push(Caution::CanAssignRoles);
    }
    match rules {
        Ok(rules) => cautions.extend(protection(rules, principal, api)),
        Err(reason) => cautions.push(Caution::NoPolicy(reason.to_owned())),
    }
    cautions.extend(privileged::of_role(api, role).map(Caution::PrivilegedRole));
    if principal.kind == PrincipalKind::AgentBlueprint {
        cautions.push(Caution::AgentBlueprint);
    }
    cautions
}

fn protection(rules: &Rules, principal: &Principal, api: &Api) -> impl Iterator<Item = Caution> {
    let principal =
        protected::principal_protection(&rules.protected, principal).map(|why| match why {
            Protection::Named => Caution::ProtectedPrincipal(principal.resource_or_object_id()),
            Protection::UnknownPlace => Caution::UnknownPlace,
            Protection::UnknownClientId => Caution::UnknownClientId,
        });
    let api = protected::is_api_protected(&rules.protected, api)
        .then(|| Caution::ProtectedApi(api.app_id.to_string()));
    principal.into_iter().chain(api)
}
