//! The queue of results, which other readers share.
//!
//! A queue has no way to take one message by its ID. Peeking does not disturb other readers, so it comes
//! first. Messages are received only if one of ours is among those that a peek shows, or if the queue has
//! more messages than that. Ours are deleted. Those of others are made visible again, and without the right
//! to do that they become visible by themselves after a few seconds.

use std::{
    cell::Cell,
    collections::HashSet,
    time::{Duration, Instant},
};

use app_roles::ids::ApprovalId;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::{
    broker_result::{self, text},
    storage::{MAX_MESSAGES, Queue, QueueError, QueueMessage},
};

/// The visibility timeout of messages that are received together with one of ours.
const SHORT_TIMEOUT: Duration = Duration::from_secs(2);

/// The visibility timeout while all messages are received: time for reading a long queue once.
const LONG_TIMEOUT: Duration = Duration::from_secs(10);

/// The time limit for receiving messages, so that the first ones are released before their timeout.
const TIME_TO_RECEIVE: Duration = Duration::from_secs(7);

/// The number of messages that are released at the same time.
const SIDE_BY_SIDE: usize = 8;

/// The queue of results.
pub(super) struct ResultsQueue {
    queue: Queue,
    /// Whether messages can be released. A role that may only process messages may not.
    releases: Cell<bool>,
    /// Whether the last look has shown only a part of the queue.
    is_long: Cell<bool>,
}

/// The results that are waited for.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    messages: HashSet<String>,
    approvals: HashSet<ApprovalId>,
}

impl Awaited {
    /// Waits for the result of a message.
    pub(super) fn message(&mut self, id: String) {
        self.messages.insert(id);
    }

    /// Waits for the final result of an approval.
    pub(super) fn approval(&mut self, id: ApprovalId) {
        self.approvals.insert(id);
    }

    /// Stops waiting for this result.
    pub(super) fn remove(&mut self, result: &Value) {
        if let Some(id) = text(result, "messageId") {
            self.messages.remove(id);
        }
        if let Some(id) = broker_result::approval(result) {
            self.approvals.remove(&id);
        }
    }

    /// Whether nothing is waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.approvals.is_empty()
    }

    fn has(&self, result: &Value) -> bool {
        let is_of_message = text(result, "messageId").is_some_and(|id| self.messages.contains(id));
        is_of_message
            || broker_result::approval(result).is_some_and(|id| self.approvals.contains(&id))
    }
}

impl ResultsQueue {
    pub(super) fn new(queue: Queue) -> Self {
        Self { queue, releases: Cell::new(true), is_long: Cell::new(false) }
    }

    /// Checks that the queue can be read.
    pub(super) async fn check(&self) -> Result<(), QueueError> {
        self.queue.peek().await.map(drop)
    }

    /// Whether the last look has shown only a part of the queue.
    pub(super) fn is_long(&self) -> bool {
        self.is_long.get()
    }

    /// Takes the awaited results that are in the queue.
    pub(super) async fn take(&self, awaited: &Awaited) -> Result<Vec<Value>, QueueError> {
        let seen = self.queue.peek().await?;
        let last = seen.iter().rposition(|message| awaited_result(message, awaited).is_some());
        self.is_long.set(seen.len() >= MAX_MESSAGES);
        let received = match last {
            Some(last) => self.queue.receive_up_to(last + 1, SHORT_TIMEOUT).await?,
            None if self.is_long() => self.receive_all().await?,
            None => return Ok(Vec::new()),
        };
        Ok(self.sort_out(received, awaited).await)
    }

    /// Receives messages until there are none, or one comes again, or there is no time for more.
    async fn receive_all(&self) -> Result<Vec<QueueMessage>, QueueError> {
        let (began, mut received) = (Instant::now(), Vec::new());
        let mut ids = HashSet::new();
        while began.elapsed() < TIME_TO_RECEIVE {
            let more = match self.queue.receive(LONG_TIMEOUT).await {
                Ok(more) => more,
                Err(error) if received.is_empty() => return Err(error),
                // The received messages must be released.
                Err(_) => break,
            };
            let known = received.len();
            received.extend(more.into_iter().filter(|message| ids.insert(message.id.clone())));
            if received.len() == known {
                break;
            }
        }
        Ok(received)
    }

    /// Returns and deletes the awaited results, and releases all other messages.
    async fn sort_out(&self, received: Vec<QueueMessage>, awaited: &Awaited) -> Vec<Value> {
        let mut results = Vec::new();
        let mut others = Vec::new();
        for message in received {
            match awaited_result(&message, awaited) {
                Some(result) => {
                    results.push(result);
                    // If it stays in the queue, it expires: no other caller waits for it.
                    let _ = self.queue.delete(&message.id, &message.pop_receipt).await;
                }
                None => others.push(message),
            }
        }
        let released = stream::iter(&others).for_each_concurrent(SIDE_BY_SIDE, |message| async {
            if self.releases.get() {
                let outcome = self.queue.release(&message.id, &message.pop_receipt).await;
                // If it is gone, its reader has taken it.
                let is_refused = !matches!(outcome, Ok(()) | Err(QueueError::NotFound(..)));
                self.releases.set(self.releases.get() && !is_refused);
            }
        });
        released.await;
        results
    }
}

/// Returns the result in a message, if it is waited for.
fn awaited_result(message: &QueueMessage, awaited: &Awaited) -> Option<Value> {
    let result: Value = wire_formats::json::from_slice(message.text.as_bytes()).ok()?;
    (awaited.has(&result) && !broker_result::roles(&result).is_empty()).then_some(result)
}
