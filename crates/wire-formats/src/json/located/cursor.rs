//! A position in a text that knows its line and column.

use super::value::Location;

/// A position in a text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    location: Location,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, offset: 0, location: Location::START }
    }

    pub(super) fn location(&self) -> Location {
        self.location
    }

    /// The text from here.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    /// The byte here. `None` at the end.
    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    /// Moves over this many bytes, which must be whole characters, and returns them.
    pub(super) fn take(&mut self, length: usize) -> &'a str {
        let taken = self.rest().get(..length).unwrap_or(self.rest());
        let mut before = self.offset.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        for byte in taken.as_bytes() {
            let Location { line, column } = self.location;
            self.location = match byte {
                // The carriage return has ended the line.
                b'\n' if before == Some(&b'\r') => self.location,
                b'\n' | b'\r' => Location { line: line + 1, column: 1 },
                // All but the first byte of a character.
                0x80..=0xBF => self.location,
                _ => Location { line, column: column + 1 },
            };
            before = Some(byte);
        }
        self.offset += taken.len();
        taken
    }

    /// Moves over ASCII bytes as long as they match `fits`, and returns them.
    pub(super) fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let length = self.rest().bytes().take_while(|byte| byte.is_ascii() && fits(*byte)).count();
        self.take(length)
    }

    /// Moves over a byte of ASCII if it is here.
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let is_here = self.byte() == Some(byte);
        if is_here {
            self.take(1);
        }
        is_here
    }
}
