//! Documents in JSON, and their faults in plain words.

mod comments;
mod fault;
mod node;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::byte_order_mark::without_byte_order_mark;
pub use fault::{Fault, Problem};
use node::Node;

/// Reads a document, which may begin with a byte order mark.
///
/// An object stays an object: `serde_json` would also fill a struct from an array. A type that borrows from
/// the document, such as `RawValue`, cannot be read.
pub fn from_slice<T: DeserializeOwned>(document: &[u8]) -> Result<T, Fault> {
    let document = without_byte_order_mark(document);
    let tree: Node =
        serde_json::from_slice(document).map_err(|error| fault::of_text(document, &error))?;
    T::deserialize(&tree)
}

/// What a reader that uses `serde_json` itself found wrong with a document, in plain words. It repeats
/// nothing of the document.
#[must_use]
pub fn described(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let what = match error.classify() {
        Category::Io | Category::Eof => "it is not complete",
        Category::Syntax => "it is not JSON",
        Category::Data => "it has not the documented form",
    };
    format!("{what}; see line {line}, column {column}")
}

/// Reads a document that may also have comments and trailing commas, as the Functions host accepts them in
/// `host.json` and `function.json` (Newtonsoft.Json, `JObject.Parse`).
pub fn from_slice_with_comments<T: DeserializeOwned>(document: &[u8]) -> Result<T, Fault> {
    from_slice(&comments::blanked(without_byte_order_mark(document)))
}

#[cfg(test)]
mod tests;
