//! The reader.
//!
//! It continues after a fault if the meaning is clear, for instance after a missing comma. After any other
//! fault it stops, and what it has read so far can still be examined.

use serde_json::Number;

use super::{
    cursor::Cursor,
    syntax::{SyntaxFault, SyntaxProblem},
    value::{Located, Location, Member, Members, Value},
};
use crate::byte_order_mark::without_byte_order_mark;

/// The largest number of levels: that of the JSON library, which reads all other documents.
const MOST_LEVELS: usize = 127;

/// A document, as far as it can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The value. `None` if the document is empty or is not text.
    pub root: Option<Located>,
    /// The faults of syntax, in the order of the document. Without any, the value is complete.
    pub faults: Vec<SyntaxFault>,
}

/// Reads a document as far as possible.
#[must_use]
pub fn read(document: &[u8]) -> Document {
    let document = without_byte_order_mark(document);
    let text = match std::str::from_utf8(document) {
        Ok(text) => text,
        Err(error) => {
            let valid = document.get(..error.valid_up_to()).unwrap_or_default();
            let mut cursor = Cursor::new(std::str::from_utf8(valid).unwrap_or_default());
            cursor.take(valid.len());
            return refused(cursor.location(), SyntaxProblem::NotUtf8);
        }
    };
    if text.bytes().all(is_space) {
        return refused(Location::START, SyntaxProblem::Empty);
    }
    let mut reader =
        Reader { cursor: Cursor::new(text), faults: Vec::new(), levels: 0, has_stopped: false };
    let root = reader.value();
    reader.skip_space();
    if !reader.has_stopped && reader.cursor.byte().is_some() {
        reader.fault(SyntaxProblem::MoreText);
    }
    Document { root: Some(root), faults: reader.faults }
}

fn refused(location: Location, problem: SyntaxProblem) -> Document {
    Document { root: None, faults: vec![SyntaxFault { location, problem }] }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    faults: Vec<SyntaxFault>,
    /// The number of arrays and objects around this place.
    levels: usize,
    /// Whether a fault has ended the reading.
    has_stopped: bool,
}

