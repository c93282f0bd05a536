//! Which failed requests may be replayed.

use std::collections::BTreeSet;

use app_roles::failed_request::{NotReplayable, ReplayableRequest};
use time::{Duration, OffsetDateTime};

use crate::storage::QueueMessage;

/// The age from which the broker itself refuses a request. A replayed request is a new message, so it is
/// checked here.
pub const MAX_AGE: Duration = Duration::hours(24);

/// What an operator allows a replay to do.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The queues to which requests may go back.
    pub queues: BTreeSet<String>,
    /// Whether requests may be older than [`MAX_AGE`].
    pub allow_older: bool,
}

/// The reason why a message stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No operator can replay it.
    #[error(transparent)]
    NotReplayable(#[from] NotReplayable),
    /// The operator did not name its queue.
    #[error("{0}: not a queue of --queue")]
    OtherQueue(ReplayableRequest),
    /// It is too old.
    #[error("{0}: older than 24 hours")]
    TooOld(ReplayableRequest),
}

impl Limits {
    /// Decides about a message.
    pub(super) fn decide(
        &self,
        message: &QueueMessage,
        now: OffsetDateTime,
    ) -> Result<ReplayableRequest, Refusal> {
        let request = ReplayableRequest::parse(&message.text)?;
        if !self.queues.contains(&request.queue) {
            return Err(Refusal::OtherQueue(request));
        }
        if request.age(message.inserted, now) > MAX_AGE && !self.allow_older {
            return Err(Refusal::TooOld(request));
        }
        Ok(request)
    }
}
