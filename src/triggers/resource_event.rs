//! Events about resources, which Event Grid puts into a storage queue or pushes.
//!
//! The queue is the way for production: what waits there is not lost while the broker cannot work, and
//! the last delivery keeps the event. A pushed event that fails is repeated by Event Grid, on its own
//! schedule.

mod delivery;
mod ignored_events;

use delivery::EventDelivery;
use ignored_events::IgnoredEvents;
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    EVENT_BINDING, Workbench, bad_envelope, check_outputs,
    occasion::Occasion,
    queue::{delivery::Delivery, message},
};
use app_roles::{ids::InvocationId, requester::Requester};
use azure_rest::retry::Deadline;
use function_folders::function_json::FunctionFolder;
use functions_handler::{
    invocation::{EnvelopeFault, Invocation},
    reply::Reply,
};

/// A function that takes events, and writes results of requests that events carry.
#[derive(Debug)]
pub struct ResourceEvents {
    entrance: Entrance,
    requester: Requester,
    ignored: IgnoredEvents,
}

#[derive(Debug, Clone, Copy)]
enum Entrance {
    Queue,
    EventGrid,
}

impl ResourceEvents {
    /// Checks that the folder's bindings are what a queue of events needs.
    pub fn from_queue(folder: &FunctionFolder) -> Result<Self, String> {
        if folder.trigger.data_type.as_deref() != Some("binary") {
            return Err(format!(
                "the trigger {EVENT_BINDING:?} must have \"dataType\": \"binary\": otherwise the host \
                 lets an event overwrite its own delivery count"
            ));
        }
        let queue = folder.trigger.queue_name.as_deref().unwrap_or_default();
        let requester = Requester::parse(&format!("queue:{queue}"))
            .map_err(|error| format!("the trigger's queueName is {queue:?}, but {error}"))?;
        Self::of(folder, Entrance::Queue, requester)
    }

    /// The same for events that are pushed.
    pub fn pushed(folder: &FunctionFolder) -> Result<Self, String> {
        let name = &folder.name;
        let requester = Requester::parse(&format!("eventgrid:{name}"))
            .map_err(|error| format!("the function is called {name:?}, but {error}"))?;
        Self::of(folder, Entrance::EventGrid, requester)
    }

    fn of(
        folder: &FunctionFolder,
        entrance: Entrance,
        requester: Requester,
    ) -> Result<Self, String> {
        check_outputs(folder)?;
        Ok(Self { entrance, requester, ignored: IgnoredEvents::default() })
    }

    /// Runs one delivery to its reply.
    pub async fn run(&self, workbench: &Workbench, invocation: &Invocation) -> Reply {
        let read = match self.entrance {
            Entrance::Queue => self.queued(workbench, invocation),
            Entrance::EventGrid => self.pushed_now(workbench, invocation),
        };
        let (delivery, message) = match read {
            Ok(read) => read,
            Err(fault) => return bad_envelope(invocation, &fault),
        };
        if let Some(reply) = delivery.paused(workbench) {
            return reply;
        }
        let span = delivery.span(workbench);
        let text = message::json(&message, b"{[").unwrap_or_default();
        let delivery = EventDelivery { delivery, ignored: &self.ignored };
        delivery.answer(workbench, &text).instrument(span).await
    }

    fn queued<'a>(
        &self,
        workbench: &Workbench,
        invocation: &'a Invocation,
    ) -> Result<(Delivery<'a>, Vec<u8>), EnvelopeFault> {
        let message = invocation.binary(EVENT_BINDING)?;
        let metadata = invocation.queue_metadata()?;
        let from_admin = metadata.message_id.is_none() || metadata.dequeue_count == 0;
        let requester = if from_admin { Requester::Admin } else { self.requester.clone() };
        let occasion = Occasion {
            sent: metadata.insertion_time,
            attempt: metadata.dequeue_count,
            ..occasion(invocation, requester)
        };
        let is_last = from_admin || metadata.dequeue_count >= workbench.max_dequeue_count;
        let deadline = Deadline::after(workbench.timing.queue_message);
        Ok((Delivery { occasion, is_last, deadline }, message))
    }

    /// Event Grid does not say which delivery it is, so each is like the first, and none the last.
    fn pushed_now<'a>(
        &self,
        workbench: &Workbench,
        invocation: &'a Invocation,
    ) -> Result<(Delivery<'a>, Vec<u8>), EnvelopeFault> {
        let event = invocation.json(EVENT_BINDING)?;
        let occasion = occasion(invocation, self.requester.clone());
        let deadline = Deadline::after(workbench.timing.pushed_event);
        Ok((Delivery { occasion, is_last: false, deadline }, event))
    }
}

fn occasion(invocation: &Invocation, requester: Requester) -> Occasion<'_> {
    let id = invocation.id.as_deref().and_then(|id| InvocationId::parse(id).ok());
    Occasion {
        function: &invocation.function,
        invocation_id: id.unwrap_or_else(InvocationId::random),
        requester,
        sent: None,
        attempt: 1,
        began: Instant::now(),
        started_at: OffsetDateTime::now_utc(),
        rows_before: 0,
    }
}
