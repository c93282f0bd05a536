//! One log line: a JSON object of bounded length.

use std::fmt::{Display, Write as _};

use app_roles::text::is_printable;
use tracing::Level;

/// The longest line in bytes. A Log Analytics workspace cuts a text after 32 KB ("Azure Monitor service
/// limits"), and a cut line is not JSON, so no query finds its event.
pub(super) const LONGEST_LINE: usize = 31 * 1024;

/// The longest text of a field in bytes, as it is written.
const LONGEST_FIELD: usize = 1024;

/// The bytes that are kept for the names of fields, for numbers and for the ends of texts.
const FOR_NAMES: usize = 2 * 1024;

/// The letters that make the host store an error as a warning.
const WARN: &[u8] = b"warn";

/// A line under construction.
pub(super) struct Line {
    json: String,
    is_error: bool,
}

impl Line {
    /// The beginning of a line of this level.
    pub(super) fn new(level: Level) -> Self {
        let mut json = String::with_capacity(LONGEST_FIELD);
        json.push('{');
        Self { json, is_error: level == Level::ERROR }
    }

    /// Adds a text. A long one is cut.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.bounded_text(name, text, LONGEST_FIELD);
    }

    /// Adds a text that may fill what is left of the line.
    pub(super) fn long_text(&mut self, name: &str, text: &str) {
        self.bounded_text(name, text, LONGEST_LINE);
    }

    /// Adds a number or a truth value.
    pub(super) fn plain(&mut self, name: &str, value: impl Display) {
        self.name(name);
        // Writing to a string cannot fail.
        let _ = write!(self.json, "{value}");
    }

    /// The whole line, with a line break.
    pub(super) fn finish(mut self) -> String {
        self.json.push_str("}\n");
        self.json
    }

    fn bounded_text(&mut self, name: &str, text: &str, longest: usize) {
        self.name(name);
        self.json.push('"');
        let left = (LONGEST_LINE - FOR_NAMES).saturating_sub(self.json.len());
        self.escaped(text, longest.min(left));
        self.json.push('"');
    }

    fn name(&mut self, name: &str) {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        self.json.push('"');
        self.escaped(name, LONGEST_FIELD);
        self.json.push_str("\":");
    }

    /// Adds the beginning of a text that takes at most `longest` bytes, and an ellipsis if that is not
    /// all of it.
    fn escaped(&mut self, text: &str, longest: usize) {
        let is_plain = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if !self.is_error && text.len() <= longest && text.bytes().all(is_plain) {
            return self.json.push_str(text);
        }
        let end = self.json.len() + longest;
        for (at, character) in text.char_indices() {
            let before = self.json.len();
            self.character(character, text.as_bytes().get(at..at + WARN.len()));
            if self.json.len() > end {
                self.json.truncate(before);
                self.json.push('…');
                return;
            }
        }
    }

    /// Adds a character. Characters that control a terminal or reorder text are escaped, so that text from
    /// outside cannot deceive a reader. The letters "warn" in an error are escaped, too: the host stores a
    /// line on standard error as a warning if it contains them anywhere, in any case.
    fn character(&mut self, character: char, word: Option<&[u8]>) {
        let is_warn = self.is_error && word.is_some_and(|word| word.eq_ignore_ascii_case(WARN));
        match character {
            '"' => self.json.push_str("\\\""),
            '\\' => self.json.push_str("\\\\"),
            '\n' => self.json.push_str("\\n"),
            _ if is_printable(character) && !is_warn => self.json.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(self.json, "\\u{unit:04x}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, from_str};

    use super::*;

    const LEVELS: [Level; 4] = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG];

    fn line(level: Level, fields: &[(&str, &str)], message: &str) -> String {
        let mut line = Line::new(level);
        for (name, text) in fields {
            line.text(name, text);
        }
        line.long_text("message", message);
        line.finish()
    }

    /// Any text, with pieces that have a meaning for JSON, for terminals or for the host.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[wW][aA][rR][nN](ing)?",
            Just("w\u{202e}arn\"\\\u{7f}\u{9b}\n\r\t".to_owned()),
            Just("\\u0077arn".to_owned()),
        ];
        proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_short_text_keeps_its_value_at_every_level(text in text()) {
            prop_assume!(text.len() < LONGEST_FIELD / 12);
            for level in LEVELS {
                let json: Value = from_str(&line(level, &[("resource", &text)], &text)).unwrap();
                prop_assert_eq!(json["resource"].as_str(), Some(text.as_str()));
                prop_assert_eq!(json["message"].as_str(), Some(text.as_str()));
            }
        }

        #[test]
        fn a_line_is_one_printable_line(text in text()) {
            for level in LEVELS {
                let line = line(level, &[("resource", &text)], &text);
                let (body, end) = line.split_at(line.len() - 1);
                prop_assert!(body.chars().all(is_printable) && end == "\n", "{}", line);
            }
        }

        #[test]
        fn no_error_contains_the_letters_that_make_it_a_warning(name in text(), text in text()) {
            let line = line(Level::ERROR, &[(&name, &text)], &text);
            prop_assert!(!line.to_ascii_lowercase().contains("warn"), "{}", line);
        }

        #[test]
        fn no_line_is_longer_than_the_workspace_keeps(
            texts in proptest::collection::vec((text(), 0..5000_usize), 0..32),
            repeats in 0..60_000_usize,
        ) {
            let repeated = |text: &str, times| text.chars().cycle().take(times).collect::<String>();
            let texts: Vec<_> = texts.iter().map(|(text, times)| repeated(text, *times)).collect();
            let fields: Vec<_> = texts.iter().map(|text| ("a_field_of_an_event", text.as_str())).collect();
            for level in LEVELS {
                for character in ["a", "\u{202e}", "😀", "\u{9b}", "w"] {
                    let line = line(level, &fields, &character.repeat(repeats));
                    prop_assert!(line.len() <= LONGEST_LINE, "{}", line.len());
                    prop_assert!(from_str::<Value>(&line).is_ok(), "{}", line);
                }
            }
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let line = line(Level::WARN, &[("resource", &"ü".repeat(2000))], &"x".repeat(50_000));
        let json: Value = from_str(&line).unwrap();
        let (resource, message) = (json["resource"].as_str(), json["message"].as_str());
        assert!(resource.unwrap().ends_with("ü…") && message.unwrap().ends_with("x…"));
        assert!(line.len() > 25_000, "{}", line.len());
    }
}
