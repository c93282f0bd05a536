//! An approval, as requests and records refer to it.

use app_roles::{approval::ApprovalDigest, ids::ApprovalId};

/// An approval, and what it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalReference {
    /// The id under which the request waits.
    pub id: ApprovalId,
    /// The digest of what the approvers are asked to approve.
    pub digest: ApprovalDigest,
}
