//! The frame of every call: its body and its caller, its time limit, its span in the log, and its response.
//!
//! The host answers a failed invocation with an empty 500, so a call that can be answered does not fail.

use std::sync::Arc;

use app_roles::requester::Requester;
use azure_rest::retry::Deadline;
use broker::{Ask, Started};
use function_folders::use_case::RESPONSE_BINDING;
use functions_handler::{
    http_request::HttpRequest,
    http_response::HttpResponse,
    invocation::Invocation,
    reply::{Outputs, Reply},
};
use tracing::Instrument as _;

use super::{
    body,
    problem::{Problem, ProblemType},
    time_limit,
};
use crate::{
    app::App,
    triggers::{delivery, replies},
};

/// The detail of a response to a call that is still worked on.
const TOO_SLOW: &str = "the broker is still working on this; repeat the call: what is done by then is \
                        not done twice";

/// How one HTTP function identifies its callers and answers them.
pub(super) trait Endpoint {
    /// The name of the function's trigger.
    const BINDING: &str;

    /// The caller, if the call proves one.
    fn caller(
        app: &App,
        request: &HttpRequest,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Requester, Problem>> + Send;

    /// The answer to a caller.
    fn answer(
        app: &App,
        ask: &Ask,
        request: &HttpRequest,
    ) -> impl Future<Output = Result<Outputs, Problem>> + Send;
}

/// Works on one call.
pub(super) async fn run<E: Endpoint>(app: &Arc<App>, invocation: &Invocation) -> Reply {
    let id = delivery::invocation_id(invocation);
    if invocation.is_too_large {
        return reply(Problem::new(ProblemType::TooLarge, body::TOO_LARGE).response(id));
    }
    let request = match invocation.http_request(E::BINDING) {
        Ok(request) => request,
        Err(fault) => return replies::bad_envelope(&fault),
    };
    let (function, trace_id) = (invocation.function.clone(), invocation.trace_id.clone());
    // A write that begins just before the limit still gets its answer.
    let limit = app.timing.http_request + app.timing.calls.write_answer;
    let (app, started) = (app.clone(), Started::now());
    let work = async move {
        let deadline = Deadline::after(app.timing.http_request);
        let answered = match E::caller(&app, &request, deadline).await {
            Ok(requester) => {
                let call = Ask::call(&function, id, requester, deadline);
                let ask = Ask { started, trace_id, ..call };
                let span = tracing::info_span!("call", requester = %ask.requester);
                E::answer(&app, &ask, &request).instrument(span).await
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

/// The outputs of an answer that is only a response.
pub(super) fn response_only(response: HttpResponse) -> Outputs {
    Outputs::default().response(RESPONSE_BINDING, response)
}

fn reply(response: HttpResponse) -> Reply {
    Reply::Succeeded(response_only(response))
}
