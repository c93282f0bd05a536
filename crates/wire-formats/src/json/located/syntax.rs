//! Faults of syntax, in plain words.

use std::fmt;

use super::value::Location;

/// A fault of syntax, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    /// Where it is.
    pub location: Location,
    /// What is wrong there.
    pub problem: SyntaxProblem,
}

/// What is wrong with the syntax at a place. `Display` is a clause in plain words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntaxProblem {
    /// The document has no text.
    Empty,
    /// The document is not UTF-8.
    NotUtf8,
    /// The document ends inside a value.
    EndsEarly,
    /// There is more than one value.
    MoreText,
    /// The document has more levels than a reader accepts.
    TooDeep,
    /// A comment.
    Comment,
    /// A comma after the last item or member.
    TrailingComma,
    /// A comma without a value before it.
    ExtraComma,
    /// No comma between two items or members.
    MissingComma,
    /// No colon after the name of a member.
    MissingColon,
    /// No value where one must be.
    MissingValue,
    /// A name of a member without double quotes.
    BareName,
    /// A text in single quotes.
    SingleQuotes,
    /// A text without an end on its line.
    UnendedText,
    /// A text with a control character.
    ControlCharacter,
    /// A text with an escape that does not exist.
    Escape,
    /// A number that is not in JSON's form, or out of range.
    Number,
    /// A word other than `true`, `false` and `null`.
    UnknownWord,
    /// A bracket that closes another kind of bracket.
    WrongBracket,
    /// A character that cannot be here.
    Unexpected,
}

impl fmt::Display for SyntaxProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "is empty",
            Self::NotUtf8 => "is not JSON: this byte is not UTF-8; save the file as UTF-8",
            Self::EndsEarly => "is not complete: the text ends before the last bracket is closed",
            Self::MoreText => "is not JSON: nothing may follow the last bracket",
            Self::TooDeep => "has too many levels",
            Self::Comment => "is not JSON: JSON has no comments",
            Self::TrailingComma => "is not JSON: no comma may stand before a closing bracket",
            Self::ExtraComma => "is not JSON: before this comma, a value is missing",
            Self::MissingComma => "is not JSON: before this, a comma is missing",
            Self::MissingColon => "is not JSON: after the name of a field, a colon is missing",
            Self::MissingValue => "is not JSON: a value is missing here",
            Self::BareName => "is not JSON: the name of a field must be in double quotes",
            Self::SingleQuotes => "is not JSON: a string must be in double quotes",
            Self::UnendedText => "is not JSON: this string has no closing quote on its line",
            Self::ControlCharacter => {
                "is not JSON: this string contains a control character; write a tab as \\t"
            }
            Self::Escape => {
                "is not JSON: this string contains an unknown escape; write a backslash as \\\\"
            }
            Self::Number => "is not JSON: this is not a number of JSON, or out of range",
            Self::UnknownWord => {
                "is not JSON: the only words without quotes are true, false and null"
            }
            Self::WrongBracket => "is not JSON: this bracket closes none that is open",
            Self::Unexpected => "is not JSON: this character cannot be here",
        })
    }
}
