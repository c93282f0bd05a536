//! Printing the broker's answer.

use reqwest::StatusCode;
use serde_json::Value;

use super::call::Answer;
use crate::{
    exit::Exit,
    failure::Failure,
    output::Screen,
    result::{self, HEADERS},
};

/// Prints an answer and returns the exit status.
pub(super) fn print(screen: Screen, answer: &Answer) -> Result<Exit, Failure> {
    let Answer { status, body } = answer;
    let roles = list(body, "roles");
    if screen.is_json() && !body.is_null() {
        screen.json(body)?;
    }
    if !screen.is_json() && !roles.is_empty() {
        screen.table(&HEADERS, roles.iter().map(row));
        for candidate in list(body, "candidates") {
            result::show_candidate(screen, candidate);
        }
        result::show_effective_by(screen, text(body, "effectiveBy"));
    }
    match (status.is_success(), roles.is_empty()) {
        (true, false) => Ok(Exit::Done),
        (true, true) => Err(Failure::failed("the answer did not come from the broker")
            .hint("check the URL of --broker")),
        (false, _) => Err(Failure { exit: exit(*status, roles), ..refusal(answer) }),
    }
}

fn refusal(answer: &Answer) -> Failure {
    let failure = Failure::failed(format!("the broker refused: {}", answer.detail()));
    match (answer.status, text(&answer.body, "invocationId")) {
        (StatusCode::UNAUTHORIZED, _) => {
            failure.hint("check the function key, or --audience and your sign-in")
        }
        (StatusCode::NOT_FOUND, None) => failure.hint("check the URL of --broker"),
        (_, Some(id)) => failure.hint(format!("the broker's log has more under invocation {id}")),
        _ => failure,
    }
}

/// Returns the exit status of a refused request. It is the one that the change itself would have.
fn exit(status: StatusCode, roles: &[Value]) -> Exit {
    let changed =
        roles.iter().any(|role| matches!(text(role, "status"), Some("assigned" | "revoked")));
    match status {
        _ if changed => Exit::Partly,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Denied,
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => Exit::NotFound,
        _ => Exit::Failed,
    }
}

fn row(role: &Value) -> Vec<String> {
    let name = text(role, "value").or_else(|| text(role, "requested")).or_else(|| text(role, "id"));
    let suggestions: Vec<_> = list(role, "suggestions").iter().filter_map(Value::as_str).collect();
    let message = result::message(text(role, "message").unwrap_or_default(), &suggestions);
    let texts = [name, text(role, "status"), text(role, "rule"), Some(message.as_str())];
    texts.map(|text| text.unwrap_or_default().to_owned()).to_vec()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
