//! The difference as Markdown, for a pull request.
//!
//! Names come from outside, so each is a code span. The report has no table, because a `|` splits a cell
//! even inside a code span.

use super::{
    inputs::Inputs,
    phrase::{Part, Phrase},
    report::{Report, Section, Sign},
};
use crate::{markdown::code, output::Screen};

/// Prints the report.
pub(super) fn print(screen: Screen, report: &Report, inputs: &Inputs) {
    for line in lines(report, inputs) {
        screen.unwrapped(&line);
    }
}

fn lines(report: &Report, inputs: &Inputs) -> Vec<String> {
    let mut lines = vec!["### What this change of the policy does".to_owned(), String::new()];
    for Section { title, sentences } in &report.sections {
        lines.extend([format!("**{title}**"), String::new()]);
        let items = sentences
            .iter()
            .map(|(sign, sentence)| format!("- {} {}", symbol(*sign), markdown(sentence)));
        lines.extend(items);
        lines.push(String::new());
    }
    if !report.remarks.is_empty() {
        lines.extend(["**Remarks**".to_owned(), String::new()]);
        lines.extend(report.remarks.iter().map(|remark| format!("- {}", markdown(remark))));
        lines.push(String::new());
    }
    let [before, now] =
        [&inputs.old, &inputs.new].map(|policy| code(policy.sha256().unwrap_or_default()));
    lines.push(format!("{}. SHA-256 of the file: {before} → {now}", capitalized(&report.summary)));
    lines
}

/// The sign, in words that a list of Markdown cannot take for its own marker.
fn symbol(sign: Sign) -> &'static str {
    match sign {
        Sign::New => "➕",
        Sign::Gone => "➖",
        Sign::Different => "✏️",
    }
}

fn capitalized(sentence: &str) -> String {
    let mut characters = sentence.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

fn markdown(phrase: &Phrase) -> String {
    let parts = phrase.parts().iter().map(|part| match part {
        Part::Words(words) => escaped(words),
        Part::Name(name) | Part::Rule(name) => code(name),
    });
    parts.collect()
}

/// Escapes the report's own words, which contain no other characters that are special in Markdown.
fn escaped(words: &str) -> String {
    words.replace('*', "\\*")
}
