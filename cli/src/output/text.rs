//! Texts of unknown origin.
//!
//! A pipeline obeys lines of a command's output: Azure Pipelines `##vso[` anywhere in a line ("Logging
//! commands"), GitHub also `##[` anywhere and `::` at the start ("Workflow commands for GitHub Actions"). So
//! no text that reaches a pipeline has one of them.

use std::borrow::Cow;

use app_roles::text::{printable, printable_json};

/// Returns a text as one printable line.
pub(super) fn shown(text: &str) -> String {
    printable(&text.replace(['\n', '\r', '\t'], " ")).into_owned()
}

/// Returns a JSON document without unprintable characters and commands of pipelines. It stays equal.
pub(super) fn shown_json(document: &str) -> String {
    without_commands(&printable_json(document)).into_owned()
}

/// Escapes the commands of pipelines in a document of JSON or YAML that has the character `#` in quoted texts
/// only. The document stays equal.
pub(super) fn without_commands(document: &str) -> Cow<'_, str> {
    with_hashes_replaced(document, "\\u0023")
}

/// Spoils the commands of pipelines in lines that are not shown on a terminal.
pub(super) fn for_pipelines(lines: &str) -> Cow<'_, str> {
    let lines = with_hashes_replaced(lines, "\u{fffd}");
    if !lines.split('\n').any(|line| seen(line.trim_start()).starts_with("::")) {
        return lines;
    }
    let spoiled = lines.split('\n').map(|line| match seen(line.trim_start()).starts_with("::") {
        true => line.replacen(':', "\u{fffd}", 1),
        false => line.to_owned(),
    });
    Cow::Owned(spoiled.collect::<Vec<_>>().join("\n"))
}

/// Replaces the first character of each `##vso[` and `##[`.
fn with_hashes_replaced<'a>(text: &'a str, instead: &str) -> Cow<'a, str> {
    let begins = |index| text.get(index..).is_some_and(begins_command);
    if !text.contains('#') || !text.match_indices('#').any(|(index, _)| begins(index)) {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        if character == '#' && begins(index) {
            replaced.push_str(instead);
        } else {
            replaced.push(character);
        }
    }
    Cow::Owned(replaced)
}

fn begins_command(text: &str) -> bool {
    let start = seen(text).to_ascii_lowercase();
    start.starts_with("##[") || start.starts_with("##vso[")
}

/// The first characters of a text, without those that a comparison by the rules of a language ignores. The
/// programs of pipelines may compare like that.
fn seen(text: &str) -> String {
    let is_ignored = |character: &char| {
        matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    text.chars().filter(|character| !is_ignored(character)).take("##vso[".len()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_line_for_a_pipeline_is_a_command() {
        for (text, expected) in [
            ("##vso[task.complete]x", "\u{fffd}#vso[task.complete]x"),
            ("a ##[error]b", "a \u{fffd}#[error]b"),
            ("###VSO[", "#\u{fffd}#VSO["),
            ("#\u{200b}#[x", "\u{fffd}\u{200b}#[x"),
            ("a\n  ::error::b\nc::d", "a\n  \u{fffd}:error::b\nc::d"),
            ("\u{feff}::x", "\u{feff}\u{fffd}:x"),
            ("### App roles of `#[x]`", "### App roles of `#[x]`"),
        ] {
            assert_eq!(for_pipelines(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_document_without_commands_stays_equal(text in "[#vso\\[\\\\\":a\u{200b}]{0,24}") {
            let document = serde_json::to_string(&[&text]).unwrap();
            let shown = shown_json(&document);
            prop_assert!(!shown.contains("##vso[") && !shown.contains("##["), "{}", shown);
            prop_assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [text]);
        }
    }
}
