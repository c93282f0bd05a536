//! Makes the broker's `Ask` from what the host delivers.

use app_roles::{ids::InvocationId, request::SentTime, requester::Requester, text::MessageId};
use azure_rest::retry::Deadline;
use broker::{Ask, Delivery, IfFailed};
use functions_handler::invocation::{EnvelopeFault, Invocation, QueueMetadata};
use tracing::Span;

use crate::app::App;

/// The delivery of a queue message. Write access to the queue proves `requester`.
///
/// A call of the host's admin endpoint has no message. It does not prove that requester, and nothing
/// delivers it again.
pub(super) fn of_queue(
    app: &App,
    requester: &Requester,
    invocation: &Invocation,
) -> Result<Ask, EnvelopeFault> {
    let metadata = invocation.queue_metadata()?;
    let (function, id) = (&invocation.function, invocation_id(invocation));
    let deadline = Deadline::after(app.timing.queue_message);
    let QueueMetadata::Message { id: message_id, dequeue_count, insertion_time } = metadata else {
        let delivery = Delivery { number: 0, if_failed: IfFailed::GivenUp };
        let trace_id = invocation.trace_id.clone();
        let call = Ask::call(function, id, Requester::Admin, deadline);
        return Ok(Ask { delivery, trace_id, waits_for_replication: false, ..call });
    };
    let number = dequeue_count.get();
    let is_last = number >= app.max_dequeue_count;
    let if_failed = if is_last { IfFailed::GivenUp } else { IfFailed::Redelivered };
    Ok(Ask {
        // An id that cannot be parsed is left out, whatever the host sent.
        message_id: MessageId::parse(&message_id).ok(),
        // Every message has a time, so a missing one could not be read.
        sent: insertion_time.map_or(SentTime::Unreadable, SentTime::At),
        delivery: Delivery { number, if_failed },
        waits_for_replication: number == 1,
        trace_id: invocation.trace_id.clone(),
        ..Ask::call(function, id, requester.clone(), deadline)
    })
}

/// The delivery of an event that Event Grid pushes. Event Grid does not say which delivery it is, so each
/// counts as the first.
pub(super) fn of_pushed_event(app: &App, requester: &Requester, invocation: &Invocation) -> Ask {
    let deadline = Deadline::after(app.timing.pushed_event);
    let id = invocation_id(invocation);
    Ask {
        delivery: Delivery { number: 1, if_failed: IfFailed::Redelivered },
        trace_id: invocation.trace_id.clone(),
        ..Ask::call(&invocation.function, id, requester.clone(), deadline)
    }
}

/// The run of a timer. Its requester is the timer itself, and the host does not repeat it.
pub(super) fn of_timer(invocation: &Invocation, deadline: Deadline) -> Ask {
    let requester = Requester::Timer(invocation.function.clone());
    Ask {
        trace_id: invocation.trace_id.clone(),
        waits_for_replication: false,
        ..Ask::call(&invocation.function, invocation_id(invocation), requester, deadline)
    }
}

/// The host's id of an invocation, or a random one if the host sent none.
pub(super) fn invocation_id(invocation: &Invocation) -> InvocationId {
    let id = invocation.id.as_deref().and_then(|id| InvocationId::parse(id).ok());
    id.unwrap_or_else(InvocationId::random)
}

/// The span of the log lines of a delivery, within that of its invocation.
pub(super) fn span(ask: &Ask) -> Span {
    tracing::info_span!(
        "delivery",
        message_id = ask.message_id.as_ref().map(tracing::field::display),
        requester = %ask.requester,
        attempt = ask.delivery.number,
    )
}

/// Waits for a random time before a redelivery. Messages that failed together come back together; if one of
/// them kills the handler, it must not interrupt the same others each time.
pub(super) async fn spread_redeliveries(app: &App, ask: &Ask) {
    if ask.delivery.number > 1 {
        let longest = app.timing.redelivery_spread;
        tokio::time::sleep(longest.mul_f64(rand::random::<f64>())).await;
    }
}
