//! Events that Event Grid delivers, and the broker's own. They are read leniently: an event that does
//! not concern the broker is not an error.
//!
//! An event decides nothing. It only says where to look: Azure Resource Manager and Microsoft Graph
//! state the facts. An event's claims about its author are personal data. Only the author's object id
//! is read, for the log.

mod assignment_requested;
mod baseline_check;
mod decode;
mod envelope;
mod ignored;
mod resource_written;

pub use assignment_requested::{ASSIGNMENT_REQUESTED, AssignmentRequested};
pub use baseline_check::{BASELINE_CHECK_REQUESTED, BaselineCheckRequested};
pub use decode::{Event, InvalidEvents};
pub use ignored::Ignored;
pub use resource_written::{Cause, RESOURCE_CREATED_OR_UPDATED, RESOURCE_WRITTEN, ResourceWritten};

#[cfg(test)]
mod tests;
