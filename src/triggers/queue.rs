//! Requests from a storage queue.
//!
//! A reply with a status of the 200s makes the host delete the message; any other makes it deliver
//! the message again, up to `maxDequeueCount`, and then move it to the poison queue. So a final
//! outcome, good or bad, is always a success here, and a failure means: deliver again. What the last
//! delivery could not do goes to the queue of failed requests, so that only a crash fills the poison
//! queue.

pub(super) mod delivery;
pub(super) mod message;

use delivery::Delivery;
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::Instrument;

use super::{REQUEST_BINDING, Workbench, bad_envelope, check_outputs, occasion::Occasion};
use app_roles::{ids::InvocationId, requester::Requester};
use azure_rest::retry::Deadline;
use function_folders::function_json::FunctionFolder;
use functions_handler::{
    invocation::{EnvelopeFault, Invocation, QueueMetadata},
    reply::Reply,
};

/// A function that takes requests from a queue and writes results to another.
#[derive(Debug)]
pub struct RequestQueue {
    requester: Requester,
}

impl RequestQueue {
    /// Checks that the folder's bindings are what this trigger needs.
    pub fn of(folder: &FunctionFolder) -> Result<Self, String> {
        if folder.trigger.data_type.as_deref() != Some("binary") {
            return Err(format!(
                "the trigger {REQUEST_BINDING:?} must have \"dataType\": \"binary\": otherwise the \
                 host lets a message overwrite its own delivery count"
            ));
        }
        check_outputs(folder)?;
        let queue = folder.trigger.queue_name.as_deref().unwrap_or_default();
        let requester = Requester::parse(&format!("queue:{queue}"))
            .map_err(|error| format!("the trigger's queueName is {queue:?}, but {error}"))?;
        Ok(Self { requester })
    }

    /// Runs one delivery to its reply.
    pub async fn run(&self, workbench: &Workbench, invocation: &Invocation) -> Reply {
        let (delivery, message) = match self.delivery(workbench, invocation) {
            Ok(read) => read,
            Err(fault) => return bad_envelope(invocation, &fault),
        };
        if let Some(reply) = delivery.paused(workbench) {
            return reply;
        }
        let span = delivery.span(workbench);
        delivery.answer(workbench, &message).instrument(span).await
    }

    fn delivery<'a>(
        &self,
        workbench: &Workbench,
        invocation: &'a Invocation,
    ) -> Result<(Delivery<'a>, Vec<u8>), EnvelopeFault> {
        let message = invocation.binary(REQUEST_BINDING)?;
        let QueueMetadata { message_id, dequeue_count, insertion_time } =
            invocation.queue_metadata()?;
        let from_admin = message_id.is_none() || dequeue_count == 0;
        let id = invocation.id.as_deref().and_then(|id| InvocationId::parse(id).ok());
        let occasion = Occasion {
            function: &invocation.function,
            invocation_id: id.unwrap_or_else(InvocationId::random),
            requester: if from_admin { Requester::Admin } else { self.requester.clone() },
            sent: insertion_time,
            attempt: dequeue_count,
            began: Instant::now(),
            started_at: OffsetDateTime::now_utc(),
            rows_before: 0,
        };
        // Nothing delivers a call of the admin endpoint again.
        let is_last = from_admin || dequeue_count >= workbench.max_dequeue_count;
        let deadline = Deadline::after(workbench.timing.queue_message);
        let delivery = Delivery { occasion, is_last, deadline };
        Ok((delivery, message))
    }
}
