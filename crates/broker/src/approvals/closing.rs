//! The answers to requests that end without being carried out.

use std::collections::BTreeSet;

use app_roles::{
    ids::ObjectId,
    outcome::{Code, RoleOutcome, Status},
    request::Action,
    requester::Requester,
};
use record::approvals::ApprovalRow;

use super::proof::Written;
use crate::{answer::Answer, approval_reference::ApprovalReference};

/// The outcome of a request that an approver has denied.
pub(super) fn denied() -> RoleOutcome {
    let outcome = RoleOutcome::new(Status::Denied).with_code(Code::ApprovalDenied);
    outcome.with_message("an approver has denied the request")
}

/// The outcome of a request on which no approver decided in time.
pub(super) fn expired() -> RoleOutcome {
    let outcome = RoleOutcome::new(Status::Expired).with_code(Code::ApprovalExpired);
    outcome.with_message("its approvers did not decide in time; send the request again")
}

/// The answer about a request that is too old to act on: the roles that were written in time, and the
/// others.
pub(super) fn too_old(row: &ApprovalRow, written: &Written, proven: &BTreeSet<ObjectId>) -> Answer {
    let late = RoleOutcome::new(Status::Expired).with_code(Code::ApprovalExpired).with_message(
        "it was approved, and could not be carried out for a day; send the request again",
    );
    let late = RoleOutcome { approved_by: approved_by(proven), ..late };
    with_written(about(row, &late), row.subject.action, (written, proven))
}

/// The answer about a request that was denied after others had approved it: the roles that were written
/// before the denial, and the others.
pub(super) fn denied_late(
    row: &ApprovalRow,
    written: &Written,
    proven: &BTreeSet<ObjectId>,
) -> Answer {
    with_written(about(row, &denied()), row.subject.action, (written, proven))
}

/// The same answer, with what is in effect of the roles that were written.
fn with_written(
    mut answer: Answer,
    action: Action,
    (written, proven): (&Written, &BTreeSet<ObjectId>),
) -> Answer {
    for role in &mut answer.roles {
        if role.id.is_some_and(|id| written.roles.contains(&id)) {
            (role.status, role.code) = (in_effect(action), None);
            role.message = Some("an earlier attempt under this approval has done it".to_owned());
            role.approved_by = approved_by(proven);
        }
    }
    answer
}

/// The approvers, as rows and results name them. `None` if there are none.
pub(super) fn approved_by(approvers: &BTreeSet<ObjectId>) -> Option<String> {
    let names = approvers.iter().map(|approver| Requester::Http(*approver).to_string());
    let names: Vec<_> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The status of a role that an earlier attempt has written.
pub(super) fn in_effect(action: Action) -> Status {
    match action {
        Action::Assign => Status::AlreadyAssigned,
        Action::Revoke => Status::AlreadyRevoked,
    }
}

/// The same outcome for every role, with the names that the approvers were shown.
pub(super) fn about(row: &ApprovalRow, outcome: &RoleOutcome) -> Answer {
    let roles = row.subject.roles.iter().zip(&row.shown.roles).map(|(role, shown)| RoleOutcome {
        id: Some(role.id),
        requested: shown.value.clone().or_else(|| Some(role.id.to_string())),
        value: shown.value.clone(),
        privileged: Some(shown.privileged.is_some()),
        rule: Some(role.rule.clone()),
        ..outcome.clone()
    });
    let approval = ApprovalReference { id: row.id, digest: row.subject.digest() };
    Answer {
        roles: roles.collect(),
        approval: Some(Box::new(approval)),
        ..Answer::about_ids(&row.subject, &row.shown)
    }
}

#[cfg(test)]
mod tests;
