//! What Microsoft Graph says about the two service principals of a request.

use crate::domain::{
    arm::ArmScope,
    ids::{AppId, AppRoleId, ObjectId},
};

/// The service principal that is to receive a role, as Graph knows it.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Its object id in this tenant.
    pub object_id: ObjectId,
    /// Its application id; of a managed identity, the client id.
    pub client_id: AppId,
    /// Its name, for people: not unique.
    pub display_name: String,
    /// The Azure resource whose identity it is; `None` for anything but a managed identity.
    pub resource_id: Option<ArmScope>,
}

/// The service principal that defines the roles, as Graph knows it.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its object id in this tenant.
    pub object_id: ObjectId,
    /// Its application id, which is what the policy knows an API by.
    pub app_id: AppId,
    /// Its name, for people: not unique.
    pub display_name: String,
    /// The roles that it defines.
    pub roles: Vec<AppRole>,
}

impl Api {
    /// The role with this id, if the API defines it.
    #[must_use]
    pub fn role(&self, id: AppRoleId) -> Option<&AppRole> {
        self.roles.iter().find(|role| role.id == id)
    }
}

/// One role of an API.
#[derive(Debug, Clone)]
pub struct AppRole {
    /// The id that an assignment carries.
    pub id: AppRoleId,
    /// The text that appears in the `roles` claim of tokens, for instance `User.Read.All`.
    pub value: Option<String>,
}

/// An assignment as it stands in the tenant.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Graph's id of it, which a delete needs. Opaque and case-sensitive.
    pub id: String,
    /// When it was made, as Graph writes it; Graph leaves it out for some old assignments.
    pub created: Option<String>,
}
