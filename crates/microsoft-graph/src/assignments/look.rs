//! A look at an assignment right before its removal.
//!
//! If the answer to a removal is lost and the assignment is gone afterwards, it may have been gone before. A
//! read by its id does not lag, so it tells what the removal can have done.

use app_roles::directory::Assignment;
use time::OffsetDateTime;

/// What a read of an assignment by its id has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It existed after this moment.
    Found(OffsetDateTime),
    /// It did not exist.
    Gone,
    /// It was not read, or the answer says nothing about it.
    Unclear,
}

/// An assignment that is about to be removed.
#[derive(Debug, Clone)]
pub struct Removable {
    /// The assignment.
    pub assignment: Assignment,
    /// What was read of it before.
    pub look: Look,
}
