//! Transcripts of commands, without values that differ between runs.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::Ended;

/// Names in JSON or text before values that differ between runs.
const NAMES_OF_VARIABLE_VALUES: [&str; 9] = [
    "RowKey",
    "ageSeconds",
    "assignmentId",
    "clientRequestId",
    "durationMs",
    "graphRequestId",
    "invocationId",
    "messageId",
    "request-id",
];

/// Replaces every timestamp. It has the same width, so that columns stay aligned.
const TIMESTAMP: &str = "2026-01-01T00:00:00Z";

/// The exit status of a Rust program that has panicked.
const PANICKED: i32 = 101;

/// Returns a command line, its output and its exit status.
pub(crate) fn transcript(line: &str, ended: &Ended) -> String {
    // Otherwise, the update of the golden files would record it.
    assert_ne!(ended.code, PANICKED, "`{line}` has panicked: {}", ended.stderr);
    let mut text = format!("$ {line}\n{}", stable(&without_build(&ended.stdout)));
    if !ended.stderr.is_empty() {
        text.push_str(&format!("[standard error]\n{}", stable(&ended.stderr)));
    }
    text.push_str(&format!("[exit status {}]\n\n", ended.code));
    text
}

/// Replaces what differs between builds.
fn without_build(text: &str) -> String {
    text.replace(env!("APP_ROLE_COMMIT"), "<commit>").replace(env!("APP_ROLE_TARGET"), "<target>")
}

/// Replaces the values that differ between runs.
fn stable(text: &str) -> String {
    let (mut stable, mut before, mut rest) = (String::new(), String::new(), text);
    while !rest.is_empty() {
        let end = rest.find(|character| !is_in_word(character)).unwrap_or(rest.len());
        let (word, rest_of_line) = rest.split_at(end);
        stable.push_str(&stable_word(word, &before));
        if word.contains(char::is_alphanumeric) {
            word.clone_into(&mut before);
        }
        let mut characters = rest_of_line.chars();
        stable.extend(characters.next());
        rest = characters.as_str();
    }
    stable
}

fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || "-_:.+".contains(character)
}

fn stable_word(word: &str, before: &str) -> String {
    if !word.contains(char::is_alphanumeric) {
        return word.to_owned();
    }
    // In compact JSON, nothing is between the colon and a number.
    if let Some(value) = word.strip_prefix(':') {
        return format!(":{}", stable_word(value, before));
    }
    if NAMES_OF_VARIABLE_VALUES.contains(&before.trim_end_matches(':')) {
        return format!("<{}>", before.trim_end_matches(':'));
    }
    if OffsetDateTime::parse(word, &Rfc3339).is_ok() {
        return TIMESTAMP.to_owned();
    }
    if before == "message" && is_guid(word) {
        return "<messageId>".to_owned();
    }
    match word.strip_prefix("127.0.0.1:") {
        Some(port) if port.parse::<u16>().is_ok() => "127.0.0.1:<port>".to_owned(),
        _ => word.to_owned(),
    }
}

fn is_guid(word: &str) -> bool {
    let lengths: Vec<_> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.chars().all(|one| one == '-' || one.is_ascii_hexdigit())
}
