//! The byte order mark of UTF-8.
//!
//! RFC 8259 ("The JavaScript Object Notation (JSON) Data Interchange Format", section 8.1) lets a reader
//! ignore it. Windows editors and .NET's `Encoding.UTF8` write it.

/// U+FEFF in UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The text without one byte order mark at its beginning.
#[must_use]
pub fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// The text without a byte order mark, and without ASCII whitespace around the rest.
#[must_use]
pub fn trimmed(text: &[u8]) -> &[u8] {
    without_byte_order_mark(text.trim_ascii()).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mark_at_the_beginning_is_removed_and_nothing_else() {
        for (text, rest) in [
            ("\u{feff}{}", "{}"),
            ("{}", "{}"),
            ("", ""),
            ("\u{feff}", ""),
            ("\u{feff}\u{feff}{}", "\u{feff}{}"),
            ("{\u{feff}}", "{\u{feff}}"),
        ] {
            assert_eq!(without_byte_order_mark(text.as_bytes()), rest.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn whitespace_around_the_mark_is_removed_with_it() {
        assert_eq!(trimmed("\r\n\u{feff} {} \n".as_bytes()), b"{}");
    }
}
