//! Wrapping lines between words at the width of the terminal.

use std::io::IsTerminal;

use unicode_width::UnicodeWidthStr as _;

/// The start of a color, which has no width ("ECMA-48", Control Sequence Introducer).
const ESCAPE: char = '\u{1b}';

/// The end of a color.
const END_OF_COLOR: char = 'm';

/// Wraps the lines of a text for a terminal. For other streams, the text stays as it is. Lines that
/// continue another one begin with `indent` spaces, unless that is half of the terminal.
pub(super) fn wrapped(text: &str, indent: usize, stream: &impl IsTerminal) -> String {
    match columns(stream) {
        None => text.to_owned(),
        Some(columns) => {
            let columns = usize::from(columns);
            let indent = if indent * 2 <= columns { indent } else { 0 };
            let lines = text.split('\n').map(|line| broken(line, indent, columns));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Returns the width of the terminal; `None` if the stream is not a terminal.
pub(super) fn columns(stream: &impl IsTerminal) -> Option<u16> {
    let size = stream.is_terminal().then(terminal_size::terminal_size).flatten();
    size.map(|(columns, _)| columns.0)
}

/// Wraps a line before each word that does not fit. A word that is too long behind the indent gets less of
/// it, so that the terminal does not break it.
pub(super) fn broken(line: &str, indent: usize, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let (mut lines, mut current) = (Vec::new(), String::new());
    for (index, word) in line.split(' ').enumerate() {
        let (used, needed) = (width(&current), width(word));
        let start = indent.min(columns.saturating_sub(needed));
        if needed > 0 && used > 0 && used >= start && used + 1 + needed > columns {
            let finished = std::mem::replace(&mut current, " ".repeat(start));
            lines.push(finished.trim_end().to_owned());
        } else if index > 0 {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current.trim_end().to_owned());
    // A line that is only indented would be empty.
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Returns the width of a text on a terminal, in columns. Chinese characters take two, accents none ("East
/// Asian Width", Unicode Standard Annex 11).
pub(super) fn width(text: &str) -> usize {
    let mut is_color = false;
    let seen: String = text
        .chars()
        .filter(|character| {
            let is_seen = !is_color && *character != ESCAPE;
            is_color = *character == ESCAPE || (is_color && *character != END_OF_COLOR);
            is_seen
        })
        .collect();
    seen.width()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_wrapped_between_words_and_colors_have_no_width() {
        let line = "\u{1b}[32mgranted\u{1b}[0m: Orders.Read on Orders API";
        assert_eq!(broken(line, 0, 20), "\u{1b}[32mgranted\u{1b}[0m: Orders.Read\non Orders API");
        assert_eq!(broken(line, 0, 34), line);
        assert_eq!(broken(line, 2, 20), "\u{1b}[32mgranted\u{1b}[0m: Orders.Read\n  on Orders API");
        assert_eq!(broken("/subscriptions/contoso x", 0, 5), "/subscriptions/contoso\nx");
    }

    #[test]
    fn a_wide_character_takes_two_columns_and_an_accent_none() {
        for (text, columns) in [
            ("Orders", 6),
            ("受注", 4),
            ("u\u{308}ber", 4),
            ("über", 4),
            ("✓", 1),
            ("\u{1b}[32m注\u{1b}[0m", 2),
        ] {
            assert_eq!(width(text), columns, "{text}");
        }
        assert_eq!(broken("受注 受注", 0, 8), "受注\n受注");
    }

    proptest! {
        #[test]
        fn only_spaces_become_line_breaks(line in "[a-z ]{0,80}", columns in 1_usize..40) {
            let text = broken(&line, 0, columns);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&text), words(&line));
            for line in text.lines() {
                prop_assert!(width(line) <= columns || !line.trim().contains(' '), "{:?}", line);
            }
        }
    }
}
