//! What has changed since an approval was shown.

use app_roles::approval_view::{ApprovalView, ViewedRole};

use super::details::{copyable, quoted, role_name};
use crate::result::word;

/// Describes each difference between what two versions of an approval cover.
pub(super) fn changes(before: &ApprovalView, now: &ApprovalView) -> Vec<String> {
    let parts = [
        ("the action", action(before), action(now)),
        ("the principal", principal(before), principal(now)),
        ("the API", api(before), api(now)),
        ("the requester", requester(before), requester(now)),
        ("the policy", policy(before), policy(now)),
        ("the roles", roles(before), roles(now)),
    ];
    let differing = parts.into_iter().filter(|(_, before, now)| before != now);
    differing.map(|(what, before, now)| format!("{what} changed from {before} to {now}")).collect()
}

fn action(view: &ApprovalView) -> String {
    word(&view.subject.action)
}

fn principal(view: &ApprovalView) -> String {
    view.subject.principal_id.to_string()
}

fn api(view: &ApprovalView) -> String {
    view.subject.api_id.to_string()
}

fn requester(view: &ApprovalView) -> String {
    copyable(&view.subject.requester)
}

fn policy(view: &ApprovalView) -> String {
    view.subject.policy_sha256.as_deref().map_or_else(|| "none".to_owned(), copyable)
}

fn roles(view: &ApprovalView) -> String {
    let role = |role: &ViewedRole| {
        let [name, rule] = [&role_name(role), &role.rule].map(|text| quoted(text));
        let end = copyable(&role.end);
        format!("{name} ({}, rule {rule}, end {end})", role.id)
    };
    view.roles.iter().map(role).collect::<Vec<_>>().join(", ")
}
