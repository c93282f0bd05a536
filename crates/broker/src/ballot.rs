//! Decisions of approvers, as triggers pass them on.

use app_roles::{
    approval::{ApprovalDigest, Vote},
    approval_view::ApprovalView,
    policy::ApproverObstacle,
    text::Reason,
};

/// What an approver decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// Whether to approve or to deny.
    pub vote: Vote,
    /// The digest that the approver was shown.
    pub digest: ApprovalDigest,
    /// The approver's reason, for the record.
    pub reason: Option<Reason>,
}

/// The outcome of a decision.
#[derive(Debug, Clone)]
pub enum BallotOutcome {
    /// The decision counts. If it was the last one that was needed, the request was or will be carried out.
    Counted(ApprovalView),
    /// No waiting request has this id, or no rule names the caller as its approver.
    NotFound,
    /// A rule names the caller as an approver, but the caller may not decide on this request.
    NotAllowed(ApproverObstacle),
    /// The request no longer means what the approver was shown, so the approver must look at it again.
    Changed(ApprovalView),
    /// The request was already decided, or the caller has already decided otherwise.
    Closed(ApprovalView),
}

/// What a requester learns about a request of its own.
#[derive(Debug, Clone)]
pub enum WaitingRequest {
    /// The requester has no request with this id.
    NotFound,
    /// It waits for approval, or is being carried out.
    Waits(Box<ApprovalView>),
    /// It ended with this result, as JSON.
    Finished(String),
}
