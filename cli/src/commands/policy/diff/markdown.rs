//! The difference as Markdown, for a pull request.
//!
//! Names are foreign text: each is a code span ("GitHub Flavored Markdown Spec", 6.3), in which HTML, links,
//! mentions and references are text. The report has no table, because a table is split at `|` in code spans
//! too.

use app_roles::text::printable;

use super::{
    inputs::Inputs,
    phrase::{Part, Phrase},
    report::{Report, Section, Sign},
};
use crate::output::Screen;

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

/// Our own words contain no other character that Markdown knows.
fn escaped(words: &str) -> String {
    words.replace('*', "\\*")
}

/// A code span: it begins and ends with more backticks than there are in a row in the text. One space at both
/// ends belongs to the span, not to the text.
fn code(text: &str) -> String {
    let text = printable(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let is_plain = |end: Option<char>| end.is_some_and(|character| !matches!(character, '`' | ' '));
    if is_plain(text.chars().next()) && is_plain(text.chars().next_back()) {
        format!("{fence}{text}{fence}")
    } else {
        format!("{fence} {text} {fence}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_text_in_a_code_span() {
        for (name, span) in [
            ("orders", "`orders`"),
            ("a|b <script>@contoso #1", "`a|b <script>@contoso #1`"),
            ("`", "`` ` ``"),
            ("a``b", "```a``b```"),
            ("a`b``c", "```a`b``c```"),
            (" a ", "`  a  `"),
            ("", "`  `"),
            ("a\nb\u{202e}", "`a\u{fffd}b\u{fffd}`"),
        ] {
            assert_eq!(code(name), span);
        }
    }

    proptest! {
        #[test]
        fn no_name_ends_its_code_span(name in "[`a \n|<@*]{0,12}") {
            let span = code(&name);
            let fence: String = span.chars().take_while(|one| *one == '`').collect();
            let inner = span.strip_prefix(&fence).and_then(|rest| rest.strip_suffix(&fence)).unwrap();
            let runs = inner.split(|one| one != '`').map(str::len);
            prop_assert!(runs.into_iter().all(|run| run < fence.len()), "{}", span);
            prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'), "{}", span);
            prop_assert!(!span.contains('\n'));
        }
    }
}
