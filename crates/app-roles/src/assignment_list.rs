//! The broker's answer to somebody who looks at what a principal holds.

use serde::Serialize;

use crate::{
    directory::{AppRole, Assignment},
    ids::{AppRoleId, InvocationId},
    requester::Requester,
    result::{ResultApi, ResultPrincipal},
};

/// What a principal holds on an API, as far as the requester may see it.
///
/// ```json
/// { "invocationId": "5f0a7d0e-…", "function": "AssignRoleHttp", "requester": "key:orders-team",
///   "principal": { "objectId": "1111…", "clientId": "2222…", "displayName": "id-orders",
///                  "resourceId": "/subscriptions/…" },
///   "api": { "objectId": "3333…", "appId": "4444…", "displayName": "Orders API" },
///   "assignments": [ { "id": "5555…", "value": "Orders.Read", "privileged": false,
///                      "assignmentId": "2jLOCnF3kEmy…",
///                      "createdDateTime": "2026-08-20T10:11:12.1234567Z",
///                      "rule": "orders workloads" } ],
///   "startedAt": "2026-08-20T10:11:12Z", "durationMs": 12, "policySha256": "9f86…",
///   "brokerVersion": "0.1.0" }
/// ```
///
/// A role that no rule names for the requester is not shown, whether the principal holds it or not.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssignmentList {
    /// The invocation that answered, which is also in every line of the log.
    pub invocation_id: InvocationId,
    /// The function that was called.
    pub function: String,
    /// Who asked.
    pub requester: Requester,
    /// The principal.
    pub principal: ResultPrincipal,
    /// The API.
    pub api: ResultApi,
    /// What it holds.
    pub assignments: Vec<HeldRole>,
    /// When the work on this began, in UTC, RFC 3339.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// SHA-256 of the policy that decided.
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
    /// The role's value; absent where the API defines none, or defines the role no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the role is one that a rule must be marked for before it can be assigned.
    pub privileged: bool,
    /// Graph's id of the assignment.
    pub assignment_id: String,
    /// When the assignment was made, as Graph writes it; Graph leaves it out for some old ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<String>,
    /// The rule of the policy by which it may be seen.
    pub rule: String,
}

impl HeldRole {
    /// An assignment of a role that may be seen by a rule.
    #[must_use]
    pub fn new(role: &AppRole, privileged: bool, assignment: Assignment, rule: &str) -> Self {
        Self {
            id: role.id,
            value: role.value.clone(),
            privileged,
            assignment_id: assignment.id,
            created_date_time: assignment.created,
            rule: rule.to_owned(),
        }
    }
}
