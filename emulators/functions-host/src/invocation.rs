//! One invocation: the request to the handler, its reply and the outputs (Azure Functions host,
//! `DefaultHttpWorkerService`).

use reqwest::header::{CONTENT_TYPE, TRANSFER_ENCODING, USER_AGENT};
use uuid::Uuid;

use crate::{
    binding::Function,
    envelope::SystemData,
    handler_reply::{self, HandlerReply},
    host::Host,
    invocation_outcome::{Outcome, StopReason},
    log::{LogLevel, STARTUP},
    outputs::{self, http::HttpResponse},
};

/// The version of the host whose protocol this emulator follows.
const HOST_VERSION: &str = "4.1037.0.0";

/// The setting that connects Application Insights.
const APPLICATION_INSIGHTS: &str = "APPLICATIONINSIGHTS_CONNECTION_STRING";

/// A finished invocation.
pub(crate) struct Invoked {
    /// The id that the handler received.
    pub(crate) id: Uuid,
    pub(crate) outcome: Outcome,
    /// The response to the caller of an HTTP trigger, if the invocation succeeded.
    pub(crate) response: Option<HttpResponse>,
}

/// Calls a function with the body that `body` makes, and writes its outputs. If `body` fails, the
/// invocation fails without a call.
pub(crate) async fn invoke(
    host: &Host,
    function: &Function,
    reason: &str,
    body: impl FnOnce(&SystemData) -> Result<String, String>,
) -> Invoked {
    let id = Uuid::new_v4();
    let category = format!("Function.{}", function.name);
    let name = &function.name;
    let executing = format!("Executing 'Functions.{name}' (Reason='{reason}', Id={id})");
    host.log.write(LogLevel::Information, &category, executing);
    let started = std::time::Instant::now();
    let (outcome, response) = match body(&SystemData::now(name)) {
        Ok(body) => run(host, function, id, body).await,
        Err(why) => (Outcome::Failed(why), None),
    };
    let took = started.elapsed().as_millis();
    let (level, end) = match &outcome {
        Outcome::Succeeded => (LogLevel::Information, "Succeeded"),
        Outcome::Failed(_) => (LogLevel::Error, "Failed"),
    };
    let why = if let Outcome::Failed(why) = &outcome { format!(": {why}") } else { String::new() };
    let executed = format!("Executed 'Functions.{name}' ({end}, Id={id}, Duration={took}ms){why}");
    host.log.write(level, &category, executed);
    Invoked { id, outcome, response }
}

/// The outcome of an invocation, and the response to its caller.
type Ended = (Outcome, Option<HttpResponse>);

async fn run(host: &Host, function: &Function, id: Uuid, body: String) -> Ended {
    if let Err(state) = host.worker.wait_until_initialized().await {
        let message = format!(
            "Final functionDispatcher state: {state:?}. Initialization timed out and host is shutting down"
        );
        host.log.write(LogLevel::Error, STARTUP, message.clone());
        host.stop(StopReason::NotInitialized);
        return (Outcome::Failed(message), None);
    }
    match call_and_write(host, function, id, body).await {
        Ok(response) => (Outcome::Succeeded, response),
        Err(why) => (Outcome::Failed(why), None),
    }
}

async fn call_and_write(
    host: &Host,
    function: &Function,
    id: Uuid,
    body: String,
) -> Result<Option<HttpResponse>, String> {
    let reply = call(host, &function.name, id, body).await?;
    let category = format!("Function.{}.User", function.name);
    for line in &reply.logs {
        host.log.write(LogLevel::Information, &category, line.as_str());
    }
    let response = outputs::response(function, reply.outputs.as_ref())?;
    let values = reply.outputs.unwrap_or_default();
    outputs::write_all(function, &values, host.written.as_ref()).await?;
    Ok(response)
}

async fn call(host: &Host, function: &str, id: Uuid, body: String) -> Result<HandlerReply, String> {
    let mut request = host
        .client
        .post(format!("http://127.0.0.1:{}/{function}", host.worker.port))
        .header("X-Azure-Functions-HostVersion", HOST_VERSION)
        .header("X-Azure-Functions-InvocationId", id.to_string())
        .header(USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}"))
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        // The host serialises while it sends, so it never sends a length.
        .header(TRANSFER_ENCODING, "chunked")
        .body(body);
    if host.settings.setting(APPLICATION_INSIGHTS).is_some() {
        request = request.header("traceparent", trace_parent());
    }
    let answer = request.send().await.map_err(|error| with_causes(&error))?;
    let status = answer.status();
    let content_type = answer.headers().get(CONTENT_TYPE).cloned();
    let body = answer.bytes().await.map_err(|error| with_causes(&error))?;
    handler_reply::read(status, content_type.as_ref().and_then(|value| value.to_str().ok()), &body)
}

/// The operation of a call: its trace id, the id of its span, and no flags ("Trace Context").
fn trace_parent() -> String {
    let (trace, span) = (Uuid::new_v4().simple(), Uuid::new_v4().as_u64_pair().1);
    format!("00-{trace}-{span:016x}-00")
}

fn with_causes(error: &reqwest::Error) -> String {
    let mut text = format!("An error occurred while sending the request: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
