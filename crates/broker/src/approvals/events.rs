//! The events about requests that wait for approval.

use app_roles::{
    approval::Vote,
    cloud_event::{
        About, ApprovalDecided, ApprovalDecision, ApprovalRequested, CloudEvent, EventRole,
        Happening,
    },
};
use record::approvals::ApprovalRow;

use crate::moment::rfc3339;

/// How many digits of the digest distinguish two questions about the same request.
const DIGITS: usize = 8;

/// The event that a request waits for approval, as JSON. If the meaning of the request changes later, so do
/// its digest and the id of its event: the approvers are asked again.
pub(super) fn requested(row: &ApprovalRow) -> String {
    let digest = row.subject.digest();
    let digits: String = digest.as_str().chars().take(DIGITS).collect();
    let data = ApprovalRequested {
        approval_id: row.id,
        action: row.subject.action,
        about: about(row),
        until: rfc3339(row.expires_at),
    };
    let id = format!("{}-requested-{digits}", row.id);
    CloudEvent::new(&id, row.created_at, Happening::ApprovalRequested(data)).to_json()
}

/// The event that a request no longer waits, as JSON. The row must be decided: a pending one counts as
/// refused, because nothing is carried out.
pub(super) fn decided(row: &ApprovalRow) -> String {
    let decision = ApprovalDecision::of(row.state).unwrap_or(ApprovalDecision::Refused);
    // A denial is the decision of its approver alone.
    let is_counted = |vote| decision != ApprovalDecision::Denied || vote == Vote::Deny;
    let counted = row.decisions.iter().filter(|one| is_counted(one.vote));
    let data = ApprovalDecided {
        approval_id: row.id,
        action: row.subject.action,
        decision,
        about: about(row),
        approvers: counted.map(|one| format!("http:{}", one.approver)).collect(),
    };
    // The decision comes before the end of the work.
    let at = match decision {
        ApprovalDecision::Approved => row.approved_at,
        ApprovalDecision::Denied => row.decisions.iter().map(|one| one.at).max(),
        ApprovalDecision::Expired => None,
        ApprovalDecision::Refused => row.finished_at,
    };
    let id = format!("{}-decided", row.id);
    CloudEvent::new(&id, at.unwrap_or(row.expires_at), Happening::ApprovalDecided(data)).to_json()
}

fn about(row: &ApprovalRow) -> About {
    let roles = row.subject.roles.iter().zip(&row.shown.roles).map(|(role, shown)| EventRole {
        app_role_id: role.id,
        app_role_value: shown.value.clone(),
        privileged: Some(shown.privileged.is_some()),
        rule: Some(role.rule.clone()),
        end: Some(role.end.clone()),
        end_date_time: None,
    });
    About {
        request_id: row.request.request_id.as_ref().map(ToString::to_string),
        requester: row.requester.to_string(),
        principal_id: row.subject.principal_id,
        principal_display_name: Some(row.shown.principal.clone()),
        api_id: row.subject.api_id,
        api_app_id: Some(row.shown.api_app_id),
        api_display_name: Some(row.shown.api.clone()),
        roles: roles.collect(),
    }
}

#[cfg(test)]
mod tests;
