//! The permission that every write to Microsoft Graph takes.

use crate::{
    directory::{Api, AppRole, Principal},
    ids::{AppId, AppRoleId, ObjectId},
    request::Action,
};

/// The permission to create or remove one assignment.
///
/// The fields are private and the constructor is visible to the policy only, so a write that the
/// policy has not allowed does not compile.
#[derive(Debug)]
pub struct Permit {
    action: Action,
    principal: ObjectId,
    client_id: Option<AppId>,
    api: ObjectId,
    role: AppRoleId,
    rule: String,
}

impl Permit {
    pub(super) fn new(
        action: Action,
        principal: &Principal,
        (api, role): (&Api, &AppRole),
        rule: &str,
    ) -> Self {
        Self {
            action,
            principal: principal.object_id,
            client_id: principal.by_client_id.then_some(principal.client_id),
            api: api.object_id,
            role: role.id,
            rule: rule.to_owned(),
        }
    }

    /// Whether the assignment may be created or removed.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The principal's client id, if Graph found the principal by it.
    #[must_use]
    pub fn client_id(&self) -> Option<AppId> {
        self.client_id
    }

    /// The principal that receives or loses the role.
    #[must_use]
    pub fn principal(&self) -> ObjectId {
        self.principal
    }

    /// The API that defines the role.
    #[must_use]
    pub fn api(&self) -> ObjectId {
        self.api
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> AppRoleId {
        self.role
    }

    /// The name of the rule that allowed the write.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}
