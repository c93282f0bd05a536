//! Responses to callers.

use app_roles::{assignment_list::AssignmentList, ids::InvocationId, result::RequestResult};
use functions_handler::http_response::HttpResponse;

use super::{
    problem::{Problem, ProblemType},
    verdict::{CREATED, OK, verdict},
};

/// The media type of successful responses.
const JSON: &str = "application/json";

/// The response that carries a result.
pub(super) fn of_result(
    result: &RequestResult,
    invocation: InvocationId,
) -> Result<HttpResponse, Problem> {
    match verdict(result) {
        Ok(status) => {
            let json = result.to_json().map_err(|error| unwritable(&error))?;
            Ok(with_location(success(status, json), result))
        }
        Err((kind, detail)) => {
            Ok(Problem::new(kind, detail).with_result(result.clone()).response(invocation))
        }
    }
}

/// The response to a call that is no request, with its recorded result.
pub(super) fn of_invalid(
    problem: Problem,
    result: &RequestResult,
    invocation: InvocationId,
) -> HttpResponse {
    let message = result.roles.first().and_then(|role| role.message.clone());
    let detail = message.unwrap_or(problem.detail);
    Problem::new(problem.kind, detail).with_result(result.clone()).response(invocation)
}

/// The response that lists assignments.
pub(super) fn of_list(list: &AssignmentList) -> Result<HttpResponse, Problem> {
    let json = serde_json::to_string(list).map_err(|error| unwritable(&error))?;
    Ok(success(OK, json))
}

/// The response while the broker is paused.
pub(super) fn paused() -> Problem {
    tracing::warn!(event = "broker.paused", "BROKER_MODE is paused: the caller is told so");
    let detail = "the broker's operators have paused it; send the same again later";
    Problem::new(ProblemType::Paused, detail)
}

/// The response if the broker recorded no result.
pub(super) fn no_result() -> Problem {
    Problem::new(ProblemType::Unavailable, "the broker has no result for this call")
}

/// A success. Caches must not keep it, because it says who holds what.
fn success(status: u16, json: String) -> HttpResponse {
    HttpResponse::new(status, JSON, json).header("Cache-Control", "no-store")
}

/// Adds where to read what was created. The URL is relative, because the caller's own URL may contain a
/// key.
fn with_location(response: HttpResponse, result: &RequestResult) -> HttpResponse {
    match (response.status_code, &result.principal, &result.api) {
        (CREATED, Some(principal), Some(api)) => {
            let location = format!("?principal={}&api={}", principal.object_id(), api.app_id());
            response.header("Location", &location)
        }
        _ => response,
    }
}

fn unwritable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(event = "result.unwritable", "{error}");
    Problem::new(ProblemType::Unavailable, "the result or its record could not be written")
}
