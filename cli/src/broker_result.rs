//! Printing a result as the broker sends it. It may come from another version of the broker.

use app_roles::ids::ApprovalId;
use serde_json::Value;

use crate::{
    exit::Exit,
    output::Screen,
    result::{self, HEADERS},
};

/// The status of a role that waits for approval.
const PENDING: &str = "pendingApproval";

/// The statuses of roles that were changed, or may have been.
const CHANGED: [&str; 3] = ["assigned", "revoked", "unknown"];

/// Prints the outcome of each role.
pub(crate) fn show(screen: Screen, result: &Value) {
    let roles = roles(result);
    screen.table(&HEADERS, roles.iter().map(row));
    remarks(screen, result);
    result::show_effective_by(screen, text(result, "effectiveBy"));
}

/// Prints what a table of roles lacks: candidates, ends and approvals.
pub(crate) fn remarks(screen: Screen, result: &Value) {
    let roles = roles(result);
    for candidate in list(result, "candidates") {
        result::show_candidate(screen, candidate);
    }
    for role in roles {
        let [name, end, tokens] =
            [name(role), text(role, "endDateTime"), text(role, "tokensUntil")];
        result::show_end(screen, name.unwrap_or_default(), end, tokens);
    }
    if roles.iter().any(|role| text(role, "status") == Some(PENDING)) {
        result::show_pending(screen, approval(result));
    }
}

/// Returns the roles of a result.
pub(crate) fn roles(result: &Value) -> &[Value] {
    list(result, "roles")
}

/// Returns the approval that a result is about.
pub(crate) fn approval(result: &Value) -> Option<ApprovalId> {
    text(result, "approvalId").and_then(|id| ApprovalId::parse(id).ok())
}

/// Returns the exit status that stands for a final result.
pub(crate) fn exit(result: &Value) -> Exit {
    let statuses: Vec<_> = roles(result).iter().filter_map(|role| text(role, "status")).collect();
    Exit::of_statuses(&statuses)
}

/// Whether a result says that a role was changed, or may have been.
pub(crate) fn has_changed(result: &Value) -> bool {
    let mut statuses = roles(result).iter().filter_map(|role| text(role, "status"));
    statuses.any(|status| CHANGED.contains(&status))
}

/// Returns a text of a result, or of a part of it.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// Returns the cells of a role, for [`HEADERS`].
pub(crate) fn row(role: &Value) -> Vec<String> {
    let message = message(role);
    let texts = [name(role), text(role, "status"), text(role, "rule"), Some(message.as_str())];
    texts.map(|text| text.unwrap_or_default().to_owned()).to_vec()
}

/// Returns the message of a role, with suggestions.
pub(crate) fn message(role: &Value) -> String {
    let suggestions: Vec<_> = list(role, "suggestions").iter().filter_map(Value::as_str).collect();
    result::message(text(role, "message").unwrap_or_default(), &suggestions)
}

/// Returns the name of a role.
pub(crate) fn name(role: &Value) -> Option<&str> {
    text(role, "value").or_else(|| text(role, "requested")).or_else(|| text(role, "id"))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
