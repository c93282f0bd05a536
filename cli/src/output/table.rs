//! Tables.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};

use super::{
    text::shown,
    wrapping::{broken, columns, width},
};

/// Spaces between columns.
const SPACE_BETWEEN_COLUMNS: usize = 2;

/// The smallest width at which a column of texts can be read.
const MIN_TEXT_WIDTH: usize = 12;

/// Formats rows as a table, with or without headers. Empty columns are left out, and control characters
/// are replaced, because texts come from the directory.
///
/// On a terminal, the table fits its width, and no word is broken, so that an ID can be copied. If the
/// columns would be too narrow for that, each cell is a line. Elsewhere, each row is one line.
pub(crate) fn table(headers: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<_> = rows.map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    fitted(headers, &rows, columns(&std::io::stdout()).map(usize::from))
}

/// Formats rows of printable cells for a terminal with this number of columns, or for no terminal.
fn fitted(headers: &[&str], rows: &[Vec<String>], columns: Option<usize>) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default().max(headers.len());
    let all = (0..count).map(|index| Column::of(headers, rows, index));
    let used: Vec<_> = all.filter(|column| column.is_used).collect();
    let smallest =
        used.iter().map(|column| column.smallest() + SPACE_BETWEEN_COLUMNS).sum::<usize>();
    match columns {
        Some(columns) if smallest > columns && headers.is_empty() => lines(rows, columns),
        Some(columns) if smallest > columns => records(headers, rows, columns),
        _ => in_columns(headers, rows, (&used, columns)),
    }
}

/// A column of a table.
struct Column {
    index: usize,
    /// Whether a cell is not empty.
    is_used: bool,
    /// The width of the longest cell.
    width: usize,
    /// The width of the longest word.
    longest_word: usize,
}

impl Column {
    fn of(headers: &[&str], rows: &[Vec<String>], index: usize) -> Self {
        let cells = || rows.iter().filter_map(|row| row.get(index)).map(String::as_str);
        let with_header = || cells().chain(headers.get(index).copied());
        Self {
            index,
            is_used: cells().any(|cell| !cell.is_empty()),
            width: with_header().map(width).max().unwrap_or_default(),
            longest_word: with_header().map(longest_word).max().unwrap_or_default(),
        }
    }

    /// The smallest width at which no word is broken and texts can be read.
    fn smallest(&self) -> usize {
        self.longest_word.max(self.width.min(MIN_TEXT_WIDTH))
    }
}

fn longest_word(text: &str) -> usize {
    text.split(' ').map(width).max().unwrap_or_default()
}

