//! Requests that wait, as approvers see them.

use app_roles::{
    approval::ApprovalState,
    approval_view::{ApprovalView, ViewedApi, ViewedDecision, ViewedPrincipal, ViewedRole},
    ids::ObjectId,
    policy::{ApprovalTerms, Policy},
    requester::Requester,
};
use record::approvals::{ApprovalRow, ApproverDecision};
use time::OffsetDateTime;

use crate::moment::rfc3339;

/// A request as an approver sees it.
pub(super) fn view(policy: &Policy, row: &ApprovalRow, now: OffsetDateTime) -> ApprovalView {
    let subject = &row.subject;
    let roles = subject.roles.iter().zip(&row.shown.roles).map(|(role, shown)| ViewedRole {
        id: role.id,
        value: shown.value.clone(),
        privileged: shown.privileged.is_some(),
        why: shown.privileged.clone(),
        rule: role.rule.clone(),
        end: role.end.clone(),
        needed: policy.approval_terms(&role.rule, now).map_or(0, ApprovalTerms::count),
    });
    ApprovalView {
        approval_id: row.id,
        state: state_at(row, now),
        digest: subject.digest(),
        subject: subject.clone(),
        principal: ViewedPrincipal {
            object_id: subject.principal_id,
            display_name: row.shown.principal.clone(),
            resource_id: row.shown.principal_resource_id.clone(),
        },
        api: ViewedApi {
            object_id: subject.api_id,
            app_id: row.shown.api_app_id,
            display_name: row.shown.api.clone(),
        },
        roles: roles.collect(),
        request_id: row.request.request_id.as_ref().map(ToString::to_string),
        reason: row.request.reason.as_ref().map(ToString::to_string),
        created_at: rfc3339(row.created_at),
        expires_at: rfc3339(row.expires_at),
        decisions: row.decisions.iter().map(decision).collect(),
        result: row.result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
    }
}

/// The state of a request. One whose time is over counts as expired even before the timer ends it.
fn state_at(row: &ApprovalRow, now: OffsetDateTime) -> ApprovalState {
    match row.state {
        ApprovalState::Pending if now >= row.expires_at => ApprovalState::Expired,
        state => state,
    }
}

fn decision(decision: &ApproverDecision) -> ViewedDecision {
    ViewedDecision {
        approver: Requester::Http(decision.approver).to_string(),
        decision: decision.vote,
        at: rfc3339(decision.at),
    }
}

/// Whether a rule that allows the request names this approver.
pub(super) fn is_named(
    policy: &Policy,
    row: &ApprovalRow,
    approver: ObjectId,
    now: OffsetDateTime,
) -> bool {
    let mut rules = row.subject.roles.iter().map(|role| role.rule.as_str());
    rules.any(|rule| {
        policy.approval_terms(rule, now).is_some_and(|terms| terms.by().contains(&approver))
    })
}

/// Whether this approver may decide on the request, as far as the row and the policy say.
pub(super) fn may_decide(
    policy: &Policy,
    row: &ApprovalRow,
    approver: ObjectId,
    now: OffsetDateTime,
) -> bool {
    is_named(policy, row, approver, now)
        && row.requester != Requester::Http(approver)
        && row.subject.principal_id != approver
        && now < row.expires_at
}
