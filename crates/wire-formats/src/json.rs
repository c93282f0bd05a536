//! Documents in JSON, and their faults in plain words.

mod comments;
mod fault;
pub mod located;
mod node;
mod reader;
mod spelling;

use serde::de::DeserializeOwned;

use crate::byte_order_mark::without_byte_order_mark;
pub use fault::{Fault, Problem};
pub use node::Node;

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

/// Reads a document that may also have comments and trailing commas, as the Functions host accepts them in
/// `host.json` and `function.json` (Newtonsoft.Json, `JObject.Parse`).
pub fn from_slice_with_comments<T: DeserializeOwned>(document: &[u8]) -> Result<T, Fault> {
    from_slice(&comments::blanked(without_byte_order_mark(document)))
}

#[cfg(test)]
mod tests;
