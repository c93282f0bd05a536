//! The holders of an API's roles, for people.

use crate::wire::Holder;
use app_roles::ids::{AppRoleId, ObjectId};

/// A user, group or service principal with a role of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHolder {
    /// The object id of the holder.
    pub principal: ObjectId,
    /// The display name at the time of the assignment.
    pub display_name: String,
    /// `User`, `Group` or `ServicePrincipal` ("appRoleAssignment resource type", principalType). Empty if
    /// Graph states none.
    pub kind: String,
    /// The role.
    pub role: AppRoleId,
    /// Graph's id of the assignment, if it can be read.
    pub assignment_id: Option<String>,
    /// When the assignment was created, as Graph writes it.
    pub created: Option<String>,
}

impl From<Holder> for NamedHolder {
    fn from(holder: Holder) -> Self {
        let Holder { principal, role, display_name, kind, assignment_id, created } = holder;
        Self { principal, display_name, kind, role, assignment_id, created }
    }
}