impl Reader<'_> {
    fn fault(&mut self, problem: SyntaxProblem) {
        self.fault_at(self.cursor.location(), problem);
    }

    fn fault_at(&mut self, location: Location, problem: SyntaxProblem) {
        if !self.has_stopped {
            self.faults.push(SyntaxFault { location, problem });
        }
    }

    fn stop(&mut self, problem: SyntaxProblem) {
        self.fault(problem);
        self.has_stopped = true;
    }

    /// Moves over whitespace and comments, which are faults.
    fn skip_space(&mut self) {
        loop {
            self.cursor.take_while(is_space);
            let rest = self.cursor.rest();
            let length = if rest.starts_with("//") || rest.starts_with('#') {
                rest.find(['\r', '\n']).unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.get(2..).and_then(|after| after.find("*/")).map_or(rest.len(), |at| at + 4)
            } else {
                return;
            };
            self.fault(SyntaxProblem::Comment);
            self.cursor.take(length);
        }
    }

    fn value(&mut self) -> Located {
        self.skip_space();
        let location = self.cursor.location();
        let value = match self.cursor.byte() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.text().map_or(Value::Unreadable, Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b',' | b']' | b'}' | b':') => {
                self.fault(SyntaxProblem::MissingValue);
                Value::Unreadable
            }
            Some(byte) if is_of_word(byte) => self.word(),
            Some(b'\'') => self.stopped(SyntaxProblem::SingleQuotes),
            Some(_) => self.stopped(SyntaxProblem::Unexpected),
            None => self.stopped(SyntaxProblem::EndsEarly),
        };
        Located { location, value }
    }

    fn stopped(&mut self, problem: SyntaxProblem) -> Value {
        self.stop(problem);
        Value::Unreadable
    }

    fn nested(&mut self, read: fn(&mut Self) -> Value) -> Value {
        if self.levels == MOST_LEVELS {
            return self.stopped(SyntaxProblem::TooDeep);
        }
        self.cursor.take(1);
        self.levels += 1;
        let value = read(self);
        self.levels -= 1;
        value
    }

    /// Reads an array from after its opening bracket. If reading stops inside it, its last item is
    /// unreadable.
    fn array(&mut self) -> Value {
        let mut items = Vec::new();
        while self.is_inside(b']', b'}') {
            items.push(self.value());
            self.separator(b']');
        }
        if self.has_stopped {
            items.push(Located { location: self.cursor.location(), value: Value::Unreadable });
        }
        Value::Array(items)
    }

    /// Reads an object from after its opening bracket.
    fn object(&mut self) -> Value {
        let mut members = Vec::new();
        while self.is_inside(b'}', b']') {
            let location = self.cursor.location();
            let Some(name) = self.name() else { break };
            self.skip_space();
            if !self.cursor.skip(b':') {
                let at_end = self.cursor.byte().is_none();
                let problem =
                    if at_end { SyntaxProblem::EndsEarly } else { SyntaxProblem::MissingColon };
                self.stop(problem);
                break;
            }
            let value = self.value();
            members.push(Member { name, location, value });
            self.separator(b'}');
        }
        Value::Object(Members { members, is_complete: !self.has_stopped })
    }

    /// Whether another item or member begins here. If not, moves over the closing bracket.
    fn is_inside(&mut self, close: u8, other: u8) -> bool {
        loop {
            self.skip_space();
            if self.has_stopped {
                return false;
            }
            match self.cursor.byte() {
                None => self.stop(SyntaxProblem::EndsEarly),
                Some(b',') => {
                    self.fault(SyntaxProblem::ExtraComma);
                    self.cursor.take(1);
                }
                Some(byte) if byte == close => {
                    self.cursor.take(1);
                    return false;
                }
                Some(byte) if byte == other => self.stop(SyntaxProblem::WrongBracket),
                Some(_) => return true,
            }
        }
    }

    /// Moves over the comma after an item or a member.
    fn separator(&mut self, close: u8) {
        self.skip_space();
        let location = self.cursor.location();
        if self.cursor.skip(b',') {
            self.skip_space();
            if self.cursor.byte() == Some(close) {
                self.fault_at(location, SyntaxProblem::TrailingComma);
            }
            return;
        }
        match self.cursor.byte() {
            None | Some(b']' | b'}') => {}
            Some(b'"' | b'{' | b'[' | b'-') => self.fault(SyntaxProblem::MissingComma),
            Some(byte) if is_of_word(byte) => self.fault(SyntaxProblem::MissingComma),
            Some(_) => self.stop(SyntaxProblem::Unexpected),
        }
    }

    /// Reads the name of a member. `None` if the reading has stopped.
    fn name(&mut self) -> Option<String> {
        match self.cursor.byte()? {
            b'"' => {
                let name = self.text();
                // The fault is already noted, and no member has this name.
                (!self.has_stopped).then(|| name.unwrap_or_default())
            }
            byte if is_of_word(byte) => {
                self.fault(SyntaxProblem::BareName);
                Some(self.cursor.take_while(is_of_word).to_owned())
            }
            b'\'' => {
                self.stop(SyntaxProblem::BareName);
                None
            }
            _ => {
                self.stop(SyntaxProblem::Unexpected);
                None
            }
        }
    }

    fn word(&mut self) -> Value {
        let location = self.cursor.location();
        match self.cursor.take_while(is_of_word) {
            "null" => Value::Null,
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            _ => {
                self.fault_at(location, SyntaxProblem::UnknownWord);
                Value::Unreadable
            }
        }
    }

    fn number(&mut self) -> Value {
        let location = self.cursor.location();
        let text = self.cursor.take_while(|byte| is_of_word(byte) || b"+-.".contains(&byte));
        serde_json::from_str::<Number>(text).map_or_else(
            |_| {
                self.fault_at(location, SyntaxProblem::Number);
                Value::Unreadable
            },
            Value::Number,
        )
    }

    /// Reads a string. `None` if it has a fault.
    fn text(&mut self) -> Option<String> {
        let location = self.cursor.location();
        let Some(length) = length_of_text(self.cursor.rest()) else {
            self.stop(SyntaxProblem::UnendedText);
            return None;
        };
        let text = self.cursor.take(length);
        if let Ok(text) = serde_json::from_str(text) {
            return Some(text);
        }
        let has_control = text.bytes().any(|byte| byte < b' ');
        let problem =
            if has_control { SyntaxProblem::ControlCharacter } else { SyntaxProblem::Escape };
        self.fault_at(location, problem);
        None
    }
}

/// The length in bytes of the string at the beginning of a text, with its quotes. `None` if it does not end
/// on its line.
fn length_of_text(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\r' | b'\n' => return None,
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}
