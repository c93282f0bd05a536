//! The events about requests that wait for approval.

use app_roles::{
    approval::Vote,
    cloud_event::{
        About, ApprovalDecided, ApprovalDecision, ApprovalRequested, CloudEvent, EventRole,
        Happening,
    },
};
use record::approvals::ApprovalRow;
use serde_json::Value;
use time::OffsetDateTime;

use crate::moment::rfc3339;

/// How many digits of the digest an id contains, so that a reader sees which question it is about.
const DIGITS: usize = 8;

/// The event that a request waits for approval since this time, as JSON.
pub(super) fn requested(row: &ApprovalRow, at: OffsetDateTime) -> String {
    let data = ApprovalRequested {
        approval_id: row.id,
        action: row.subject.action,
        about: about(row),
        until: rfc3339(row.expires_at),
    };
    CloudEvent::new(&id(row, "requested", at), at, Happening::ApprovalRequested(data)).to_json()
}

/// The event about the decision on a request, as JSON. The row must be decided: a pending one counts as
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
    let at = at.unwrap_or(row.expires_at);
    let what = match decision {
        ApprovalDecision::Approved => "approved",
        ApprovalDecision::Denied => "denied",
        ApprovalDecision::Expired => "expired",
        ApprovalDecision::Refused => "refused",
    };
    CloudEvent::new(&id(row, what, at), at, Happening::ApprovalDecided(data)).to_json()
}

/// Whether an event that was not sent yet is about a decision.
pub(super) fn is_decision(event: &str) -> bool {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    event.get("type").is_some_and(|kind| kind == "AppRoleBroker.ApprovalDecided")
}

/// The id of an event. Receivers drop an event whose id they know, so each event has its own: a request
/// can be asked about and decided several times, even with the same digest. The copy of an event that is
/// sent again is the text in the row, with the same id.
fn id(row: &ApprovalRow, what: &str, at: OffsetDateTime) -> String {
    let digest = row.subject.digest();
    let digits: String = digest.as_str().chars().take(DIGITS).collect();
    let milliseconds = at.unix_timestamp() * 1000 + i64::from(at.millisecond());
    format!("{}-{what}-{digits}-{milliseconds}", row.id)
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
