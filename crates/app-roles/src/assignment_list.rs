//! The answer to a requester that lists the roles of a principal.

use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    directory::{AppRole, Assignment},
    end,
    ids::{AppRoleId, InvocationId},
    requester::Requester,
    result::{ResultApi, ResultPrincipal},
};

/// The roles of an API that a principal holds and that the requester may see.
///
/// ```json
/// { "invocationId": "5f0a7d0e-…", "function": "AssignRoleHttp", "requester": "key:orders-team",
///   "principal": { "objectId": "1111…", "clientId": "2222…", "displayName": "id-orders",
///                  "resourceId": "/subscriptions/…" },
///   "api": { "objectId": "3333…", "appId": "4444…", "displayName": "Orders API" },
///   "assignments": [ { "id": "5555…", "value": "Orders.Read", "privileged": false,
///                      "assignmentId": "2jLOCnF3kEmy…",
///                      "createdDateTime": "2026-08-20T10:11:12.1234567Z",
///                      "endDateTime": "2026-08-20T18:11:12Z",
///                      "tokensUntil": "2026-08-21T18:11:12Z",
///                      "rule": "orders workloads" } ],
///   "startedAt": "2026-08-20T10:11:12Z", "durationMs": 12, "policySha256": "9f86…",
///   "brokerVersion": "0.1.0" }
/// ```
///
/// A role that no rule names for the requester is omitted, whether the principal holds it or not.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssignmentList {
    /// The invocation that answered. Every log line of the invocation contains this id.
    pub invocation_id: InvocationId,
    /// The function that was called.
    pub function: String,
    /// The requester.
    pub requester: Requester,
    /// The principal.
    pub principal: ResultPrincipal,
    /// The API.
    pub api: ResultApi,
    /// The roles that the principal holds.
    pub assignments: Vec<HeldRole>,
    /// The time when the broker began to work on this, in UTC, RFC 3339.
    pub started_at: String,
    /// The duration in milliseconds.
    pub duration_ms: u64,
    /// SHA-256 of the policy in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<String>,
    /// The broker's version.
    pub broker_version: &'static str,
}

/// One role that a principal holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HeldRole {
    /// The role's id.
    pub id: AppRoleId,
    /// The role's value. Absent if the role has none, or if the API no longer defines the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether a rule must say `"privileged": true` to grant the role.
    pub privileged: bool,
    /// Graph's id of the assignment.
    pub assignment_id: String,
    /// When the assignment was created, as Graph writes it. Graph omits it for some old assignments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<String>,
    /// When the assignment ends, in UTC, RFC 3339. Absent if it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date_time: Option<String>,
    /// Until when tokens may still carry the role after that end, in UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_until: Option<String>,
    /// The policy rule that lets the requester see the role.
    pub rule: String,
}

impl HeldRole {
    /// An assignment that the rule lets the requester see.
    #[must_use]
    pub fn new(role: &AppRole, privileged: bool, assignment: Assignment, rule: &str) -> Self {
        Self {
            id: role.id,
            value: role.value.clone(),
            privileged,
            assignment_id: assignment.id,
            created_date_time: assignment.created,
            end_date_time: None,
            tokens_until: None,
            rule: rule.to_owned(),
        }
    }

    /// Adds the time when the assignment ends, and until when tokens may carry the role.
    #[must_use]
    pub fn with_end(self, end: Option<OffsetDateTime>) -> Self {
        let (end_date_time, tokens_until) = end::shown(end);
        Self { end_date_time, tokens_until, ..self }
    }
}
