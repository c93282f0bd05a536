//! What people and programs see: tables and JSON on standard output, everything else on standard
//! error.

mod paging;
mod progress;
mod style;
mod wrapping;

use std::io::{IsTerminal as _, Write as _};

use app_roles::text::is_printable;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets::NOTHING};
pub(crate) use paging::Paging;
pub(crate) use progress::Progress;
use serde::Serialize;
pub(crate) use style::Tone;
use style::{colour_is_wanted, painted};
use wrapping::{columns, wrapped};

use crate::{
    arguments::{Format, GlobalOptions},
    failure::{Exit, Failure},
};

/// Spaces between columns.
const SPACE_BETWEEN_COLUMNS: u16 = 2;

/// How long object ids and ids of roles are, in columns.
const LENGTH_OF_ID: u16 = 36;

/// Where output goes and how it looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    format: Format,
    /// Whether standard output shows colours.
    colour: bool,
    /// Whether standard error does.
    error_colour: bool,
}

impl Screen {
    pub(crate) fn new(global: &GlobalOptions) -> Self {
        let wanted = colour_is_wanted(global.no_color);
        Self {
            format: global.output,
            colour: wanted && std::io::stdout().is_terminal(),
            error_colour: wanted && std::io::stderr().is_terminal(),
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// A line for people. Where programs read standard output, it goes to standard error.
    pub(crate) fn say(self, line: &str) {
        if self.is_json() { self.note(line) } else { print(&wrapped(line, &std::io::stdout())) }
    }

    /// A line beside what was asked for, for people only.
    pub(crate) fn note(self, line: &str) {
        // Nobody can be told that standard error is closed.
        let _ = writeln!(std::io::stderr(), "{}", wrapped(line, &std::io::stderr()));
    }

    /// A text in a colour, for [`Screen::say`].
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        painted(tone, text, if self.is_json() { self.error_colour } else { self.colour })
    }

    /// A document for programs.
    pub(crate) fn json(self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(document)
            .map_err(|error| Failure::failed(format!("the result is no JSON: {error}")))?;
        print(&text);
        Ok(())
    }

    /// A list: a table for people, an array for programs.
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

    /// Says why a command ends, and how it ends.
    pub(crate) fn fail(self, failure: &Failure) -> Exit {
        let word = painted(Tone::Bad, "error:", self.error_colour);
        self.note(&format!("{word} {}", shown(&failure.sentence)));
        if let Some(hint) = &failure.hint {
            self.note(&format!("hint: {}", shown(hint)));
        }
        failure.exit
    }
}

fn print(text: &str) {
    // Whoever closes standard output has seen enough.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Rows under headers, or under none. Texts come from the directory and from the command line, so they are shown, not
/// obeyed. A column in which nothing stands is left out.
///
/// On a terminal they are as wide as that; elsewhere a row is a line, however long.
pub(crate) fn table(headers: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<_> = rows.collect();
    let is_used = |column: usize| {
        rows.iter().any(|row: &Vec<String>| row.get(column).is_some_and(|cell| !cell.is_empty()))
    };
    let mut table = Table::new();
    table.load_style(NOTHING);
    if !headers.is_empty() {
        table.set_header(used(headers, is_used));
    }
    match columns(&std::io::stdout()) {
        Some(columns) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns)
        }
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    for row in &rows {
        table.add_row(used(row, is_used).map(|cell| shown(cell)));
    }
    let widths = table.column_max_content_widths();
    for (column, width) in table.column_iter_mut().zip(widths) {
        column.set_padding((0, SPACE_BETWEEN_COLUMNS));
        if width == LENGTH_OF_ID {
            // Half an id is no use to anybody who copies it.
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    lines.join("\n")
}

/// The cells of a row that are in columns which are used.
fn used<T>(row: &[T], is_used: impl Fn(usize) -> bool) -> impl Iterator<Item = &T> {
    row.iter().enumerate().filter(move |(column, _)| is_used(*column)).map(|(_, cell)| cell)
}

/// A text in one line, with nothing in it that would move the cursor, reverse the line or cannot be
/// seen.
pub(crate) fn shown(text: &str) -> String {
    let visible = |character| match character {
        '\n' | '\r' | '\t' => ' ',
        character if is_printable(character) => character,
        _ => '\u{FFFD}',
    };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_move_the_cursor_or_end_its_row() {
        let rows = [vec!["a\u{1b}[2J\u{202e}\nb".to_owned(), "c".to_owned()]];
        let text = table(&["NAME", "ROLE"], rows.into_iter());
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.chars().all(|c| c == '\n' || is_printable(c)), "{text:?}");
    }
}
