//! Comma-separated values for spreadsheets ("Common Format and MIME Type for Comma-Separated Values (CSV)
//! Files", RFC 4180).

use app_roles::text::printable;

/// With these characters, spreadsheets begin a formula ("CSV Injection", OWASP). So do their full-width forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Adds a row, with its line break.
pub(crate) fn add_row<T: AsRef<str>>(text: &mut String, cells: impl IntoIterator<Item = T>) {
    for (index, one) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        add_cell(text, one.as_ref());
    }
    text.push_str("\r\n");
}

/// Adds a cell that no spreadsheet takes for a formula and no reader for several cells.
fn add_cell(text: &mut String, value: &str) {
    let value = printable(value);
    text.push('"');
    if value.trim_start().starts_with(FORMULA) {
        text.push('\'');
    }
    text.push_str(&value.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use app_roles::text::is_printable;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn cell(value: &str) -> String {
        let mut text = String::new();
        add_cell(&mut text, value);
        text
    }

    #[test]
    fn a_cell_that_spreadsheets_would_compute_begins_with_an_apostrophe() {
        for (value, expected) in [
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("\u{a0}=1", "\"'\u{a0}=1\""),
            ("＝1", "\"'＝1\""),
            ("\"=1\"", "\"\"\"=1\"\"\""),
            ("id-orders", "\"id-orders\""),
            ("a=b", "\"a=b\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(value), expected, "{value:?}");
        }
        for value in ["\t=1", "\r=1", "\n=1", "\u{202e}=1"] {
            assert_eq!(cell(value), "\"\u{fffd}=1\"", "{value:?}");
        }
    }

    /// Reads a row as other programs do.
    fn read(line: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let (mut is_quoted, mut rest) = (false, line.chars().peekable());
        while let Some(character) = rest.next() {
            match character {
                '"' if is_quoted && rest.next_if_eq(&'"').is_some() => {
                    cells.last_mut().unwrap().push('"');
                }
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => cells.push(String::new()),
                other => cells.last_mut().unwrap().push(other),
            }
        }
        cells
    }

    proptest! {
        #[test]
        fn the_cells_of_a_row_are_read_again(values in vec("[=+@\"', \\t\\r\\na-c-]{0,6}", 1..5)) {
            let mut text = String::new();
            add_row(&mut text, &values);
            let line = text.strip_suffix("\r\n").unwrap();
            prop_assert!(line.chars().all(is_printable));
            let cells = read(line);
            prop_assert_eq!(cells.len(), values.len());
            for (cell, value) in cells.iter().zip(&values) {
                let value = printable(value);
                prop_assert!(*cell == value || cell.strip_prefix('\'') == Some(&*value));
                prop_assert!(!cell.trim_start().starts_with(FORMULA));
            }
        }
    }
}
