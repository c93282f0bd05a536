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

/// What came of a decision.
#[derive(Debug, Clone)]
pub enum BallotOutcome {
    /// It counts. If it was the last one that was needed, the request was carried out or will be.
    Counted(ApprovalView),
    /// No request that waits has this id, or no rule names the caller as its approver.
    NotFound,
    /// The caller is an approver by the rule, but not for this request.
    NotAllowed(ApproverObstacle),
    /// The request means something else by now than the approver was shown, so it must be looked at again.
    Changed(ApprovalView),
    /// The request was decided on before, or the caller has decided otherwise.
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
