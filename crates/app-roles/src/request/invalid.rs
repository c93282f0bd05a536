//! Faults of a request's JSON.

use wire_formats::json::Fault;

use crate::{json_fault, text::RequestId};

/// Largest request, in bytes of JSON. It is half a queue message and has room for every field at its
/// limit.
pub const MAX_REQUEST_BYTES: usize = 32 * 1024;

/// A document that is not a valid request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct InvalidRequest {
    /// The requester's own id of the request, if the document contains a valid one.
    pub request_id: Option<RequestId>,
    /// Why it is not a valid request.
    pub fault: RequestFault,
}

/// The reason why bytes are not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
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

impl RequestFault {
    /// A fault of a field.
    pub(super) fn at(field: &str, problem: &str) -> Self {
        Self::Json { path: field.to_owned(), problem: problem.to_owned() }
    }

    /// One word for the log, which must not contain text from the request.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "tooLarge",
            Self::Json { .. } => "malformed",
        }
    }
}

impl From<Fault> for RequestFault {
    fn from(fault: Fault) -> Self {
        let path = fault.path().unwrap_or_else(|| "request".to_owned());
        Self::Json { path, problem: json_fault::censored(fault.problem()) }
    }
}
