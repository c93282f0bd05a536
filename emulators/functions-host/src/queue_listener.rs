//! The listener of a queue trigger, which receives and settles messages (Azure SDK for .NET, `QueueListener` and
//! `QueueProcessor`; "Azure Queue storage trigger", concurrency and poison messages).

use std::{pin::pin, sync::Arc};

use storage_emulator::{QueueMessage, StorageError};
use tokio::task::JoinSet;

use crate::{
    binding::{Function, QueueTrigger},
    envelope::{self, MessageProperties, QueueInput, SystemData},
    host::Host,
    host_json::SHORTEST_POLLING_INTERVAL,
    invocation::{self, Invoked},
    invocation_outcome::{FinishedInvocation, Outcome},
    log::LogLevel,
    outputs::queue,
};

const CATEGORY: &str = "Host.Triggers.Queues";
/// A message's visibility timeout is renewed when half of it is over.
const RENEWALS_PER_LEASE: u32 = 2;
/// After a failed renewal the host retries sooner, but not before this part of the visibility timeout (one
/// minute of ten).
const SOONEST_RENEWALS_PER_LEASE: u32 = 10;

/// The listener of one function.
pub(crate) struct QueueListener {
    host: Arc<Host>,
    function: Arc<Function>,
    trigger: QueueTrigger,
}

impl QueueListener {
    pub(crate) fn new(host: Arc<Host>, function: Arc<Function>, trigger: QueueTrigger) -> Self {
        Self { host, function, trigger }
    }

    /// Runs until the host stops. Messages in flight then are dropped, as when the process of the host
    /// ends.
    pub(crate) async fn run(self) {
        let host = self.host.clone();
        tokio::select! {
            _ = host.until_stopping() => {}
            () = Arc::new(self).listen() => {}
        }
    }

    async fn listen(self: Arc<Self>) {
        let settings = self.host.settings.queues;
        let threshold = settings.new_batch_threshold as usize;
        let mut in_flight = JoinSet::new();
        let mut delay = SHORTEST_POLLING_INTERVAL;
        loop {
            while in_flight.try_join_next().is_some() {}
            let messages = self.receive().await;
            if messages.is_empty() {
                tokio::time::sleep(delay).await;
                delay = (delay * 2).min(settings.max_polling_interval);
                continue;
            }
            delay = SHORTEST_POLLING_INTERVAL;
            for message in messages {
                in_flight.spawn(self.clone().process(message));
            }
            while in_flight.len() > threshold {
                in_flight.join_next().await;
            }
        }
    }

    /// Receives messages. Returns none if the queue does not exist, because the host does not create it.
    async fn receive(&self) -> Vec<QueueMessage> {
        let queue = &self.trigger.binding.queue;
        match queue.exists().await {
            Ok(true) => {}
            Ok(false) => return Vec::new(),
            Err(error) => return self.report("cannot be reached", &error),
        }
        let most = self.host.settings.queues.batch_size;
        let received = queue.receive(most, self.host.message_lease).await;
        received.unwrap_or_else(|error| self.report("cannot be received from", &error))
    }

    fn report(&self, what: &str, error: &StorageError) -> Vec<QueueMessage> {
        let message = format!("The queue of '{}' {what}: {error}", self.function.name);
        self.host.log.write(LogLevel::Error, CATEGORY, message);
        Vec::new()
    }

    async fn process(self: Arc<Self>, message: QueueMessage) {
        let settings = self.host.settings.queues;
        if message.dequeue_count > i64::from(settings.max_dequeue_count) {
            return self.move_to_poison(&message, &message.pop_receipt).await;
        }
        let (invoked, pop_receipt) = self.invoke(&message).await;
        self.settle(&message, &pop_receipt, &invoked.outcome).await;
        self.host.record(FinishedInvocation {
            function: self.function.name.clone(),
            invocation_id: invoked.id,
            outcome: invoked.outcome,
            message_id: Some(message.id),
            dequeue_count: message.dequeue_count,
        });
    }

    /// Calls the function and keeps the message hidden meanwhile. Returns the latest pop receipt.
    async fn invoke(&self, message: &QueueMessage) -> (Invoked, String) {
        let binding = &self.trigger.binding;
        let properties = properties(message);
        let input =
            QueueInput { binding: &binding.name, text: &message.text, properties: &properties };
        let (queue, lease) = (&binding.queue, self.host.message_lease);
        let reason = format!("New queue message detected on '{}'.", queue.name());
        let body = |system: &SystemData| Ok(envelope::of_queue(&input, system));
        let mut invocation = pin!(invocation::invoke(&self.host, &self.function, &reason, body));
        let mut pop_receipt = message.pop_receipt.clone();
        let mut until_renewal = lease / RENEWALS_PER_LEASE;
        loop {
            // A renewal in progress is not cancelled, because its receipt would be lost.
            if let Ok(invoked) = tokio::time::timeout(until_renewal, &mut invocation).await {
                return (invoked, pop_receipt);
            }
            match queue.update_visibility(&message.id, &pop_receipt, lease).await {
                Ok(renewed) => {
                    pop_receipt = renewed;
                    until_renewal = lease / RENEWALS_PER_LEASE;
                }
                Err(error) => {
                    let warning = format!("Cannot renew message {}: {error}", message.id);
                    self.host.log.write(LogLevel::Warning, CATEGORY, warning);
                    let soonest = lease / SOONEST_RENEWALS_PER_LEASE;
                    until_renewal = (until_renewal / RENEWALS_PER_LEASE).max(soonest);
                }
            }
        }
    }

    async fn settle(&self, message: &QueueMessage, pop_receipt: &str, outcome: &Outcome) {
        let settings = self.host.settings.queues;
        let queue = &self.trigger.binding.queue;
        let settled = if *outcome == Outcome::Succeeded {
            queue.delete(&message.id, pop_receipt).await
        } else if message.dequeue_count >= i64::from(settings.max_dequeue_count) {
            return self.move_to_poison(message, pop_receipt).await;
        } else {
            let delay = settings.visibility_timeout;
            queue.update_visibility(&message.id, pop_receipt, delay).await.map(drop)
        };
        if let Err(error) = settled {
            self.report_message(message, &error);
        }
    }

    async fn move_to_poison(&self, message: &QueueMessage, pop_receipt: &str) {
        let (poison, most) = (&self.trigger.poison, self.host.settings.queues.max_dequeue_count);
        let warning = format!(
            "Message has reached MaxDequeueCount of {most}. Moving message to queue '{}'.",
            poison.name()
        );
        self.host.log.write(LogLevel::Warning, CATEGORY, warning);
        let moved = async {
            queue::send(poison, &message.text).await?;
            self.trigger.binding.queue.delete(&message.id, pop_receipt).await
        };
        if let Err(error) = moved.await {
            self.report_message(message, &error);
        }
    }

    fn report_message(&self, message: &QueueMessage, error: &StorageError) {
        let text = format!("Cannot settle message {}: {error}", message.id);
        self.host.log.write(LogLevel::Error, CATEGORY, text);
    }
}

fn properties(message: &QueueMessage) -> MessageProperties {
    MessageProperties {
        id: Some(message.id.clone()),
        pop_receipt: Some(message.pop_receipt.clone()),
        dequeue_count: message.dequeue_count,
        insertion_time: message.insertion_time,
        expiration_time: message.expiration_time,
        next_visible_time: message.next_visible_time,
    }
}
