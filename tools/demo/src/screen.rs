//! What the demo prints, in lines that fit the terminal.

use std::{
    fmt,
    io::{self, Write},
};

/// The width for a file or a pipe: that of the narrowest usual terminal.
const USUAL_WIDTH: usize = 80;
/// In a wider terminal, lines do not get longer: the eye would lose them.
const WIDEST: usize = 100;
/// A narrower terminal breaks lines by itself.
const NARROWEST: usize = 40;

/// Standard output does not accept what is printed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output: {0}")]
pub struct OutputError(io::Error);

impl OutputError {
    /// Whether the reader of a pipe has ended, like `head` after its last line. That is no failure.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// The place where the demo prints.
pub struct Screen {
    output: Box<dyn Write + Send>,
    width: usize,
}

impl Screen {
    /// Standard output, as wide as its terminal.
    #[must_use]
    pub fn of_this_process() -> Self {
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self::new(io::stdout(), width.unwrap_or(USUAL_WIDTH))
    }

    /// An output with lines of this width, as far as that is readable.
    #[must_use]
    pub fn new(output: impl Write + Send + 'static, width: usize) -> Self {
        Self { output: Box::new(output), width: width.clamp(NARROWEST, WIDEST) }
    }

    /// The longest line.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Prints a line as it is, for example a command.
    ///
    /// # Errors
    ///
    /// If the output accepts no more.
    pub fn line(&mut self, text: impl fmt::Display) -> Result<(), OutputError> {
        writeln!(self.output, "{text}").map_err(OutputError)
    }

    /// Prints a sentence, and breaks it between words.
    ///
    /// # Errors
    ///
    /// If the output accepts no more.
    pub fn prose(&mut self, text: &str) -> Result<(), OutputError> {
        wrapped(text, self.width).iter().try_for_each(|line| self.line(line))
    }

    /// Prints a sentence in lines that begin with a margin.
    ///
    /// # Errors
    ///
    /// If the output accepts no more.
    pub fn indented(&mut self, margin: usize, text: &str) -> Result<(), OutputError> {
        let lines = wrapped(text, self.width.saturating_sub(margin));
        lines.iter().try_for_each(|line| self.line(format_args!("{:margin$}{line}", "")))
    }
}

/// Breaks a text between words into lines of at most this width. A longer word, for example an id, stays
/// whole.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The number of columns of a text: the demo prints no wide characters.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_never_inside_one() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrapped("an identifier-that-is-long here", 10),
            ["an", "identifier-that-is-long", "here"]
        );
        assert!(wrapped("", 10).is_empty());
    }

    #[test]
    fn a_closed_pipe_is_told_from_a_full_disk() {
        let of = |kind: io::ErrorKind| OutputError(io::Error::from(kind)).is_closed_pipe();
        assert!(of(io::ErrorKind::BrokenPipe));
        assert!(!of(io::ErrorKind::StorageFull));
    }
}
