//! Printing the result of a request.

use std::borrow::Borrow;

use app_roles::{
    ids::ApprovalId,
    outcome::{RoleOutcome, Status},
    result::RequestResult,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    exit::Exit, failure::Failure, names::did_you_mean, output::Screen,
    timestamps::text_to_the_second,
};

/// The headers of the table of roles.
pub(crate) const HEADERS: [&str; 4] = ["ROLE", "OUTCOME", "RULE", "MESSAGE"];

/// Prints a result and returns the exit status.
pub(crate) fn print(screen: Screen, result: &RequestResult) -> Result<Exit, Failure> {
    if screen.prints_document() {
        screen.json(result)?;
    } else {
        screen.table(&HEADERS, result.roles.iter().map(row));
        for candidate in &result.candidates {
            show_candidate(screen, &json!(candidate));
        }
        for role in &result.roles {
            let (end, tokens) = (role.end_date_time.as_deref(), role.tokens_until.as_deref());
            show_end(screen, &name(role), end, tokens);
        }
        if result.roles.iter().any(|role| role.status == Status::PendingApproval) {
            show_pending(screen, result.approval_id);
        }
        show_effective_by(screen, result.effective_by.as_deref());
    }
    Ok(Exit::of(&result.roles))
}

/// Prints a service principal that an ambiguous name may mean.
pub(crate) fn show_candidate(screen: Screen, candidate: &Value) {
    screen.say(format!("candidate: {candidate}"));
}

/// Prints when an assignment ends, if it does.
pub(crate) fn show_end(screen: Screen, role: &str, end: Option<&str>, tokens: Option<&str>) {
    if let (Some(end), Some(tokens)) = (end, tokens) {
        let [end, tokens] = [end, tokens].map(text_to_the_second);
        screen.say(format!("{role} ends at {end}; tokens may still carry it until {tokens}"));
    }
}

/// Prints that a request waits for approval, and how an approver decides.
pub(crate) fn show_pending(screen: Screen, approval: Option<ApprovalId>) {
    screen.say(pending(approval));
}

/// Says the same on standard error.
pub(crate) fn note_pending(screen: Screen, approval: Option<ApprovalId>) {
    screen.note(pending(approval));
}

fn pending(approval: Option<ApprovalId>) -> String {
    match approval {
        Some(id) => format!(
            "the request waits for approval; an approver decides with: app-role approvals approve {id}"
        ),
        None => {
            "the request waits for approval; its approvers find it with: app-role approvals list"
                .to_owned()
        }
    }
}

/// Prints when the last token without the change expires.
pub(crate) fn show_effective_by(screen: Screen, moment: Option<&str>) {
    if let Some(moment) = moment {
        let moment = text_to_the_second(moment);
        screen.say(format!("tokens issued before this change expire by {moment}"));
    }
}

/// Returns the message of a role together with its suggestions.
pub(crate) fn message<T: Borrow<str>>(text: &str, suggestions: &[T]) -> String {
    match suggestions {
        [] => text.to_owned(),
        suggestions => format!("{text}; {}", did_you_mean(suggestions)),
    }
}

fn name(role: &RoleOutcome) -> String {
    let name = role.value.clone().or_else(|| role.requested.clone());
    name.or_else(|| role.id.map(|id| id.to_string())).unwrap_or_default()
}

fn row(role: &RoleOutcome) -> Vec<String> {
    vec![
        name(role),
        word(&role.status),
        role.rule.clone().unwrap_or_default(),
        message(role.message.as_deref().unwrap_or_default(), &role.suggestions),
    ]
}

/// Returns the word that stands for an enum value in JSON.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
