//! The broker's record of the tenant's assignments: who asked for each, and which of them end.

use serde_json::{Value, json};
use tenant_emulator::{AppRoleAssignment, Tenant};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::table_service::TableService;

/// One assignment in this many ends.
const ONE_END_IN: usize = 10;

/// The last millisecond of the year 9999, from which row keys count down.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

const INVOCATION: &str = "5f0a7d0e-0000-4000-8000-000000000000";

/// Writes a row about each assignment, as the broker writes it.
pub(super) fn write(tables: &TableService, tenant: &Tenant) {
    let now = OffsetDateTime::now_utc();
    for (number, assignment) in tenant.assignments().iter().enumerate() {
        tables.insert("AppRoleAudit", assigned(assignment, number, now));
        if number % ONE_END_IN == 0 {
            tables.insert("AppRoleEnds", end(assignment, number, now));
        }
    }
}

fn assigned(assignment: &AppRoleAssignment, number: usize, now: OffsetDateTime) -> Value {
    let key = LAST_MILLISECOND - now.unix_timestamp() * 1000;
    json!({
        "PartitionKey": assignment.principal_id, "RowKey": format!("{key:015}-{INVOCATION}-{number:05}"),
        "Timestamp": text(now), "status": "assigned", "decision": "allowed", "action": "assign",
        "dryRun": false, "attempt": "1", "durationMs": "812", "brokerVersion": "0.1.0",
        "startedAt": text(now), "requester": format!("queue:team-{:03}", number % 200),
        "function": "AssignRole", "invocationId": INVOCATION, "approvedBy": "policy",
        "rule": format!("workloads of team {:03}", number % 200),
        "requestId": format!("INC-{number:06}"),
        "reason": format!("the service reads its own data, change request {number:06}"),
        "principalId": assignment.principal_id, "apiId": assignment.resource_id,
        "appRoleId": assignment.app_role_id, "assignmentId": assignment.id,
        "principalDisplayName": assignment.principal_display_name,
        "policySha256": "0".repeat(64), "messageId": INVOCATION, "traceId": "0".repeat(32),
    })
}

fn end(assignment: &AppRoleAssignment, number: usize, now: OffsetDateTime) -> Value {
    json!({
        "PartitionKey": assignment.principal_id,
        "RowKey": format!("{}_{}", assignment.resource_id, assignment.app_role_id),
        "assignmentId": assignment.id, "boundAt": text(now),
        "endDateTime": text(now + Duration::days(30)), "requester": "queue:team-000",
        "function": "AssignRole", "rule": "workloads of team 000", "invocationId": INVOCATION,
        "requestId": format!("INC-{number:06}"), "messageId": INVOCATION,
        "apiAppId": assignment.resource_id,
    })
}

fn text(moment: OffsetDateTime) -> String {
    moment.replace_nanosecond(0).unwrap_or(moment).format(&Rfc3339).unwrap_or_default()
}
