//! `app-role replay`: requests that the broker gave up go back to the queues that they came from, and
//! events that were pushed go to the queue of events.
//!
//! A replayed request is a new one: a new message, with a new age and new deliveries. It is sent
//! before the old message is deleted, so a crash in between replays it twice, which does no harm,
//! and never loses it.

mod command;
mod failed_request;

use std::{collections::BTreeMap, fmt, time::Duration};

pub(crate) use command::{ReplayArguments, run};
pub use failed_request::{FailedRequest, NotReplayable};

use crate::storage::{Account, Queue, QueueError, QueueMessage};

/// The queue of requests that the broker gave up.
pub const FAILED_REQUESTS: &str = "app-role-failed";

/// How long a message is hidden from another operator meanwhile; also how long it stays hidden if
/// this process ends in between. Sending and deleting 32 messages takes seconds.
const LEASE: Duration = Duration::from_secs(5 * 60);

/// What is about to be replayed, and where to.
pub struct Replay {
    failed: Queue,
    requests: Account,
    targets: BTreeMap<String, Queue>,
}

/// A message that was looked at, and what was done about it.
#[derive(Debug)]
pub struct Entry {
    /// The service's id of the message.
    pub message_id: String,
    /// What was done.
    pub done: Done,
}

/// What was done about a message.
#[derive(Debug)]
pub enum Done {
    /// It is in its requester's queue and no longer among those that failed.
    Replayed(FailedRequest),
    /// It could be replayed; nothing was changed.
    Previewed(FailedRequest),
    /// It is where it was, and stays there.
    Left(NotReplayable),
    /// Its requester's queue did not take it; it is where it was.
    NotSent(FailedRequest, QueueError),
    /// It is in its requester's queue, and still among those that failed.
    NotDeleted(FailedRequest, QueueError),
}

/// How many messages came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Replayed.
    pub replayed: usize,
    /// Left where they were, since they cannot be replayed.
    pub left: usize,
    /// To be replayed again: not sent, or not deleted.
    pub failed: usize,
}

impl Replay {
    /// From the account that has the queue of failed requests to the one that has the requests'
    /// queues.
    ///
    /// # Errors
    ///
    /// If the queue has no usable address.
    pub fn new(failed: &Account, requests: Account) -> Result<Self, QueueError> {
        let failed = failed.queue(FAILED_REQUESTS)?;
        Ok(Self { failed, requests, targets: BTreeMap::new() })
    }

    /// What would be done about the first 32 messages, and about how many there are. Changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// If the failed requests cannot be read, or have no queue, which the broker's first one
    /// creates.
    pub async fn preview(&self) -> Result<(Vec<Entry>, i64), QueueError> {
        let messages = self.failed.peek().await?;
        let entries = messages.into_iter().map(|message| {
            let parsed = FailedRequest::parse(&message.text);
            let done = parsed.map_or_else(Done::Left, Done::Previewed);
            Entry { message_id: message.id, done }
        });
        Ok((entries.collect(), self.failed.approximate_count().await?))
    }

    /// Replays every message that can be, and tells of each as it is done. The others are visible
    /// again in the end, or five minutes later if this fails.
    ///
    /// # Errors
    ///
    /// If the failed requests cannot be read, or have no queue, which the broker's first one
    /// creates.
    pub async fn run(&mut self, mut tell: impl FnMut(&Entry)) -> Result<Tally, QueueError> {
        let mut kept = BTreeMap::new();
        let tally = self.replay_all(&mut kept, &mut tell).await;
        for (id, pop_receipt) in &kept {
            // An error makes the message visible later.
            drop(self.failed.release(id, pop_receipt).await);
        }
        tally
    }

    /// Until only messages come that were seen before: kept ones whose lease is over.
    async fn replay_all(
        &mut self,
        kept: &mut BTreeMap<String, String>,
        tell: &mut impl FnMut(&Entry),
    ) -> Result<Tally, QueueError> {
        let mut tally = Tally::default();
        loop {
            let mut messages = self.failed.receive(LEASE).await?;
            messages.retain(|message| match kept.get_mut(&message.id) {
                Some(pop_receipt) => {
                    pop_receipt.clone_from(&message.pop_receipt);
                    false
                }
                None => true,
            });
            if messages.is_empty() {
                return Ok(tally);
            }
            for message in messages {
                let done = self.replay_one(&message).await;
                tally.count(&done);
                if !matches!(done, Done::Replayed(_)) {
                    kept.insert(message.id.clone(), message.pop_receipt);
                }
                tell(&Entry { message_id: message.id, done });
            }
        }
    }

    async fn replay_one(&mut self, message: &QueueMessage) -> Done {
        let request = match FailedRequest::parse(&message.text) {
            Ok(request) => request,
            Err(fault) => return Done::Left(fault),
        };
        if let Err(error) = self.send(&request).await {
            return Done::NotSent(request, error);
        }
        match self.failed.delete(&message.id, &message.pop_receipt).await {
            Ok(()) => Done::Replayed(request),
            Err(error) => Done::NotDeleted(request, error),
        }
    }

    /// A queue that was used before is used again: each signs in for itself.
    async fn send(&mut self, request: &FailedRequest) -> Result<(), QueueError> {
        let queue = match self.targets.get(&request.queue) {
            Some(queue) => queue.clone(),
            None => self.requests.queue(&request.queue)?,
        };
        self.targets.insert(request.queue.clone(), queue.clone());
        queue.send(&request.text).await
    }
}

impl Tally {
    fn count(&mut self, done: &Done) {
        match done {
            Done::Replayed(_) => self.replayed += 1,
            Done::Left(_) | Done::Previewed(_) => self.left += 1,
            Done::NotSent(..) | Done::NotDeleted(..) => self.failed += 1,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.message_id;
        match &self.done {
            Done::Replayed(request) => write!(formatter, "replayed: {request}"),
            Done::Previewed(request) => write!(formatter, "would be replayed: {request}"),
            Done::Left(fault) => write!(formatter, "left: message {id}: {fault}"),
            Done::NotSent(request, error) => {
                write!(formatter, "NOT replayed: {request}: cannot be sent: {error}")
            }
            Done::NotDeleted(request, error) => write!(
                formatter,
                "replayed: {request}; message {id} cannot be deleted, so the next run replays it \
                 again, which does no harm: {error}"
            ),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { replayed, left, failed } = self;
        write!(formatter, "{replayed} replayed, {left} left where they were, {failed} to try again")
    }
}
