//! A document with the location of each of its values, read as far as possible in spite of its faults.
//!
//! It accepts what [`from_slice`] accepts: JSON (RFC 8259), which may begin with a byte order mark. It is
//! meant for files that people edit, so that all their faults can be reported together.
//!
//! [`from_slice`]: super::from_slice

mod cursor;
mod reader;
mod syntax;
mod value;

pub use reader::{Document, read};
pub use syntax::{SyntaxFault, SyntaxProblem};
pub use value::{Located, Location, Member, Members, Value};

#[cfg(test)]
mod tests;
