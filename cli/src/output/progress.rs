//! How far something is that takes a while: one line on standard error, on a terminal only.

use std::io::{IsTerminal as _, Write as _};

/// Back to the beginning of the line, and nothing in it ("ECMA-48", Erase in Line).
const CLEAR_LINE: &str = "\r\u{1b}[K";

/// How long a bar is, in columns.
const BAR: usize = 20;

/// A line that is written over; it is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    pub(crate) fn start(text: &str) -> Self {
        let progress = Self { shown: std::io::stderr().is_terminal() };
        progress.say(text);
        progress
    }

    /// Shows how many of all are done, and this behind it.
    pub(crate) fn bar(&self, done: usize, all: usize, text: &str) {
        let filled = (done * BAR).checked_div(all).unwrap_or(BAR).min(BAR);
        let (filled, empty) = ("█".repeat(filled), "░".repeat(BAR - filled));
        self.say(&format!("{filled}{empty} {done} of {all}: {text}"));
    }

    /// Shows this in place of what was shown.
    pub(crate) fn say(&self, text: &str) {
        if self.shown {
            let mut error = std::io::stderr();
            let _ = write!(error, "{CLEAR_LINE}{text}");
            let _ = error.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}
