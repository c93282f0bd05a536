//! The endpoint that runs a function manually ("Manually run a non HTTP-triggered function").

use std::sync::Arc;

use reqwest::StatusCode;
use serde::Deserialize;
use time::{OffsetDateTime, macros::datetime};

use crate::{
    binding::{BoundTrigger, Function, QueueTrigger},
    envelope::{self, MessageProperties, QueueInput, SystemData},
    event_grid_webhook,
    host::Host,
    invocation::{self, Invoked},
    ordered_json::Json,
    timer_listener,
};

/// The host's reason for the invocation.
const REASON: &str = "This function was programmatically called via the host APIs.";
/// .NET's latest date, which stands for times that a message without a queue lacks.
const LAST_OF_ALL_TIMES: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

#[derive(Deserialize)]
struct FunctionInput {
    #[serde(default)]
    input: String,
}

/// Starts a function and returns 202. The outcome is in the log. Like `func start`, this emulator requires
/// no key. The real host requires the master key.
pub(crate) fn start(host: &Arc<Host>, name: &str, body: &[u8]) -> StatusCode {
    let mut functions = host.functions.iter();
    let Some(function) = functions.find(|function| function.name.eq_ignore_ascii_case(name)) else {
        return StatusCode::NOT_FOUND;
    };
    let Ok(FunctionInput { input }) = serde_json::from_slice(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let (host, function) = (host.clone(), function.clone());
    tokio::spawn(async move {
        tokio::select! {
            _ = host.until_stopping() => {}
            () = run(&host, &function, &input) => {}
        }
    });
    StatusCode::ACCEPTED
}

async fn run(host: &Host, function: &Function, input: &str) {
    let Invoked { id, outcome, .. } = match &function.trigger {
        BoundTrigger::Queue(trigger) => run_queue(host, function, trigger, input).await,
        BoundTrigger::Timer(trigger) => timer_listener::invoke(host, function, trigger).await,
        BoundTrigger::EventGrid { name } => {
            let event = Json::parse(input.as_bytes()).ok();
            event_grid_webhook::invoke(host, function, name, event.as_ref()).await
        }
        // Other triggers are not started here.
        BoundTrigger::Http(_) => return,
    };
    host.record_without_message(function, id, outcome);
}

/// Runs a queue function with a message that was never in a queue: it has no id, no receipt, and a dequeue
/// count of zero.
async fn run_queue(
    host: &Host,
    function: &Function,
    trigger: &QueueTrigger,
    input: &str,
) -> Invoked {
    let properties = MessageProperties {
        id: None,
        pop_receipt: None,
        dequeue_count: 0,
        insertion_time: OffsetDateTime::now_utc(),
        expiration_time: LAST_OF_ALL_TIMES,
        next_visible_time: LAST_OF_ALL_TIMES,
    };
    let binding = &trigger.binding.name;
    let input = QueueInput { binding, text: input, properties: &properties };
    let body = |system: &SystemData| Ok(envelope::of_queue(&input, system));
    invocation::invoke(host, function, REASON, body).await
}
