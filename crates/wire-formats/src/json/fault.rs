//! Faults of documents.
//!
//! No fault repeats a value, because a document may contain keys. Paths consist of the names of known fields
//! and of positions.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// A fault in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path from the fault to the document's root.
    reversed_path: Vec<Step>,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

/// What is wrong at the place of a fault. `Display` completes a sentence whose subject is the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The document has no text.
    Empty,
    /// The document is not JSON.
    NotJson {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// The document ends before its JSON is complete.
    EndsEarly {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// The document has more levels than a reader accepts.
    TooDeep,
    /// The value is of another type.
    WrongType {
        /// What the value must be.
        expected: String,
        /// What the value is, for example `a number`.
        found: &'static str,
    },
    /// A required field is missing.
    MissingField(&'static str),
    /// The object has a field that the format does not have.
    UnknownField {
        /// The name of the field. It may be any text, even a key in the wrong place.
        name: String,
        /// The fields of the format.
        known: &'static [&'static str],
    },
    /// A field occurs twice.
    RepeatedField(&'static str),
    /// The text is none of these words.
    UnknownWord(&'static [&'static str]),
    /// A fault that the type of the value describes.
    Value(String),
}

impl Fault {
    /// The path, for instance `roles[2]`. `None` for the document itself.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        let mut path = String::new();
        for step in self.reversed_path.iter().rev() {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.extend([".", name]),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        (!path.is_empty()).then_some(path)
    }

    /// The problem at this place.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The fault as a sentence about the document of this name, or about a place in it.
    #[must_use]
    pub fn in_document(&self, document: &str) -> String {
        format!("{}: {}", self.path().as_deref().unwrap_or(document), self.problem)
    }

    /// The fault, seen from the object around it.
    pub(super) fn below_field(mut self, name: &str) -> Self {
        self.reversed_path.push(Step::Field(name.to_owned()));
        self
    }

    /// The fault, seen from the array around it.
    pub(super) fn below_index(mut self, index: usize) -> Self {
        self.reversed_path.push(Step::Index(index));
        self
    }

    fn here(problem: Problem) -> Self {
        Self { reversed_path: Vec::new(), problem }
    }

    /// A value that must be something else.
    pub(super) fn wrong_type(expected: &str, found: &'static str) -> Self {
        Self::here(Problem::WrongType { expected: expected.to_owned(), found })
    }
}

/// The fault of a text that is not JSON.
pub(super) fn of_text(document: &[u8], error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    Fault::here(if document.trim_ascii().is_empty() {
        Problem::Empty
    } else if error.is_eof() {
        Problem::EndsEarly { line, column }
    } else if error.to_string().starts_with("recursion limit") {
        Problem::TooDeep
    } else {
        Problem::NotJson { line, column }
    })
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("is empty"),
            Self::NotJson { line, column } => {
                write!(formatter, "is not JSON; see line {line}, column {column}")
            }
            Self::EndsEarly { line, column } => {
                write!(formatter, "is not complete: it ends at line {line}, column {column}")
            }
            Self::TooDeep => formatter.write_str("has too many levels"),
            Self::WrongType { expected, found } => {
                write!(formatter, "must be {expected}, but is {found}")
            }
            Self::MissingField(name) => write!(formatter, "the field `{name}` is missing"),
            Self::UnknownField { known, .. } => {
                write!(formatter, "unknown field; the fields are {}", quoted(known))
            }
            Self::RepeatedField(name) => write!(formatter, "the field `{name}` occurs twice"),
            Self::UnknownWord(known) => {
                write!(formatter, "must be one of the words {}", quoted(known))
            }
            Self::Value(problem) => formatter.write_str(problem),
        }
    }
}

/// Names in backticks.
fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.in_document("the document"))
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self::here(Problem::Value(problem.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong_type(&expected.to_string(), name_of(found))
    }

    fn invalid_value(found: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::here(Problem::Value(format!("has {} that is not possible here", name_of(found))))
    }

    fn invalid_length(length: usize, _: &dyn Expected) -> Self {
        Self::here(Problem::Value(format!("has {length} items, which is not possible here")))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::here(Problem::UnknownWord(expected))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::here(Problem::UnknownField { name: name.to_owned(), known })
    }

    fn missing_field(name: &'static str) -> Self {
        Self::here(Problem::MissingField(name))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::here(Problem::RepeatedField(name))
    }
}

/// The type of a value, in JSON's own terms.
fn name_of(value: Unexpected<'_>) -> &'static str {
    match value {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a string",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "null",
    }
}
