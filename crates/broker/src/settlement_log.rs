//! The log lines of settling.

use std::fmt::Display;

use record::settlement::{Became, OpenIntent, Row, UnreadableIntent};
use serde_json::Value;

use crate::{moment::rfc3339, record_log::RECORD};

/// Logs an outcome that was recorded now: what was done, and that this was found out later.
pub(crate) fn settled(intent: &OpenIntent, became: &Became, row: &Row) {
    let text = |column: &str| row.get(column).and_then(Value::as_str);
    let privileged = row.get("privileged").and_then(Value::as_bool);
    tracing::info!(
        target: RECORD,
        event = "audit",
        settled_later = true,
        invocation_id = text("invocationId"),
        function = text("function"),
        request_id = text("requestId"),
        message_id = text("messageId"),
        requester = text("requester"),
        action = intent.action().verb(),
        dry_run = false,
        principal_id = %intent.principal,
        resource_id = %intent.api,
        app_role_id = %intent.role,
        privileged,
        decision = text("decision"),
        status = became.status(),
        rule = text("rule"),
        assignment_id = text("assignmentId"),
        policy_sha256 = text("policySha256"),
        "decided on an app role"
    );
    tracing::info!(
        target: RECORD,
        event = "intent.settled",
        settled_later = true,
        invocation_id = text("invocationId"),
        function = text("function"),
        request_id = text("requestId"),
        message_id = text("messageId"),
        requester = text("requester"),
        action = intent.action().verb(),
        principal_id = %intent.principal,
        resource_id = %intent.api,
        app_role_id = %intent.role,
        status = became.status(),
        rule = text("rule"),
        assignment_id = text("assignmentId"),
        intended_at = rfc3339(intent.intended_at),
        "found out what became of a write whose outcome was not recorded"
    );
}

/// Logs an intent that stays open. It is an error once the intent is late.
pub(crate) fn unsettled(intent: &OpenIntent, why: &dyn Display, is_late: bool) {
    if !is_late {
        tracing::warn!(event = "intent.open", invocation_id = intent.text("invocationId"),
            principal_id = %intent.principal, intended_at = rfc3339(intent.intended_at),
            "the next run tries again to find out what became of a write: {why}");
        return;
    }
    tracing::error!(
        event = "intent.unsettled",
        invocation_id = intent.text("invocationId"),
        requester = intent.text("requester"),
        action = intent.action().verb(),
        principal_id = %intent.principal,
        resource_id = %intent.api,
        app_role_id = %intent.role,
        intended_at = rfc3339(intent.intended_at),
        "what became of a write is not known yet: {why}"
    );
}

/// Logs an intent that stays open although its outcome is recorded.
pub(crate) fn not_closed(why: &dyn Display) {
    tracing::warn!(event = "intent.not_closed", "the next run closes it: {why}");
}

/// Logs an intent whose row cannot be read.
pub(crate) fn unreadable(intent: &UnreadableIntent) {
    tracing::error!(
        event = "intent.unsettled",
        principal_id = intent.partition_key,
        "{intent}; settle it by hand: read what the principal holds, and delete the row"
    );
}
