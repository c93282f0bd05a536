//! What the broker has answered, for people and programs.

use reqwest::StatusCode;
use serde_json::Value;

use super::call::{Answer, detail};
use crate::{
    failure::{Exit, Failure},
    names::meant,
    output::{Screen, shown, table},
    result::shown_text,
};

/// Prints it, and says how the command ends.
pub(super) fn print(screen: Screen, answer: &Answer) -> Result<Exit, Failure> {
    let Answer { status, body } = answer;
    let roles = list(body, "roles");
    let exit = exit(*status, roles);
    if screen.is_json() && !body.is_null() {
        screen.json(body)?;
    }
    if !screen.is_json() && !roles.is_empty() {
        screen.say(&table(&["ROLE", "OUTCOME", "RULE", "MESSAGE"], roles.iter().map(row)));
        for candidate in list(body, "candidates") {
            screen.say(&shown(&format!("candidate: {candidate}")));
        }
        if let Some(moment) = text(body, "effectiveBy") {
            screen.say(&shown(&format!(
                "tokens that were issued before the change have expired by {}",
                shown_text(moment)
            )));
        }
    }
    if status.is_success() && !roles.is_empty() {
        return Ok(exit);
    }
    if status.is_success() {
        return Err(Failure::failed("what answers is not the broker").hint("--broker names it"));
    }
    Err(Failure { exit, ..refusal(*status, body) })
}

fn refusal(status: StatusCode, body: &Value) -> Failure {
    let sentence = format!("the broker has not done it: {}", detail(status, body));
    let failure = Failure::failed(sentence);
    let invocation = text(body, "invocationId");
    match (status, invocation) {
        (StatusCode::UNAUTHORIZED, _) => failure
            .hint("the broker does not know you: check the key, or --audience and your sign-in"),
        (StatusCode::NOT_FOUND, None) => {
            failure.hint("is that the address of the broker? --broker names it")
        }
        (_, Some(id)) => failure.hint(format!("its operators find more in the log by {id}")),
        _ => failure,
    }
}

/// The same as of an own change, from what the broker says of the roles; else from its status.
fn exit(status: StatusCode, roles: &[Value]) -> Exit {
    let is = |wanted: &[&str]| {
        roles.iter().any(|role| text(role, "status").is_some_and(|text| wanted.contains(&text)))
    };
    let changed = is(&["assigned", "revoked"]);
    match status {
        status if status.is_success() => Exit::Done,
        _ if changed => Exit::Partly,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Denied,
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => Exit::NotFound,
        _ => Exit::Failed,
    }
}

fn row(role: &Value) -> Vec<String> {
    let name = text(role, "value").or_else(|| text(role, "requested")).or_else(|| text(role, "id"));
    let mut message = text(role, "message").unwrap_or_default().to_owned();
    let suggestions: Vec<_> = list(role, "suggestions").iter().filter_map(Value::as_str).collect();
    if !suggestions.is_empty() {
        message = format!("{message}; {}", meant(&suggestions));
    }
    let texts = [name, text(role, "status"), text(role, "rule"), Some(message.as_str())];
    texts.map(|text| text.unwrap_or_default().to_owned()).to_vec()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
