//! What was done about failed requests.

use std::fmt;

use app_roles::failed_request::ReplayableRequest;

use super::decision::Refusal;
use crate::storage::QueueError;

/// A failed request, and what was done about it.
#[derive(Debug)]
pub struct Entry {
    /// The service's id of the message.
    pub message_id: String,
    /// What was done.
    pub done: Done,
}

/// What was done about a failed request.
#[derive(Debug)]
pub enum Done {
    /// It was sent and deleted.
    Replayed(ReplayableRequest),
    /// It can be replayed. Nothing was changed.
    Pending(ReplayableRequest),
    /// It was refused, so it stays where it is.
    Refused(Refusal),
    /// It was not sent, so it stays where it is.
    NotSent(ReplayableRequest, QueueError),
    /// It may have been sent, because the answer is lost. It stays where it is.
    Uncertain(ReplayableRequest, QueueError),
    /// It was sent but not deleted.
    NotDeleted(ReplayableRequest, QueueError),
    /// The visibility timeout was nearly over, so it stays where it is.
    TooLate(ReplayableRequest),
    /// The replay was interrupted before it was sent, so it stays where it is.
    NotStarted(ReplayableRequest),
    /// The replay was interrupted while it was being sent. It may have been sent, and may have been
    /// deleted.
    Interrupted(ReplayableRequest),
}

/// The numbers of messages, by what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were replayed.
    pub replayed: usize,
    /// Messages that cannot be replayed, or not to these queues.
    pub left: usize,
    /// Messages that are too old.
    pub too_old: usize,
    /// Messages to replay again: not sent, or not deleted.
    pub failed: usize,
    /// Those of them that may have been sent.
    pub uncertain: usize,
}

impl Tally {
    /// The tally of refused messages.
    pub(super) fn of_refused<'a>(refused: impl Iterator<Item = &'a Refusal>) -> Self {
        let (too_old, left): (Vec<_>, Vec<_>) =
            refused.partition(|refusal| matches!(refusal, Refusal::TooOld(_)));
        Self { left: left.len(), too_old: too_old.len(), ..Self::default() }
    }

    /// Counts the outcome of a message that the replay tried to send.
    pub(super) fn count(&mut self, done: &Done) {
        match done {
            Done::Replayed(_) => self.replayed += 1,
            Done::Uncertain(..) | Done::NotDeleted(..) => {
                self.failed += 1;
                self.uncertain += 1;
            }
            _ => self.failed += 1,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.message_id;
        match &self.done {
            Done::Replayed(request) => write!(formatter, "replayed: {request}"),
            Done::Pending(request) => write!(formatter, "would be replayed: {request}"),
            Done::Refused(refusal) => write!(formatter, "skipped: message {id}: {refusal}"),
            Done::NotSent(request, error) => {
                write!(formatter, "NOT replayed: {request}: not sent: {error}")
            }
            Done::Uncertain(request, error) => write!(
                formatter,
                "UNCERTAIN: {request}: it may have been sent; the next run replays it again, which is \
                 harmless: {error}"
            ),
            Done::NotDeleted(request, error) => write!(
                formatter,
                "replayed: {request}; message {id} was not deleted, so the next run replays it again, \
                 which is harmless: {error}"
            ),
            Done::NotStarted(request) => {
                write!(formatter, "NOT replayed: {request}: not sent: interrupted")
            }
            Done::Interrupted(request) => write!(
                formatter,
                "UNCERTAIN: {request}: interrupted while it was being sent; if it is still a failed request, \
                 the next run replays it again, which is harmless"
            ),
            Done::TooLate(request) => {
                write!(formatter, "NOT replayed: {request}: not sent: the answer took too long")
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { replayed, left, too_old, failed, uncertain: _ } = self;
        write!(formatter, "{replayed} replayed, {left} skipped, ")?;
        if *too_old > 0 {
            write!(formatter, "{too_old} too old, ")?;
        }
        write!(formatter, "{failed} failed")
    }
}
