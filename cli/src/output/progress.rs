//! Progress: one line on standard error, on a terminal only.

use std::io::{IsTerminal as _, Write as _};

use super::{text::shown, wrapping::columns};

/// Moves the cursor to the start of the line and clears it ("ECMA-48", Erase in Line).
const CLEAR_LINE: &str = "\r\u{1b}[K";

/// The width of a progress bar, in columns.
const BAR_WIDTH: usize = 20;

/// A progress line. It is replaced by each update, and cleared on drop.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    /// Starts with a text.
    pub(crate) fn start(text: &str) -> Self {
        let progress = Self { shown: std::io::stderr().is_terminal() };
        progress.say(text);
        progress
    }

    /// Shows a bar, and a text after it.
    pub(crate) fn bar(&self, done: usize, all: usize, text: &str) {
        let filled = (done * BAR_WIDTH).checked_div(all).unwrap_or(BAR_WIDTH).min(BAR_WIDTH);
        let (filled, empty) = ("█".repeat(filled), "░".repeat(BAR_WIDTH - filled));
        self.say(&format!("{filled}{empty} {done} of {all}: {text}"));
    }

    /// Replaces the text.
    pub(crate) fn say(&self, text: &str) {
        if self.shown {
            let mut error = std::io::stderr();
            let _ = write!(error, "{CLEAR_LINE}{}", in_one_row(text, columns(&error)));
            let _ = error.flush();
        }
    }
}

/// Returns the part of a text that fits into one row, because only one row can be cleared.
fn in_one_row(text: &str, columns: Option<u16>) -> String {
    let columns = columns.map_or(usize::MAX, |columns| usize::from(columns.saturating_sub(1)));
    shown(text).chars().take(columns).collect()
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_line_is_one_printable_row() {
        assert_eq!(in_one_row("a\u{1b}[2J\r\u{202e}\nb", None), "a\u{fffd}[2J \u{fffd} b");
        assert_eq!(in_one_row("waiting for the broker", Some(8)), "waiting");
    }
}
