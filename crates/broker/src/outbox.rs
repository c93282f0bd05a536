//! The messages that the broker itself puts into queues, during an invocation or not.

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

/// The queues into which the broker itself puts messages.
///
/// Each message is put at least once, so receivers must expect duplicates.
pub struct Outbox {
    queues: Queues,
    events: QueueAddress,
    results: BTreeMap<String, QueueAddress>,
    /// Whether the last event could not be put into the queue.
    is_away: AtomicBool,
    /// How long to try each event after one that could not be put.
    while_away: Duration,
}

impl Outbox {
    /// An outbox that uses these services. `results` are the queues of results, by the name of the function
    /// that takes the requests. `while_away` is how long an event is tried after one that could not be put.
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

    /// Puts an event, in JSON, into [`EVENTS_QUEUE`]. After an error, it may have arrived anyway.
    ///
    /// Grants and removals wait for their events. So while the queue does not respond, each event is tried
    /// only for a short time.
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
    /// such a queue sends nothing: its callers ask for the result. After an error, the result may have
    /// arrived anyway.
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
