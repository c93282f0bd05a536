//! An assignment in the inventory of a tenant.

use app_roles::{
    directory::Assignment,
    ids::{AppRoleId, ObjectId},
};
use broker::rfc3339;
use time::OffsetDateTime;

/// An assignment that a service principal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InventoryAssignment {
    /// Graph's id of the assignment, if it can be read.
    pub(crate) id: Option<String>,
    pub(crate) principal: ObjectId,
    pub(crate) api: ObjectId,
    pub(crate) role: AppRoleId,
    /// When it was created. Graph omits it for some old assignments.
    pub(crate) created: Option<OffsetDateTime>,
}

impl InventoryAssignment {
    /// The assignment as the record of ends compares it. Without a readable id, only the time of its
    /// creation tells whether it ends.
    pub(crate) fn assignment(&self) -> Assignment {
        Assignment {
            id: self.id.clone().unwrap_or_default(),
            api: self.api,
            role: self.role,
            created: self.created.map(rfc3339),
        }
    }
}
