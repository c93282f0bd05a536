//! Replaying failed requests: each goes back to the queue that it came from, and pushed events go to the
//! queue of events.
//!
//! A replayed request is a new message, with a new age and new deliveries. It is sent before the old
//! message is deleted. A crash in between replays it twice, which is harmless, and never loses it.

use std::{collections::BTreeMap, fmt, time::Duration};

use app_roles::failed_request::{NotReplayable, ReplayableRequest};

use crate::storage::{Account, Queue, QueueError, QueueMessage};

/// The queue of failed requests.
pub const FAILED_REQUESTS: &str = "app-role-failed";

/// The visibility timeout of messages that are being replayed. Sending and deleting 32 messages takes
/// seconds. If this process is killed, the messages are visible again after this time.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A replay: the queue of failed requests, and the account of the request queues.
pub struct Replay {
    failed: Queue,
    requests: Account,
    /// Queues that were used before. Each of them signs in once.
    targets: BTreeMap<String, Queue>,
}

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
    Previewed(ReplayableRequest),
    /// It cannot be replayed, so it stays where it is.
    Left(NotReplayable),
    /// It was not sent, so it stays where it is.
    NotSent(ReplayableRequest, QueueError),
    /// It was sent but not deleted.
    NotDeleted(ReplayableRequest, QueueError),
}

/// The numbers of messages, by what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were replayed.
    pub replayed: usize,
    /// Messages that cannot be replayed.
    pub left: usize,
    /// Messages to replay again: not sent, or not deleted.
    pub failed: usize,
}

impl Replay {
    /// A replay from the account with the queue of failed requests to the account with the request
    /// queues.
    pub fn new(failed: &Account, requests: Account) -> Result<Self, QueueError> {
        let failed = failed.queue(FAILED_REQUESTS)?;
        Ok(Self { failed, requests, targets: BTreeMap::new() })
    }

    /// Lists what would be done about the first 32 messages, without changing anything. Returns the
    /// approximate number of messages, too.
    pub async fn preview(&self) -> Result<(Vec<Entry>, i64), QueueError> {
        let messages = self.failed.peek().await?;
        let entries = messages.into_iter().map(|message| {
            let parsed = ReplayableRequest::parse(&message.text);
            let done = parsed.map_or_else(Done::Left, Done::Previewed);
            Entry { message_id: message.id, done }
        });
        Ok((entries.collect(), self.failed.approximate_count().await?))
    }

    /// Replays every message that can be replayed, and reports each as it is done. The other messages
    /// become visible again at the end, or after the visibility timeout.
    pub async fn run(&mut self, mut report: impl FnMut(&Entry)) -> Result<Tally, QueueError> {
        let mut kept = BTreeMap::new();
        let tally = self.replay_all(&mut kept, &mut report).await;
        for (id, pop_receipt) in &kept {
            // After an error, the message becomes visible with its timeout.
            drop(self.failed.release(id, pop_receipt).await);
        }
        tally
    }

    /// Receives messages until all of them were seen before: kept ones whose visibility timeout is over.
    async fn replay_all(
        &mut self,
        kept: &mut BTreeMap<String, String>,
        report: &mut impl FnMut(&Entry),
    ) -> Result<Tally, QueueError> {
        let mut tally = Tally::default();
        loop {
            let mut messages = self.failed.receive(VISIBILITY_TIMEOUT).await?;
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
                report(&Entry { message_id: message.id, done });
            }
        }
    }

    async fn replay_one(&mut self, message: &QueueMessage) -> Done {
        let request = match ReplayableRequest::parse(&message.text) {
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

    async fn send(&mut self, request: &ReplayableRequest) -> Result<(), QueueError> {
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
            Done::Left(fault) => write!(formatter, "skipped: message {id}: {fault}"),
            Done::NotSent(request, error) => {
                write!(formatter, "NOT replayed: {request}: not sent: {error}")
            }
            Done::NotDeleted(request, error) => write!(
                formatter,
                "replayed: {request}; message {id} was not deleted, so the next run replays it again, \
                 which is harmless: {error}"
            ),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { replayed, left, failed } = self;
        write!(formatter, "{replayed} replayed, {left} skipped, {failed} failed")
    }
}
