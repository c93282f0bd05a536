//! Assignments whose end comes.

use time::OffsetDateTime;

use crate::ids::{AppRoleId, ObjectId};

/// An assignment that the broker created with an end, as its record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEnd {
    /// The principal that holds the role.
    pub principal: ObjectId,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
    /// The name of the rule that allowed the assignment.
    pub rule: String,
    /// When the assignment ends.
    pub end: OffsetDateTime,
}

impl DueEnd {
    /// Whether the end has come.
    pub(super) fn is_due(&self, now: OffsetDateTime) -> bool {
        self.end <= now
    }
}
