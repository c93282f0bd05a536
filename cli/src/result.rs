//! Printing the result of a request.

use std::borrow::Borrow;

use app_roles::{outcome::RoleOutcome, result::RequestResult};
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
    if screen.is_json() {
        screen.json(result)?;
    } else {
        screen.table(&HEADERS, result.roles.iter().map(row));
        for candidate in &result.candidates {
            show_candidate(screen, &json!(candidate));
        }
        show_effective_by(screen, result.effective_by.as_deref());
    }
    Ok(Exit::of(&result.roles))
}

/// Prints a service principal that an ambiguous name may mean.
pub(crate) fn show_candidate(screen: Screen, candidate: &Value) {
    screen.say(format!("candidate: {candidate}"));
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

fn row(role: &RoleOutcome) -> Vec<String> {
    let name = role.value.clone().or_else(|| role.requested.clone());
    let name = name.or_else(|| role.id.map(|id| id.to_string()));
    vec![
        name.unwrap_or_default(),
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
