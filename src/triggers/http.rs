//! Requests over HTTP, and reads of what a principal holds.
//!
//! Only the caller can repeat a call, and it waits for the response. So every response is final, and 503
//! says that the same call may work later. The host answers a failed invocation with an empty 500, so
//! a call that can be answered does not fail.

mod body;
mod client_principal;
mod grant;
mod problem;
mod read;
mod requester;
mod response;
mod time_limit;
mod verdict;

use std::sync::Arc;

use azure_rest::retry::Deadline;
use broker::{Ask, Started};
use function_folders::use_case::{REQUEST_BINDING, RESPONSE_BINDING};
use functions_handler::{
    http_request::HttpRequest,
    http_response::HttpResponse,
    invocation::Invocation,
    reply::{Outputs, Reply},
};
use problem::{Problem, ProblemType};
use tracing::Instrument;

use super::{delivery, replies};
use crate::app::App;

/// The detail of a response to a call that is still worked on.
const TOO_SLOW: &str = "the broker is still working on this; repeat the call: what is done by then is \
                        not done twice";

/// Works on one call.
pub async fn run(app: &Arc<App>, invocation: &Invocation) -> Reply {
    let id = delivery::invocation_id(invocation);
    if invocation.is_too_large {
        return reply(Problem::new(ProblemType::TooLarge, body::TOO_LARGE).response(id));
    }
    let request = match invocation.http_request(REQUEST_BINDING) {
        Ok(request) => request,
        Err(fault) => return replies::bad_envelope(&fault),
    };
    let (function, trace_id) = (invocation.function.clone(), invocation.trace_id.clone());
    // A write that begins at the last moment still gets its answer.
    let limit = app.timing.http_request + app.timing.calls.write_answer;
    let (app, started) = (app.clone(), Started::now());
    let work = async move {
        let deadline = Deadline::after(app.timing.http_request);
        let answered = match requester::identify(&app, &request, deadline).await {
            Ok(requester) => {
                let call = Ask::call(&function, id, requester, deadline);
                let ask = Ask { started, trace_id, ..call };
                answer(&app, &ask, &request).await
            }
            Err(problem) => Err(problem),
        };
        answered.unwrap_or_else(|problem| response_only(problem.response(id)))
    };
    match time_limit::in_time(limit, work.in_current_span()).await {
        Some(outputs) => Reply::Succeeded(outputs),
        None => {
            tracing::warn!(event = "call.too_slow", "the caller is told to repeat the call");
            reply(Problem::new(ProblemType::Unavailable, TOO_SLOW).response(id))
        }
    }
}

async fn answer(app: &App, ask: &Ask, request: &HttpRequest) -> Result<Outputs, Problem> {
    let span = tracing::info_span!("call", requester = %ask.requester);
    let work = async {
        match request.method.as_str() {
            "POST" => grant::post(app, ask, request).await,
            "GET" => read::get(app, ask, request).await.map(response_only),
            _ => Err(Problem::new(ProblemType::MethodNotAllowed, "send GET or POST")),
        }
    };
    work.instrument(span).await
}

fn response_only(response: HttpResponse) -> Outputs {
    Outputs::default().response(RESPONSE_BINDING, response)
}

fn reply(response: HttpResponse) -> Reply {
    Reply::Succeeded(response_only(response))
}

#[cfg(test)]
mod openapi_tests;
