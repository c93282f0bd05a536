//! One rule of the policy, parsed.

use crate::domain::{
    arm::ArmScope,
    directory::{AppRole, Principal},
    ids::{AppId, AppRoleId, ObjectId},
    request::Action,
    requester::Requester,
};

/// One rule: what these requesters may give these principals.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) requesters: Vec<Requester>,
    pub(super) principals: Vec<PrincipalPattern>,
    pub(super) api: AppId,
    pub(super) roles: Vec<RolePattern>,
    pub(super) actions: Vec<Action>,
}

/// Which principals a rule covers.
#[derive(Debug)]
pub(super) enum PrincipalPattern {
    /// This service principal, of any type.
    Object(ObjectId),
    /// Every managed identity whose Azure resource lies in this scope.
    Scope(ArmScope),
}

/// Which role a rule names.
#[derive(Debug)]
pub(super) enum RolePattern {
    Id(AppRoleId),
    /// A role's value, compared ignoring case.
    Value(String),
}

impl Rule {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it lets this requester do this at all.
    pub(super) fn admits(&self, requester: &Requester, action: Action) -> bool {
        self.requesters.contains(requester) && self.actions.contains(&action)
    }

    pub(super) fn names_api(&self, api: AppId) -> bool {
        self.api == api
    }

    pub(super) fn covers(&self, principal: &Principal) -> bool {
        self.principals.iter().any(|pattern| match pattern {
            PrincipalPattern::Object(id) => *id == principal.object_id,
            PrincipalPattern::Scope(scope) => {
                principal.resource_id.as_ref().is_some_and(|resource| scope.covers(resource))
            }
        })
    }

    pub(super) fn names_role(&self, role: &AppRole) -> bool {
        self.roles.iter().any(|pattern| match pattern {
            RolePattern::Id(id) => *id == role.id,
            RolePattern::Value(value) => {
                role.value.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(value))
            }
        })
    }
}
