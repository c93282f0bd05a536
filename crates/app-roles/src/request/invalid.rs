//! Faults of a request's JSON.

use super::censored::censored;
use crate::json;

/// Largest request, in bytes of JSON. It is half a queue message and has room for every field at its
/// limit.
pub const MAX_REQUEST_BYTES: usize = 32 * 1024;

/// The reason why bytes are not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// The request has more bytes than [`MAX_REQUEST_BYTES`].
    #[error("the request has {0} bytes; at most {MAX_REQUEST_BYTES} are accepted")]
    TooLarge(usize),
    /// The text is not JSON, or not of the right shape.
    #[error("{path}: {problem}")]
    Json {
        /// The path in the document, for instance `roles[2]`, or `request` for the document itself.
        path: String,
        /// The fault. It repeats no text of the request.
        problem: String,
    },
}

impl InvalidRequest {
    /// One word for the log, which must not contain text from the request.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "tooLarge",
            Self::Json { .. } => "malformed",
        }
    }
}

impl From<json::Fault> for InvalidRequest {
    fn from(fault: json::Fault) -> Self {
        let json::Fault { path, problem } = censored(fault, "request");
        Self::Json { path, problem }
    }
}
