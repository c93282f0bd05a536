//! Errors and notes for programs: each is a JSON object in one line of standard error.

use std::io;

use serde::Serialize;

use super::text::shown_json;
use crate::{failure::Failure, io_reason::io_reason};

/// The line about an error.
#[derive(Serialize)]
struct ErrorLine<'a> {
    error: Problem<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    exit_status: u8,
}

/// The line about something else.
#[derive(Serialize)]
struct NoteLine<'a> {
    note: &'a str,
}

/// Returns the line about an error.
pub(super) fn error(failure: &Failure) -> String {
    line(&ErrorLine {
        error: Problem {
            code: failure.code_name(),
            message: &failure.sentence,
            hint: failure.hint.as_deref(),
            exit_status: failure.exit as u8,
        },
    })
}

/// Returns the line about something else.
pub(super) fn note(text: &str) -> String {
    line(&NoteLine { note: text })
}

fn line(object: &impl Serialize) -> String {
    // Strings can always be encoded.
    shown_json(&serde_json::to_string(object).unwrap_or_default())
}

/// Explains that a part of the output is lost.
pub(super) fn lost(error: &io::Error) -> Failure {
    Failure::failed(format!("standard output cannot be written: {}", io_reason(error)))
        .code("outputLost")
        .hint("the output is incomplete; what the command has changed stays changed")
}

/// Reads the text about an invalid command line: what is wrong, tips, and the usage.
pub(super) fn usage(text: &str) -> Failure {
    let mut parts = text.split("\n\n").map(|part| {
        let lines = part.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join(" ")
    });
    let message = parts.next().unwrap_or_default();
    let hints: Vec<_> = parts
        .filter(|part| !part.is_empty() && !part.starts_with("For more information"))
        .collect();
    let hint = if hints.is_empty() { "try --help".to_owned() } else { hints.join("; ") };
    Failure::usage(message.trim_start_matches("error: ")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_command_line_has_a_message_and_a_hint() {
        let text = "error: the following required arguments were not provided:\n  <PRINCIPAL>\n\nUsage: \
                    app-role list <PRINCIPAL>\n\nFor more information, try '--help'.\n";
        let expected = "{\"error\":{\"code\":\"usage\",\"message\":\"the following required arguments were \
                        not provided: <PRINCIPAL>\",\"hint\":\"Usage: app-role list \
                        <PRINCIPAL>\",\"exitStatus\":2}}";
        assert_eq!(error(&usage(text)), expected);
    }
}
