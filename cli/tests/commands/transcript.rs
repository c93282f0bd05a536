//! What was seen of a command, without what differs from run to run.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::Ended;

/// After these words, as names in JSON or in a sentence, stands what differs from run to run.
const BEFORE_WHAT_DIFFERS: [&str; 6] = [
    "assignmentId",
    "clientRequestId",
    "durationMs",
    "graphRequestId",
    "invocationId",
    "request-id",
];

/// Stands for every moment. It is as long as one without a fraction, so that columns stay.
const SOME_MOMENT: &str = "2026-01-01T00:00:00Z";

/// A command line, what it printed, and how it ended.
pub(crate) fn transcript(line: &str, ended: &Ended) -> String {
    let mut text = format!("$ {line}\n{}", settled(&ended.stdout));
    if !ended.stderr.is_empty() {
        text.push_str(&format!("[standard error]\n{}", settled(&ended.stderr)));
    }
    text.push_str(&format!("[exit status {}]\n\n", ended.code));
    text
}

/// A text in which everything that differs is always the same.
fn settled(text: &str) -> String {
    let (mut settled, mut before, mut rest) = (String::new(), String::new(), text);
    while !rest.is_empty() {
        let end = rest.find(|character| !is_of_a_word(character)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        settled.push_str(&of_word(word, &before));
        if word.contains(char::is_alphanumeric) {
            word.clone_into(&mut before);
        }
        let mut characters = behind.chars();
        settled.extend(characters.next());
        rest = characters.as_str();
    }
    settled
}

fn is_of_a_word(character: char) -> bool {
    character.is_alphanumeric() || "-_:.+".contains(character)
}

fn of_word(word: &str, before: &str) -> String {
    if !word.contains(char::is_alphanumeric) {
        return word.to_owned();
    }
    if BEFORE_WHAT_DIFFERS.contains(&before.trim_end_matches(':')) {
        return format!("<{}>", before.trim_end_matches(':'));
    }
    if OffsetDateTime::parse(word, &Rfc3339).is_ok() {
        return SOME_MOMENT.to_owned();
    }
    match word.strip_prefix("127.0.0.1:") {
        Some(port) if port.parse::<u16>().is_ok() => "127.0.0.1:<port>".to_owned(),
        _ => word.to_owned(),
    }
}
