//! Values with their locations.

use std::fmt;

use serde_json::Number;

/// A place in a text, as editors count: from 1, and in characters. A tab is one character. `\n`, `\r\n` and
/// `\r` end a line. A byte order mark does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Location {
    /// The first character.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Location {
    /// Line and column as compilers write them, for instance `12:9`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// A value, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// Where the value begins.
    pub location: Location,
    /// The value.
    pub value: Value,
}

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Located>),
    /// An object.
    Object(Members),
    /// A value that cannot be read. The faults of the document say why.
    Unreadable,
}

/// The members of an object, in the order of the document. Names may be repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    /// The members.
    pub members: Vec<Member>,
    /// Whether the object was read to its end. If not, nothing can be said about missing members.
    pub is_complete: bool,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// Where the name begins.
    pub location: Location,
    /// The value.
    pub value: Located,
}

impl Value {
    /// The type of the value, in JSON's own terms.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(number) if number.is_f64() => "a decimal number",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Located {
    /// The part with this path, for instance `allow[2].name`. `None` if there is none. Of a repeated name,
    /// the first member counts.
    #[must_use]
    pub fn part(&self, path: &str) -> Option<&Self> {
        let mut part = self;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            part = match (&part.value, step.strip_suffix(']')) {
                (Value::Array(items), Some(index)) => items.get(index.parse::<usize>().ok()?)?,
                (Value::Object(object), None) => {
                    &object.members.iter().find(|member| member.name == step)?.value
                }
                _ => return None,
            };
        }
        Some(part)
    }
}
