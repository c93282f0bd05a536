//! Assignments of app roles, and the reasons to refuse one.

use std::time::Duration;

use time::OffsetDateTime;

use super::assignment_id;
use crate::{service_principal::ServicePrincipal, timestamp};

/// The app role id for default access, for APIs without app roles
/// (Microsoft Learn, "appRoleAssignment resource type").
pub const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// An assignment of an app role to a service principal (Microsoft Learn, "appRoleAssignment resource type").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRoleAssignment {
    /// The id: 32 bytes in base64url, of which the first 16 are the principal's object id.
    pub id: String,
    /// The role's id.
    pub app_role_id: String,
    /// The time of creation: RFC 3339 in UTC with seven decimals.
    pub created_date_time: String,
    /// The principal's display name at the time of creation.
    pub principal_display_name: String,
    /// The principal's object id.
    pub principal_id: String,
    /// The API's display name at the time of creation.
    pub resource_display_name: String,
    /// The API's object id.
    pub resource_id: String,
}

/// Why an assignment cannot be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentError {
    /// No service principal has the object id given as the principal.
    #[error("no service principal has the object id {0}, given as the principal")]
    UnknownPrincipal(String),
    /// No service principal has the object id given as the API.
    #[error("no service principal has the object id {0}, given as the API")]
    UnknownApi(String),
    /// The API has no such role that a service principal may hold.
    #[error("the application {app_id} has no enabled app role {role} for applications")]
    RoleNotOnApi {
        /// The API's application id.
        app_id: String,
        /// The requested role.
        role: String,
    },
    /// The principal holds this role already.
    #[error("the principal holds this app role already")]
    AlreadyAssigned,
    /// The principal has default access already.
    #[error("the principal has default access already")]
    DefaultAccessAlreadyAssigned,
}

impl AppRoleAssignment {
    pub(super) fn new(
        principal: &ServicePrincipal,
        api: &ServicePrincipal,
        app_role_id: String,
    ) -> Self {
        Self {
            id: assignment_id::new(&principal.id),
            app_role_id,
            created_date_time: timestamp::with_fraction(OffsetDateTime::now_utc()),
            principal_display_name: principal.display_name.clone(),
            principal_id: principal.id.clone(),
            resource_display_name: api.display_name.clone(),
            resource_id: api.id.clone(),
        }
    }

    /// Sets the age of the assignment.
    pub(super) fn backdate(&mut self, age: Duration) {
        self.created_date_time = timestamp::with_fraction(OffsetDateTime::now_utc() - age);
    }
}
