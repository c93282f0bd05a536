//! Failed requests: messages of the queue `app-role-failed`, as the broker writes and operators read
//! them.

mod message;
mod replayable;

pub use message::FailedRequest;
pub use replayable::{NotReplayable, ReplayableRequest};
