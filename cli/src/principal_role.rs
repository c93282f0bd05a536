//! A role of an API and a principal that holds it or should, as documents of the tool name them.

use app_roles::{
    directory::{Api, AppRole, Principal},
    ids::{AppRoleId, ObjectId},
};
use serde::Serialize;

/// A role of an API, and a principal that holds it or should.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrincipalRole {
    pub(crate) principal: String,
    pub(crate) principal_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    pub(crate) api: String,
    api_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    role_id: AppRoleId,
}

impl PrincipalRole {
    /// The role of a principal with its display name.
    pub(crate) fn new(principal: &Principal, api: &Api, role: &AppRole) -> Self {
        Self {
            principal: principal.display_name.clone(),
            principal_id: principal.object_id,
            resource_id: principal.resource_id.as_ref().map(ToString::to_string),
            api: api.display_name.clone(),
            api_id: api.object_id,
            role: role.value.clone(),
            role_id: role.id,
        }
    }

    /// The same with another name of the principal.
    pub(crate) fn of_principal(self, principal: String) -> Self {
        Self { principal, ..self }
    }

    /// The value of the role, or its id if it has none.
    pub(crate) fn role_name(&self) -> String {
        self.role.clone().unwrap_or_else(|| self.role_id.to_string())
    }

    /// The principal, the API and the role.
    pub(crate) fn ids(&self) -> (ObjectId, ObjectId, AppRoleId) {
        (self.principal_id, self.api_id, self.role_id)
    }
}
