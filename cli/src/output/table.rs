//! Tables.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets::NOTHING};

use super::{
    text::shown,
    wrapping::{columns, wrapped},
};

/// Spaces between columns.
const SPACE_BETWEEN_COLUMNS: u16 = 2;

/// The longest word that always stays in one piece: an ID, so that it can be copied.
const MAX_WORD_WIDTH: u16 = 36;

/// The smallest width at which a column of texts can be read.
const MIN_TEXT_WIDTH: u16 = 12;

/// Formats rows as a table, with or without headers. Empty columns are left out, and control characters
/// are replaced, because texts come from the directory.
///
/// On a terminal, the table fits its width; if the columns would be too narrow, each cell is a line.
/// Elsewhere, each row is one line.
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
    let has_spaces = |column: usize| {
        rows.iter().any(|row| row.get(column).is_some_and(|cell: &String| cell.contains(' ')))
    };
    let widths = table.column_max_content_widths();
    let used_columns = (0..).filter(|column| is_used(*column));
    let mut min_width = 0;
    for ((column, width), index) in table.column_iter_mut().zip(widths).zip(used_columns) {
        column.set_padding((0, SPACE_BETWEEN_COLUMNS));
        let is_word = width <= MAX_WORD_WIDTH && !has_spaces(index);
        if is_word {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        let needed = if is_word { width } else { width.min(MIN_TEXT_WIDTH) };
        min_width += needed + SPACE_BETWEEN_COLUMNS;
    }
    let is_too_wide = columns(&std::io::stdout()).is_some_and(|columns| min_width > columns);
    if is_too_wide && !headers.is_empty() {
        return records(headers, &rows);
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    lines.join("\n")
}

/// Formats each row as lines, one for each cell that is not empty, with an empty line between rows.
fn records(headers: &[&str], rows: &[Vec<String>]) -> String {
    let label_width = headers.iter().map(|header| header.chars().count()).max().unwrap_or_default()
        + usize::from(SPACE_BETWEEN_COLUMNS);
    let record = |row: &Vec<String>| {
        let cells = headers.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let lines = cells.map(|(header, cell)| {
            let line = format!("{header:<label_width$}{}", shown(cell));
            wrapped(&line, label_width, &std::io::stdout())
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
}

/// Returns the cells of a row that are not in empty columns.
fn used<T>(row: &[T], is_used: impl Fn(usize) -> bool) -> impl Iterator<Item = &T> {
    row.iter().enumerate().filter(move |(column, _)| is_used(*column)).map(|(_, cell)| cell)
}

#[cfg(test)]
mod tests {
    use app_roles::text::is_printable;

    use super::*;

    #[test]
    fn a_name_cannot_move_the_cursor_or_end_its_row() {
        let rows = [vec!["a\u{1b}[2J\u{202e}\nb".to_owned(), "c".to_owned()]];
        let text = table(&["NAME", "ROLE"], rows.into_iter());
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.chars().all(|c| c == '\n' || is_printable(c)), "{text:?}");
    }
}
