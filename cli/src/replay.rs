//! Replaying failed requests: each goes back to the queue that it came from, or stays where it is.
//!
//! A replayed request is a new message, with a new age and new deliveries. It is sent before the old
//! message is deleted. A crash in between replays it twice, which is harmless, and never loses it.
//!
//! A message in the queue of failed requests proves nothing: its writer may have invented it. The service
//! proves a requester by the queue alone, so a request goes to the queue of its requester only, and only if
//! the operator named that queue.

mod decision;
mod report;

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    time::{Duration, Instant},
};

pub use decision::{Limits, MAX_AGE, Refusal};
pub use report::{Done, Entry, Tally};

use app_roles::failed_request::ReplayableRequest;
use futures_util::FutureExt as _;
use time::OffsetDateTime;

use crate::storage::{Account, Queue, QueueError, QueueMessage};

/// The queue of failed requests.
pub const FAILED_REQUESTS: &str = "app-role-failed";

/// The visibility timeout of messages that are being replayed: time for the operator's answer, and for
/// sending. If this process is killed, the messages are visible again after this time.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// The time after which nothing more is sent, because another operator may receive the messages soon.
const TIME_TO_SEND: Duration = Duration::from_secs(9 * 60);

/// The time for making messages visible again after an interruption: the operator waits for the prompt.
const TIME_TO_RELEASE: Duration = Duration::from_secs(5);

/// The largest number of messages in a batch. Sending and deleting one takes less than a tenth of a second.
const MAX_BATCH: usize = 2_000;

/// A replay: the queue of failed requests, the account of the request queues, and the operator's limits.
pub struct Replay {
    failed: Queue,
    requests: Account,
    limits: Limits,
    /// Queues that were used before. Each of them signs in once.
    targets: BTreeMap<String, Queue>,
}

/// Received messages, invisible to other receivers until they are released or their timeout is over.
#[derive(Debug)]
pub struct Batch {
    received: Instant,
    pending: Vec<(QueueMessage, ReplayableRequest)>,
    refused: Vec<(QueueMessage, Refusal)>,
}

impl Replay {
    /// A replay from the account with the queue of failed requests to the account with the request
    /// queues.
    pub fn new(failed: &Account, requests: Account, limits: Limits) -> Result<Self, QueueError> {
        let failed = failed.queue(FAILED_REQUESTS)?;
        Ok(Self { failed, requests, limits, targets: BTreeMap::new() })
    }

