//! Colors.

/// The meaning of a color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A success.
    Good,
    /// An error.
    Bad,
    /// A warning.
    Warning,
}

impl Tone {
    /// The number of the color ("ECMA-48", Select Graphic Rendition).
    fn number(self) -> u8 {
        match self {
            Self::Good => 32,
            Self::Bad => 31,
            Self::Warning => 33,
        }
    }
}

<<<<<<< HEAD
/// Whether anybody has said that they want none: by the option, by `NO_COLOR` ("`NO_COLOR`: disabling ANSI
/// color output by default") or by a terminal that knows none.
#[expect(clippy::disallowed_methods, reason = "the terminal describes itself in the environment")]
pub(super) fn colour_is_wanted(no_color: bool) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !no_color && !is_set("NO_COLOR") && !is_dumb
}

pub(super) fn painted(tone: Tone, text: &str, colour: bool) -> String {
    if colour { format!("\u{1b}[{}m{text}\u{1b}[0m", tone.number()) } else { text.to_owned() }
=======
/// Colors a text, if `color` is set.
pub(super) fn painted(tone: Tone, text: &str, color: bool) -> String {
    if color { format!("\u{1b}[{}m{text}\u{1b}[0m", tone.number()) } else { text.to_owned() }
>>>>>>> main
}
