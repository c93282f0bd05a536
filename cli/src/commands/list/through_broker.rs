//! Lists what a principal holds, as the broker shows it to a requester of the policy.

use serde_json::Value;

use crate::{
    broker_reading::{ReadingOptions, no_broker, read},
    broker_result::text,
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::{Paging, Screen},
    timestamps::text_to_the_second,
};

/// What the requester needs.
const NEEDED: &str = "a rule of the policy must name you, the API and the action \"read\"";

/// The principal and the API, as the operator typed them.
pub(super) struct Asked<'a> {
    pub(super) principal: &'a str,
    pub(super) api: &'a str,
    pub(super) paging: Paging,
}

/// Asks the broker, and prints its answer.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    options: &ReadingOptions,
    Asked { principal, api, paging }: Asked<'_>,
) -> Result<Exit, Failure> {
    let answer = read(global, options, &[("principal", principal), ("api", api)], NEEDED).await?;
    let rows = answer.body.get("assignments").and_then(Value::as_array).ok_or_else(no_broker)?;
    if screen.prints_document() {
        screen.json(&answer.body)?;
        return Ok(Exit::Done);
    }
    screen.list(
        &["ROLE", "PRIVILEGED", "SINCE", "ENDS", "TOKENS UNTIL", "RULE"],
        rows,
        paging,
        row,
    )?;
    let name = |part: &str| answer.body.pointer(part).and_then(Value::as_str).unwrap_or_default();
    let (holder, of) = (name("/principal/displayName"), name("/api/displayName"));
    if rows.is_empty() {
        screen.note(format!("{holder} holds no app role of {of} that a rule lets you see"));
    } else {
        screen
            .note(format!("roles of {of} that {holder} holds, as far as a rule lets you see them"));
    }
    Ok(Exit::Done)
}

fn row(held: &Value) -> Vec<String> {
    let told = |name| text(held, name).unwrap_or_default();
    let time = |name| text(held, name).map(text_to_the_second).unwrap_or_default();
    let role = text(held, "value").unwrap_or_else(|| told("id"));
    let privileged = held.get("privileged").and_then(Value::as_bool).unwrap_or_default();
    vec![
        role.to_owned(),
        if privileged { "yes" } else { "" }.to_owned(),
        time("createdDateTime"),
        time("endDateTime"),
        time("tokensUntil"),
        told("rule").to_owned(),
    ]
}
