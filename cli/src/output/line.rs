//! Lines for people.

use super::{style::Tone, text::shown};

/// A line for people.
///
/// Its texts may come from anywhere: they are shown as one line, and only a [`Tone`] becomes a color.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Option<Tone>, String)>);

impl Line {
    /// A text in a color.
    pub(crate) fn painted(tone: Tone, text: &str) -> Self {
        Self::default().then_painted(tone, text)
    }

    /// Appends a text.
    #[must_use]
    pub(crate) fn then(mut self, text: &str) -> Self {
        self.0.push((None, text.to_owned()));
        self
    }

    /// Appends a text in a color.
    #[must_use]
    pub(crate) fn then_painted(mut self, tone: Tone, text: &str) -> Self {
        self.0.push((Some(tone), text.to_owned()));
        self
    }

    /// Appends a line.
    #[must_use]
    pub(crate) fn then_line(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the line as it is written, with or without colors.
    pub(super) fn rendered(&self, color: bool) -> String {
        let spans = self.0.iter().map(|(tone, text)| match tone {
            Some(tone) if color => tone.paint(&shown(text)),
            _ => shown(text),
        });
        spans.collect()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::default().then(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self(vec![(None, text)])
    }
}

#[cfg(test)]
mod tests {
    use app_roles::text::is_printable;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_cannot_choose_a_color() {
        let line = Line::painted(Tone::Bad, "no\u{1b}[0m").then(": \u{1b}[32mgranted\u{9b}0m");
        let expected = "\u{1b}[31mno\u{fffd}[0m\u{1b}[0m: \u{fffd}[32mgranted\u{fffd}0m";
        assert_eq!(line.rendered(true), expected);
    }

    proptest! {
        #[test]
        fn a_line_without_colors_is_one_printable_line(first: String, second: String) {
            let line = Line::painted(Tone::Good, &first).then(&second).rendered(false);
            prop_assert!(line.chars().all(is_printable));
        }
    }
}