    /// Returns whether no failed request is visible. The queue is created with the first one.
    pub async fn is_empty(&self) -> Result<bool, QueueError> {
        match self.failed.peek().await {
            Ok(messages) => Ok(messages.is_empty()),
            Err(QueueError::NotFound(..)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Lists what would be done about the first 32 messages, without changing anything.
    pub async fn preview(&self) -> Result<Vec<Entry>, QueueError> {
        let messages = self.failed.peek().await?;
        let entries = messages.into_iter().map(|message| {
            let decision = self.limits.decide(&message, OffsetDateTime::now_utc());
            let done = decision.map_or_else(Done::Refused, Done::Pending);
            Entry { message_id: message.id, done }
        });
        Ok(entries.collect())
    }

    /// Receives all messages, up to the limit of a batch, and decides about each. Nothing is sent yet.
    pub async fn receive(&self) -> Result<Batch, QueueError> {
        let (received, mut messages) = (Instant::now(), Vec::new());
        let outcome = self.receive_all(&mut messages).await;
        let mut batch = Batch { received, pending: Vec::new(), refused: Vec::new() };
        for message in messages {
            match self.limits.decide(&message, OffsetDateTime::now_utc()) {
                Ok(request) => batch.pending.push((message, request)),
                Err(refusal) => batch.refused.push((message, refusal)),
            }
        }
        match outcome {
            Ok(()) => Ok(batch),
            Err(error) => {
                self.release(batch).await;
                Err(error)
            }
        }
    }

    /// Receives messages until there are none, or one comes again because its timeout is over.
    async fn receive_all(&self, messages: &mut Vec<QueueMessage>) -> Result<(), QueueError> {
        let mut ids = BTreeSet::new();
        while messages.len() < MAX_BATCH {
            let more = self.failed.receive(VISIBILITY_TIMEOUT).await?;
            let known = messages.len();
            messages.extend(more.into_iter().filter(|message| ids.insert(message.id.clone())));
            if messages.len() == known {
                break;
            }
        }
        Ok(())
    }

    /// Sends the pending requests of a batch, and reports each as it is done. Releases all others.
    pub async fn send(&mut self, batch: Batch, report: impl FnMut(&Entry)) -> Tally {
        self.send_until(batch, std::future::pending(), report).await
    }

    /// Sends like [`Self::send`], until `stop` completes. The request that is being sent at that time may
    /// be in its own queue, in the queue of failed requests, or in both.
    pub async fn send_until(
        &mut self,
        batch: Batch,
        stop: impl Future<Output = ()>,
        mut report: impl FnMut(&Entry),
    ) -> Tally {
        let (mut stop, mut is_stopped) = (pin!(stop), false);
        let Batch { received, pending, refused } = batch;
        let mut tally = Tally::of_refused(refused.iter().map(|(_, refusal)| refusal));
        let mut kept = Batch { received, pending: Vec::new(), refused };
        for (message, request) in pending {
            is_stopped = is_stopped || stop.as_mut().now_or_never().is_some();
            let done = if is_stopped {
                Done::NotStarted(request.clone())
            } else if received.elapsed() >= TIME_TO_SEND {
                Done::TooLate(request.clone())
            } else {
                tokio::select! {
                    biased;
                    done = self.replay_one(&message, request.clone()) => done,
                    () = &mut stop => {
                        is_stopped = true;
                        Done::Interrupted(request.clone())
                    }
                }
            };
            tally.count(&done);
            let is_kept = !matches!(done, Done::Replayed(_));
            report(&Entry { message_id: message.id.clone(), done });
            if is_kept {
                kept.pending.push((message, request));
            }
        }
        let released = self.release(kept);
        if is_stopped {
            // The messages that are left become visible with their timeout.
            drop(tokio::time::timeout(TIME_TO_RELEASE, released).await);
        } else {
            released.await;
        }
        tally
    }

    /// Makes the messages of a batch visible again. Without the right to do so, or after an error, they
    /// become visible with their timeout.
    pub async fn release(&self, batch: Batch) {
        let Batch { pending, refused, .. } = batch;
        let pending = pending.into_iter().map(|(message, _)| message);
        for message in pending.chain(refused.into_iter().map(|(message, _)| message)) {
            match self.failed.release(&message.id, &message.pop_receipt).await {
                // The message was deleted, or another receiver has it.
                Ok(()) | Err(QueueError::NotFound(..)) => {}
                Err(_) => return,
            }
        }
    }

    async fn replay_one(&mut self, message: &QueueMessage, request: ReplayableRequest) -> Done {
        match self.send_to_its_queue(&request).await {
            Ok(()) => {}
            Err(error @ QueueError::Lost(..)) => return Done::Uncertain(request, error),
            Err(error) => return Done::NotSent(request, error),
        }
        match self.failed.delete(&message.id, &message.pop_receipt).await {
            Ok(()) => Done::Replayed(request),
            Err(error) => Done::NotDeleted(request, error),
        }
    }

    /// Sends a request to the queue of its requester. This is the only operation on that queue.
    async fn send_to_its_queue(&mut self, request: &ReplayableRequest) -> Result<(), QueueError> {
        let queue = match self.targets.get(&request.queue) {
            Some(queue) => queue.clone(),
            None => self.requests.queue(&request.queue)?,
        };
        self.targets.insert(request.queue.clone(), queue.clone());
        queue.send(&request.text).await.map(drop)
    }
}

impl Batch {
    /// Lists the messages that will be sent.
    pub fn pending(&self) -> impl Iterator<Item = Entry> {
        self.pending.iter().map(|(message, request)| Entry {
            message_id: message.id.clone(),
            done: Done::Pending(request.clone()),
        })
    }

    /// Lists the messages that stay where they are.
    pub fn refused(&self) -> impl Iterator<Item = Entry> {
        self.refused.iter().map(|(message, refusal)| Entry {
            message_id: message.id.clone(),
            done: Done::Refused(refusal.clone()),
        })
    }

    /// Returns the numbers of requests that will be sent, by queue.
    #[must_use]
    pub fn targets(&self) -> BTreeMap<&str, usize> {
        let mut targets = BTreeMap::new();
        for (_, request) in &self.pending {
            *targets.entry(request.queue.as_str()).or_default() += 1;
        }
        targets
    }

    /// Returns whether the queue may have more messages than the batch.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.pending.len() + self.refused.len() >= MAX_BATCH
    }
}
