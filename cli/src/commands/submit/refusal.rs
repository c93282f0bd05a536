//! Refusals of the broker, in words.

use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    broker_call::Answer,
    broker_result::{self, text},
    exit::Exit,
    failure::Failure,
};

/// Explains an answer that has no result.
pub(super) fn of_answer(answer: &Answer) -> Failure {
    let failure = Failure::failed(sentence(&answer.detail()));
    match answer.status {
        StatusCode::UNAUTHORIZED => Failure { exit: Exit::Denied, ..failure }
            .hint("check the function key, or --audience and your sign-in"),
        StatusCode::FORBIDDEN => Failure { exit: Exit::Denied, ..with_invocation(failure, answer) },
        StatusCode::NOT_FOUND => Failure { exit: Exit::NotFound, ..failure }
            .hint("check the URL of --broker, and --route"),
        _ => with_invocation(failure, answer),
    }
}

fn with_invocation(failure: Failure, answer: &Answer) -> Failure {
    with_log(failure, &answer.body)
}

/// Explains a final result in which something was not done.
pub(super) fn of_result(result: &Value, exit: Exit) -> Failure {
    let messages = broker_result::roles(result).iter().filter_map(|role| text(role, "message"));
    let detail =
        text(result, "detail").or_else(|| messages.into_iter().find(|one| !one.is_empty()));
    let failure = Failure::failed(sentence(detail.unwrap_or("see the outcome of each role")));
    with_log(Failure { exit, ..failure }, result)
}

fn sentence(detail: &str) -> String {
    format!("the broker refused: {detail}")
}

fn with_log(failure: Failure, body: &Value) -> Failure {
    match text(body, "invocationId") {
        Some(id) => failure.hint(format!("the broker's log has more under invocation {id}")),
        None => failure,
    }
}
