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

    /// Colors a text.
    pub(super) fn paint(self, text: &str) -> String {
        format!("\u{1b}[{}m{text}\u{1b}[0m", self.number())
    }
}
