//! An app role that a service principal holds, and why it may not.

use std::time::Duration;

use time::OffsetDateTime;

use super::assignment_id;
use crate::{service_principal::ServicePrincipal, timestamp};

/// The app role id that means "default access": the API has no app roles of its own
/// (Microsoft Learn, "appRoleAssignment resource type").
pub const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// How many assignments one service principal may hold, of all APIs together (Microsoft Learn,
/// "Microsoft Entra service limits and restrictions").
pub const MOST_ASSIGNMENTS: usize = 1_500;

/// An app role held by a service principal (Microsoft Learn, "appRoleAssignment resource type").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRoleAssignment {
    /// 43 base64url characters; the first 16 of its 32 bytes are the principal's object id.
    pub id: String,
    /// The role's id.
    pub app_role_id: String,
    /// RFC 3339 in UTC with seven fraction digits.
    pub created_date_time: String,
    /// The holder's display name when the assignment was created.
    pub principal_display_name: String,
    /// The holder's object id.
    pub principal_id: String,
    /// The API's display name when the assignment was created.
    pub resource_display_name: String,
    /// The object id of the API that defines the role.
    pub resource_id: String,
}

/// Why an assignment can't be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentError {
    /// No service principal has the object id given as the principal.
    #[error("no service principal has the object id {0}, given as the principal")]
    UnknownPrincipal(String),
    /// No service principal has the object id given as the API.
    #[error("no service principal has the object id {0}, given as the API")]
    UnknownApi(String),
    /// The role isn't one that a service principal can be given on this API.
    #[error("the application {app_id} has no enabled app role {role} for applications")]
    RoleNotOnApi {
        /// The API's application id.
        app_id: String,
        /// The role asked for.
        role: String,
    },
    /// The principal holds this role already.
    #[error("the principal holds this app role already")]
    AlreadyAssigned,
    /// The principal holds as many assignments as it may.
    #[error("the principal holds {MOST_ASSIGNMENTS} assignments, and may hold no more")]
    TooManyAssignments,
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

    /// As if it had been made so long ago.
    pub(super) fn backdate(&mut self, age: Duration) {
        self.created_date_time = timestamp::with_fraction(OffsetDateTime::now_utc() - age);
    }
}
