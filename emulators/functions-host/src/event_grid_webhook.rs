//! Event Grid's webhook (Azure SDK for .NET, `HttpRequestProcessor` and `EventGridListener`; "Receive
//! events to an HTTP endpoint").
//!
//! Like `func start`, this emulator requires no key. The real host requires the system key
//! `eventgrid_extension`.

use futures_util::future::join_all;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use warp::{Reply as _, http::StatusCode, reply::Response};

use crate::{
    binding::{BoundTrigger, Function},
    envelope::{self, SystemData},
    host::Host,
    incoming_request::IncomingRequest,
    invocation::{self, Invoked},
    invocation_outcome::Outcome,
    ordered_json::Json,
};

/// The header with the kind of request.
const EVENT_TYPE: &str = "aeg-event-type";
const FUNCTION_NAME: &str = "functionName";

/// Answers a request to the webhook.
pub(crate) async fn deliver(host: &Host, incoming: &IncomingRequest) -> Response {
    let parameters = incoming.query_parameters();
    let named = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(FUNCTION_NAME));
    let name = named.map(|(_, values)| values.join(",")).unwrap_or_default();
    let Some((function, binding)) = find(host, &name) else {
        let message = format!("cannot find function: '{name}'");
        return warp::reply::with_status(message, StatusCode::NOT_FOUND).into_response();
    };
    let event_type = incoming.headers.get(EVENT_TYPE).and_then(|value| value.to_str().ok());
    if event_type.is_some_and(|event_type| event_type.eq_ignore_ascii_case("notification")) {
        return notify(host, function, binding, &incoming.body).await;
    }
    StatusCode::BAD_REQUEST.into_response()
}

/// Calls the function with one event.
pub(crate) async fn invoke(
    host: &Host,
    function: &Function,
    binding: &str,
    event: Option<&Json>,
) -> Invoked {
    let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let body = |system: &SystemData| match event {
        Some(event @ Json::Object(_)) => Ok(envelope::of_event(binding, event, system)),
        _ => Err(format!("Exception binding parameter '{binding}': an event is a JSON object")),
    };
    invocation::invoke(host, function, &format!("EventGrid trigger fired at {now}"), body).await
}

fn find<'a>(host: &'a Host, name: &str) -> Option<(&'a Function, &'a str)> {
    host.functions.iter().find_map(|function| match &function.trigger {
        BoundTrigger::EventGrid { name: binding } if function.name == name => {
            Some((&**function, binding.as_str()))
        }
        _ => None,
    })
}

/// Calls the function for all events concurrently. If one fails, Event Grid sends all of them again.
async fn notify(host: &Host, function: &Function, binding: &str, body: &[u8]) -> Response {
    let events = match Json::parse(body) {
        Ok(Json::Array(events)) => events,
        Ok(event @ Json::Object(_)) => vec![event],
        _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let runs = events.iter().map(|event| run(host, function, binding, event));
    if join_all(runs).await.into_iter().all(|outcome| outcome == Outcome::Succeeded) {
        return StatusCode::ACCEPTED.into_response();
    }
    let message = format!("Exception while executing function: Functions.{}", function.name);
    warp::reply::with_status(message, StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

async fn run(host: &Host, function: &Function, binding: &str, event: &Json) -> Outcome {
    let invoked = invoke(host, function, binding, Some(event)).await;
    host.record_without_message(function, invoked.id, invoked.outcome.clone());
    invoked.outcome
}
