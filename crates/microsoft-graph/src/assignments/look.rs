//! A read of an assignment right before its removal.
//!
//! If the answer to a removal is lost and the assignment is gone afterwards, it may have been gone before.
//! A read by its id does not lag, so it shows whether the removal can have had an effect.

use app_roles::directory::Assignment;
use time::OffsetDateTime;

/// The result of reading an assignment by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It existed after this moment.
    Found(OffsetDateTime),
    /// It did not exist.
    Gone,
    /// It was not read, or the answer was not conclusive.
    Unclear,
}

/// An assignment that is about to be removed.
#[derive(Debug, Clone)]
pub struct Removable {
    /// The assignment.
    pub assignment: Assignment,
    /// What a read before the removal has shown.
    pub look: Look,
}
