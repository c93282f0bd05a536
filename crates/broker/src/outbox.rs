//! The messages that the broker puts into queues by itself, whether or not an invocation is in progress.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use azure_rest::{
    call_error::CallError,
    queues::{QueueAddress, Queues},
    retry::Deadline,
};

/// The queue of events, in the account of the Functions host.
pub const EVENTS_QUEUE: &str = "app-role-events";

/// The connection of [`EVENTS_QUEUE`].
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The queues into which the broker puts messages by itself.
///
/// A message is put at least once: its receivers must expect it twice.
pub struct Outbox {
    queues: Queues,
    events: QueueAddress,
    results: BTreeMap<String, QueueAddress>,
    /// Whether the last event could not be put.
    is_away: AtomicBool,
    /// How long an event is tried while the queue is away.
    while_away: Duration,
}

impl Outbox {
    /// An outbox that uses these services. `results` are the queues of results, by the name of the
    /// function to whose requests they belong. `while_away` is how long an event is tried after one that
    /// could not be put.
    #[must_use]
    pub fn new(
        queues: Queues,
        results: BTreeMap<String, QueueAddress>,
        while_away: Duration,
    ) -> Self {
        let (connection, name) = (HOST_CONNECTION.to_owned(), EVENTS_QUEUE.to_owned());
        let events = QueueAddress { connection, name };
        Self { queues, events, results, is_away: AtomicBool::new(false), while_away }
    }

    /// Puts an event, in JSON, into [`EVENTS_QUEUE`]. After an error it may be there nevertheless.
    ///
    /// Grants and removals wait for their events. So while the queue is away, each event is tried for a
    /// short time only.
    pub async fn event(&self, text: &str, deadline: Deadline) -> Result<(), CallError> {
        let deadline = match self.is_away.load(Relaxed) {
            true => deadline.at_most(self.while_away),
            false => deadline,
        };
        let put = self.queues.put(&self.events, text, deadline).await;
        self.is_away.store(put.is_err(), Relaxed);
        put
    }

    /// Puts a result, in JSON, into the queue of the function that took the request. A function without
    /// such a queue sends nothing: its callers ask for the result. After an error the result may be in the
    /// queue nevertheless.
    pub async fn result(
        &self,
        function: &str,
        text: &str,
        deadline: Deadline,
    ) -> Result<(), CallError> {
        match self.results.get(function) {
            Some(queue) => self.queues.put(queue, text, deadline).await,
            None => Ok(()),
        }
    }
}