/// Formats each row as one line, or as lines in columns that fit the terminal.
fn in_columns(
    headers: &[&str],
    rows: &[Vec<String>],
    (used, columns): (&[Column], Option<usize>),
) -> String {
    let short = |width: usize| u16::try_from(width).unwrap_or(u16::MAX);
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if let Some(columns) = columns {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(short(columns));
    }
    if !headers.is_empty() {
        table.set_header(used.iter().filter_map(|column| headers.get(column.index)));
    }
    for row in rows {
        let cell = |column: &Column| row.get(column.index).map_or("", String::as_str);
        table.add_row(used.iter().map(cell));
    }
    for (column, known) in table.column_iter_mut().zip(used) {
        column.set_padding((0, short(SPACE_BETWEEN_COLUMNS)));
        let smallest = Width::Fixed(short(known.smallest() + SPACE_BETWEEN_COLUMNS));
        column.set_constraint(if known.width == known.longest_word {
            ColumnConstraint::ContentWidth
        } else {
            ColumnConstraint::LowerBoundary(smallest)
        });
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    lines.join("\n")
}

/// Formats each row as lines, one for each cell that is not empty, with an empty line between rows.
fn records(headers: &[&str], rows: &[Vec<String>], columns: usize) -> String {
    let label_width = headers.iter().map(|header| width(header)).max().unwrap_or_default()
        + SPACE_BETWEEN_COLUMNS;
    let record = |row: &Vec<String>| {
        let cells = headers.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let lines = cells.map(|(header, cell)| {
            broken(&format!("{header:<label_width$}{cell}"), label_width, columns)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
}

/// Formats each row without headers as a text, which begins below the second cell.
fn lines(rows: &[Vec<String>], columns: usize) -> String {
    let first = rows.iter().filter_map(|row| row.first()).map(|cell| width(cell)).max();
    let (first, space) = (first.unwrap_or_default(), " ".repeat(SPACE_BETWEEN_COLUMNS));
    let line = |row: &Vec<String>| {
        let mut cells = row.iter().map(String::as_str);
        let sign = cells.next().unwrap_or_default();
        let rest = cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(&space);
        broken(&format!("{sign:<first$}{space}{rest}"), first + SPACE_BETWEEN_COLUMNS, columns)
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use app_roles::text::is_printable;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_name_cannot_move_the_cursor_or_end_its_row() {
        let rows = [vec!["a\u{1b}[2J\u{202e}\nb".to_owned(), "c".to_owned()]];
        let text = table(&["NAME", "ROLE"], rows.into_iter());
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.chars().all(|c| c == '\n' || is_printable(c)), "{text:?}");
    }

    const ID: &str = "c0a70500-0000-4000-8000-0000000000d1";

    #[test]
    fn a_table_that_does_not_fit_has_a_line_for_each_cell() {
        let rows = || vec![vec![ID.to_owned(), "Orders.Read".to_owned(), "of Orders".to_owned()]];
        let headers = ["OBJECT ID", "ROLE", "TEXT"];
        let wide = format!("{:<38}ROLE         TEXT\n{ID}  Orders.Read  of Orders", "OBJECT ID");
        assert_eq!(fitted(&headers, &rows(), Some(62)), wide);
        let narrow = format!("OBJECT ID  {ID}\nROLE       Orders.Read\nTEXT       of Orders");
        assert_eq!(fitted(&headers, &rows(), Some(60)), narrow);
        let narrowest =
            format!("OBJECT ID\n    {ID}\nROLE       Orders.Read\nTEXT       of Orders");
        assert_eq!(fitted(&headers, &rows(), Some(40)), narrowest);
        assert_eq!(fitted(&headers, &rows(), None), wide);
        let signs = vec![vec!["✓".to_owned(), "sign-in".to_owned(), format!("you are {ID}")]];
        assert_eq!(fitted(&[], &signs, Some(40)), format!("✓  sign-in  you are\n   {ID}"));
    }

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            Just(ID.to_owned()),
            "[A-Z][a-z]{2,12}\\.[A-Z][A-Za-z]{2,12}\\.All",
            "/subscriptions/[0-9a-f]{8}/resourceGroups/rg-[a-z]{3,20}",
            "[a-z ]{0,60}",
            "[受注管理 ]{0,40}",
            vec("[A-Za-z.-]{1,30}", 1..6).prop_map(|words| words.join(" ")),
        ]
    }

    proptest! {
        #[test]
        fn no_word_is_broken_and_no_line_is_too_long(
            rows in vec(vec(cell(), 4), 1..5),
            columns in prop::sample::select(vec![40_usize, 60, 80, 100]),
            has_headers: bool,
        ) {
            let headers = if has_headers { &["PRINCIPAL", "OBJECT ID", "API", "TOKENS UNTIL"][..] } else { &[] };
            let text = fitted(headers, &rows, Some(columns));
            let printed: Vec<_> = text.split_whitespace().collect();
            for word in rows.iter().flatten().flat_map(|cell| cell.split_whitespace()) {
                prop_assert!(printed.contains(&word), "{:?} is broken in\n{}", word, text);
            }
            for line in text.lines() {
                let is_one_word = line.split_whitespace().count() <= 1 || line.contains("/subscriptions");
                prop_assert!(width(line) <= columns || is_one_word, "too long: {:?}\n{}", line, text);
            }
        }
    }
}
