//! One delivery of a message, as an ask to the broker.

use app_roles::{ids::InvocationId, requester::Requester};
use azure_rest::retry::Deadline;
use broker::{Ask, Delivery, IfFailed};
use functions_handler::invocation::{EnvelopeFault, Invocation};
use tracing::Span;

use crate::app::App;

/// The delivery of a queue message. `requester` is who may write to the queue.
///
/// A call of the host's admin endpoint has no message, so it has no such requester, and nothing
/// delivers it again.
pub(super) fn of_queue(
    app: &App,
    requester: &Requester,
    invocation: &Invocation,
) -> Result<Ask, EnvelopeFault> {
    let metadata = invocation.queue_metadata()?;
    let number = metadata.dequeue_count;
    let is_from_admin = metadata.message_id.is_none() || number == 0;
    let requester = if is_from_admin { Requester::Admin } else { requester.clone() };
    let is_last = is_from_admin || number >= app.max_dequeue_count;
    let if_failed = if is_last { IfFailed::GivenUp } else { IfFailed::Redelivered };
    let deadline = Deadline::after(app.timing.queue_message);
    Ok(Ask {
        sent: metadata.insertion_time,
        delivery: Delivery { number, if_failed },
        waits_for_replication: number == 1,
        trace_id: invocation.trace_id.clone(),
        ..Ask::call(&invocation.function, invocation_id(invocation), requester, deadline)
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

/// The host's id of an invocation, or a random one if the host sent none.
pub(super) fn invocation_id(invocation: &Invocation) -> InvocationId {
    let id = invocation.id.as_deref().and_then(|id| InvocationId::parse(id).ok());
    id.unwrap_or_else(InvocationId::random)
}

/// The span of the log lines of a delivery, within that of its invocation.
pub(super) fn span(ask: &Ask) -> Span {
    tracing::info_span!(
        "delivery",
        requester = %ask.requester,
        attempt = ask.delivery.number,
    )
}

/// Waits for a random time before a redelivery. Messages that failed together come back together; if one
/// of them ended the handler, it must not take the same ones with it each time.
pub(super) async fn spread_redeliveries(app: &App, ask: &Ask) {
    if ask.delivery.number > 1 {
        let longest = app.timing.redelivery_spread;
        tokio::time::sleep(longest.mul_f64(rand::random::<f64>())).await;
    }
}
