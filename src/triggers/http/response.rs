//! Responses to callers.

use app_roles::{
    approval_view::ApprovalView,
    ids::{ApprovalId, InvocationId},
    outcome::Code,
    result::RequestResult,
};
use broker::{Again, Obstacle};
use functions_handler::http_response::HttpResponse;
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    problem::{Problem, ProblemType},
    verdict::{ACCEPTED, CREATED, OK, verdict},
};

/// The media type of successful responses.
const JSON: &str = "application/json";

/// The detail of a response to a call that met an obstacle. The obstacle is described to operators only.
const NOT_NOW: &str = "a service that the broker needs does not answer as it should; send the same again \
                       later";

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
            let problem = Problem::new(kind, detail).with_result(result.clone());
            let wait = (kind == ProblemType::RateLimited).then(|| seconds_until_allowed(result));
            let problem = match wait.flatten() {
                Some(seconds) => problem.with_retry_after(seconds),
                None => problem,
            };
            Ok(problem.response(invocation))
        }
    }
}

/// The number of seconds after which the limits of the rules may allow all roles.
fn seconds_until_allowed(result: &RequestResult) -> Option<u64> {
    let times = result.roles.iter().filter_map(|role| role.not_before.as_deref());
    let times = times.filter_map(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    let wait = times.max()? - OffsetDateTime::now_utc();
    Some(u64::try_from(wait.whole_seconds() + 1).unwrap_or(1).max(1))
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

/// The response that carries a document.
pub(super) fn of_json(status: u16, document: &impl Serialize) -> Result<HttpResponse, Problem> {
    let json = serde_json::to_string(document).map_err(|error| unwritable(&error))?;
    Ok(success(status, json))
}

/// The response to a requester whose request waits for approval.
pub(super) fn of_waiting(approval: &ApprovalView) -> Result<HttpResponse, Problem> {
    Ok(where_it_waits(of_json(ACCEPTED, approval)?, approval.approval_id))
}

/// The response with the final result of a request that waited. It is the JSON that was stored.
pub(super) fn of_finished(result: String) -> HttpResponse {
    success(OK, result)
}

/// The response if the broker gives no answer now.
pub(super) fn not_now(again: &Again) -> Problem {
    match again.obstacle {
        Obstacle::NoRecord => Problem::new(ProblemType::RecordUnavailable, again.reason.clone())
            .with_code(Code::RecordUnavailable),
        Obstacle::Paused => paused(),
        Obstacle::Other => {
            let reason = &again.reason;
            tracing::warn!(
                event = "call.not_now",
                "the caller is told to repeat the call: {reason}"
            );
            Problem::new(ProblemType::Unavailable, NOT_NOW)
        }
    }
}

fn paused() -> Problem {
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

/// Adds `Location`: where to read what was created, or the state of a request that waits. The URL is
/// relative, because the caller's own URL may contain a key.
fn with_location(response: HttpResponse, result: &RequestResult) -> HttpResponse {
    if let (ACCEPTED, Some(id)) = (response.status_code, result.approval_id) {
        return where_it_waits(response, id);
    }
    match (response.status_code, &result.principal, &result.api) {
        (CREATED, Some(principal), Some(api)) => {
            let location = format!("?principal={}&api={}", principal.object_id(), api.app_id());
            response.header("Location", &location)
        }
        _ => response,
    }
}

fn where_it_waits(response: HttpResponse, id: ApprovalId) -> HttpResponse {
    response.header("Location", &format!("?approval={id}"))
}

fn unwritable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(event = "result.unwritable", "{error}");
    Problem::new(ProblemType::Unavailable, "the result or its record could not be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_obstacle_has_its_own_problem_and_only_the_record_says_why() {
        const REASON: &str = "table storage answered 500";
        for (obstacle, kind, tells_reason) in [
            (Obstacle::Paused, ProblemType::Paused, false),
            (Obstacle::NoRecord, ProblemType::RecordUnavailable, true),
            (Obstacle::Other, ProblemType::Unavailable, false),
        ] {
            let again = Again { reason: REASON.to_owned(), answers: Vec::new(), obstacle };
            let problem = not_now(&again);
            assert_eq!(problem.kind, kind);
            assert_eq!(problem.detail.contains(REASON), tells_reason, "{obstacle:?}");
            let response = problem.response(InvocationId::random());
            assert_eq!(response.status_code, 503);
            assert!(response.headers.contains_key("Retry-After"), "{obstacle:?}");
        }
    }
}
