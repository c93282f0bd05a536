//! A row of the table of approvals.

use std::collections::BTreeSet;

use app_roles::{
    approval::{ApprovalDigest, ApprovalState, ApprovalSubject, Vote},
    ids::{AppId, ApprovalId, InvocationId, ObjectId},
    request::Request,
    requester::Requester,
    text::MessageId,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The table of requests that wait for approval. Partition: the id of the approval.
pub const APPROVAL_TABLE: &str = "AppRoleApprovals";

/// A request that waits or has waited for approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// The id of the request while it waits.
    pub id: ApprovalId,
    /// The state of the request.
    pub state: ApprovalState,
    /// What the approvers approve.
    pub subject: ApprovalSubject,
    /// The request, with ids in place of names.
    pub request: Request,
    /// The requester.
    pub requester: Requester,
    /// The function that received the request.
    pub function: String,
    /// The invocation that received it.
    pub invocation_id: InvocationId,
    /// The id of its queue message, if there is one.
    pub message_id: Option<MessageId>,
    /// What approvers are shown besides ids.
    pub shown: Shown,
    /// When it began to wait.
    pub created_at: OffsetDateTime,
    /// When it stops waiting.
    pub expires_at: OffsetDateTime,
    /// The decisions of the approvers, one for each at most.
    pub decisions: Vec<ApproverDecision>,
    /// The invocation that carries it out, if one does.
    pub carry_out: Option<CarryOut>,
    /// When enough approvers had approved it.
    pub approved_at: Option<OffsetDateTime>,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
    /// The final result as JSON, once it ended.
    pub result: Option<String>,
    /// Whether the final result must still be sent to the queue of results.
    pub result_is_due: bool,
    /// The events that must still be sent, as JSON.
    pub unsent_events: Vec<String>,
}

impl ApprovalRow {
    /// The approvers who have approved the request.
    #[must_use]
    pub fn approvers(&self) -> BTreeSet<ObjectId> {
        let approvals = self.decisions.iter().filter(|decision| decision.vote == Vote::Approve);
        approvals.map(|decision| decision.approver).collect()
    }

    /// Whether something remains to be done: it is not finished, or something must still be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.finished_at.is_none() || self.result_is_due || !self.unsent_events.is_empty()
    }
}

/// What an approver is shown besides ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shown {
    /// The display name of the principal.
    pub principal: String,
    /// The ARM id of the principal's resource.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub principal_resource_id: Option<String>,
    /// The display name of the API.
    pub api: String,
    /// The appId of the API.
    pub api_app_id: AppId,
    /// The roles, in the order of the subject.
    pub roles: Vec<ShownRole>,
}

/// A role as approvers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShownRole {
    /// The value, as the API defines it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// Why the role is privileged. Absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub privileged: Option<String>,
}

/// A decision of an approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproverDecision {
    /// The object id of the approver.
    pub approver: ObjectId,
    /// What the approver decided.
    pub vote: Vote,
    /// What the approver saw.
    pub digest: ApprovalDigest,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The invocation that carries a request out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarryOut {
    /// The invocation.
    pub invocation_id: InvocationId,
    /// Until when it may work. After that, another invocation may take over.
    pub until: OffsetDateTime,
}
