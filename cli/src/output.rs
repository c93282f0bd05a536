//! Output: tables and JSON on standard output, everything else on standard error.

mod paging;
mod progress;
mod style;
mod table;
mod text;
mod wrapping;

use std::io::{IsTerminal as _, Write as _};

pub(crate) use paging::Paging;
pub(crate) use progress::Progress;
use serde::Serialize;
pub(crate) use style::Tone;
use style::painted;
pub(crate) use table::table;
pub(crate) use text::shown;
use wrapping::wrapped;

use crate::{
    environment,
    exit::Exit,
    failure::Failure,
    options::{Format, GlobalOptions},
};

/// Standard output and standard error, and their format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    format: Format,
    /// Whether standard output shows colors.
    color: bool,
    /// Whether standard error shows colors.
    error_color: bool,
}

impl Screen {
    /// The screen for the format and the colors of the options.
    pub(crate) fn new(global: &GlobalOptions) -> Self {
        let color = !global.no_color && !environment::colors_are_disabled();
        Self {
            format: global.output,
            color: color && std::io::stdout().is_terminal(),
            error_color: color && std::io::stderr().is_terminal(),
        }
    }

    /// Returns whether the output is JSON.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints a line for people. With JSON output, it goes to standard error.
    pub(crate) fn say(self, line: &str) {
        if self.is_json() { self.note(line) } else { print(&wrapped(line, &std::io::stdout())) }
    }

    /// Prints a table for people. With JSON output, it goes to standard error.
    pub(crate) fn table(self, headers: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let text = table(headers, rows);
        if self.is_json() {
            let _ = writeln!(std::io::stderr(), "{text}");
        } else {
            print(&text);
        }
    }

    /// Prints a remark to standard error.
    pub(crate) fn note(self, line: &str) {
        // An error of standard error cannot be reported.
        let _ = writeln!(std::io::stderr(), "{}", wrapped(line, &std::io::stderr()));
    }

    /// Colors a text for [`Screen::say`].
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        painted(tone, text, if self.is_json() { self.error_color } else { self.color })
    }

    /// Prints a JSON document.
    pub(crate) fn json(self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(document).map_err(|error| {
            Failure::failed(format!("cannot encode the result as JSON: {error}"))
        })?;
        print(&text);
        Ok(())
    }

    /// Prints a list: as a table, or as a JSON array.
    pub(crate) fn list<T: Serialize>(
        self,
        headers: &[&str],
        all: &[T],
        paging: Paging,
        columns: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), Failure> {
        let page = paging.of(all, !self.is_json() && std::io::stdout().is_terminal())?;
        if self.is_json() {
            self.json(&page.items)?;
        } else if !page.items.is_empty() {
            print(&table(headers, page.items.iter().map(columns)));
        }
        if let Some(remark) = page.remark {
            self.note(&remark);
        }
        Ok(())
    }

    /// Prints an error and its hint. Returns the exit status.
    pub(crate) fn fail(self, failure: &Failure) -> Exit {
        let word = painted(Tone::Bad, "error:", self.error_color);
        self.note(&format!("{word} {}", shown(&failure.sentence)));
        if let Some(hint) = &failure.hint {
            self.note(&format!("hint: {}", shown(hint)));
        }
        failure.exit
    }
}

fn print(text: &str) {
    // A reader that closes the pipe, like `head`, needs no more output.
    let _ = writeln!(std::io::stdout(), "{text}");
}
