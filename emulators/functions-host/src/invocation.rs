//! One invocation: the request to the handler, its reply and the outputs (Azure Functions host,
//! `DefaultHttpWorkerService`).

use std::{future::pending, time::Duration};

use reqwest::header::{CONTENT_TYPE, TRANSFER_ENCODING, USER_AGENT};
use uuid::Uuid;

use crate::{
    binding::Function,
    envelope::SystemData,
    function_folder::RETURN_BINDING,
    handler_reply::{self, Answer, HandlerReply},
    host::Host,
    invocation_outcome::{Outcome, StopReason},
    log::{LogLevel, STARTUP},
    options::EmptyAnswer,
    ordered_json::{Json, Members},
    outputs::{self, http::HttpResponse},
    time_span,
};

/// The version of the host whose protocol this emulator follows.
const HOST_VERSION: &str = "4.1037.0.0";
/// The HTTP client's timeout exceeds `functionTimeout` by this time.
const CLIENT_TIMEOUT_MARGIN: Duration = Duration::from_secs(60);

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
        Outcome::Failed(_) | Outcome::TimedOut => (LogLevel::Error, "Failed"),
    };
    let why = if let Outcome::Failed(why) = &outcome { format!(": {why}") } else { String::new() };
    let executed = format!("Executed 'Functions.{name}' ({end}, Id={id}, Duration={took}ms){why}");
    host.log.write(level, &category, executed);
    Invoked { id, outcome, response }
}

/// The outcome of an invocation, and the response to its caller.
type Ended = (Outcome, Option<HttpResponse>);

async fn run(host: &Host, function: &Function, id: Uuid, body: String) -> Ended {
    let worker_id = match host.worker.wait_until_initialized().await {
        Ok(worker_id) => worker_id,
        Err(state) => {
            let message = format!(
                "Final functionDispatcher state: {state:?}. Initialization timed out and host is shutting down"
            );
            host.log.write(LogLevel::Error, STARTUP, message.clone());
            host.stop(StopReason::NotInitialized);
            return (Outcome::Failed(message), None);
        }
    };
    // The timeout starts when the handler is ready. In the real host it starts earlier, which matters
    // only for timeouts shorter than a start.
    let finished = call_and_write(host, function, id, body);
    let Some(limit) = host.settings.function_timeout else {
        return ended(finished.await);
    };
    match tokio::time::timeout(limit, finished).await {
        Ok(result) => ended(result),
        Err(_) => {
            let message = format!(
                "Timeout value of {} exceeded by function 'Functions.{}' (Id: '{id}'). Initiating cancellation.",
                time_span::format(limit),
                function.name
            );
            host.log.write(LogLevel::Error, &format!("Function.{}", function.name), message);
            host.worker.end_after_function_timeout(worker_id).await;
            (Outcome::TimedOut, None)
        }
    }
}

fn ended(result: Result<Option<HttpResponse>, String>) -> Ended {
    match result {
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
    let reply = match call(host, &function.name, id, body).await? {
        Answer::Reply(reply) => reply,
        Answer::NeverCompletes => match host.empty_answer {
            EmptyAnswer::Hang => pending().await,
            EmptyAnswer::Fail => {
                return Err("the handler answered success without a JSON object; the real host would wait for one until functionTimeout".to_owned());
            }
        },
    };
    let category = format!("Function.{}.User", function.name);
    for line in &reply.logs {
        host.log.write(LogLevel::Information, &category, line.as_str());
    }
    let values = values(function, reply);
    let response = outputs::response(function, values.as_ref())?;
    outputs::write_all(host, function, &values.unwrap_or_default()).await?;
    Ok(response)
}

async fn call(host: &Host, function: &str, id: Uuid, body: String) -> Result<Answer, String> {
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
    if let Some(limit) = host.settings.function_timeout {
        request = request.timeout(limit + CLIENT_TIMEOUT_MARGIN);
    }
    let answer = request.send().await.map_err(|error| with_causes(&error))?;
    let status = answer.status();
    let content_type = answer.headers().get(CONTENT_TYPE).cloned();
    let body = answer.bytes().await.map_err(|error| with_causes(&error))?;
    handler_reply::read(status, content_type.as_ref().and_then(|value| value.to_str().ok()), &body)
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

/// The values of the outputs. A return value is that of the binding `$return`; without such a binding, its
/// members are further outputs. `None` if the reply has neither.
fn values(function: &Function, reply: HandlerReply) -> Option<Members> {
    let returned = match reply.return_value {
        Some(value) if function.takes_return_value() => {
            Members::from([(RETURN_BINDING.to_owned(), value)])
        }
        Some(Json::Object(members)) => members,
        _ => return reply.outputs,
    };
    let mut values = reply.outputs.unwrap_or_default();
    for (name, value) in returned {
        values.entry(name).or_insert(value);
    }
    Some(values)
}
