//! Decisions of approvers over HTTP, read strictly.

use serde::Deserialize;
use wire_formats::{
    byte_order_mark::without_byte_order_mark,
    json::{self, Fault},
};

use crate::{
    approval::{ApprovalDigest, Vote},
    json_fault,
    text::Reason,
};

/// Largest decision, in bytes of JSON: as large as a request, so that callers have one limit.
pub const MAX_DECISION_BYTES: usize = 32 * 1024;

/// A decision on a request that waits for approval.
///
/// ```json
/// { "decision": "approve", "digest": "9f86…", "reason": "agreed with the security team" }
/// ```
///
/// `null` means the same as an absent field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalDecision {
    /// Whether to approve or to deny.
    pub decision: Vote,
    /// The digest of the approval, as the approver has read it. The approver decides on what it covers.
    pub digest: ApprovalDigest,
    /// The approver's reason, for the record.
    pub reason: Option<Reason>,
}

/// The reason why bytes are not a decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDecision {
    /// The decision has more bytes than [`MAX_DECISION_BYTES`].
    #[error("the decision has {0} bytes; at most {MAX_DECISION_BYTES} are accepted")]
    TooLarge(usize),
    /// The text is not JSON, or not of the right shape.
    #[error("{path}: {problem}")]
    Json {
        /// The path in the document, for instance `digest`, or `body` for the document itself.
        path: String,
        /// The fault. It repeats no text of the decision.
        problem: String,
    },
}

impl ApprovalDecision {
    /// Reads the JSON of a decision, which may begin with a byte order mark.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidDecision> {
        let length = without_byte_order_mark(bytes).len();
        if length > MAX_DECISION_BYTES {
            return Err(InvalidDecision::TooLarge(length));
        }
        json::from_slice(bytes).map_err(InvalidDecision::from)
    }
}

impl From<Fault> for InvalidDecision {
    fn from(fault: Fault) -> Self {
        let path = fault.path().unwrap_or_else(|| "body".to_owned());
        Self::Json { path, problem: json_fault::censored(fault.problem()) }
    }
}

#[cfg(test)]
mod tests;
