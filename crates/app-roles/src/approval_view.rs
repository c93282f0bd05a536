//! Requests that wait for approval, as approvers see them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    approval::{ApprovalDigest, ApprovalState, ApprovalSubject, Vote},
    ids::{AppId, AppRoleId, ApprovalId, ObjectId},
};

/// The requests that wait for an approver.
///
/// ```json
/// { "approvals": [ { "approvalId": "5f0a7d0e-…", "state": "pending", … } ] }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalList {
    /// The requests, oldest first.
    pub approvals: Vec<ApprovalView>,
}

/// A request that waits for approval, or has waited.
///
/// ```json
/// { "approvalId": "5f0a7d0e-…", "state": "pending", "digest": "9f86…",
///   "subject": { "action": "assign", "principalId": "1111…", "apiId": "2222…", "requester": "http:3333…",
///                "policySha256": "7d86…",
///                "roles": [ { "id": "4444…", "rule": "directory sync", "end": "PT8H" } ] },
///   "principal": { "objectId": "1111…", "displayName": "id-sync" },
///   "api": { "objectId": "2222…", "appId": "00000003-…", "displayName": "Microsoft Graph" },
///   "roles": [ { "id": "4444…", "value": "User.ReadWrite.All", "privileged": true, "why": "…",
///                "rule": "directory sync", "end": "PT8H", "needed": 1 } ],
///   "requestId": "INC-1234", "reason": "…", "createdAt": "…", "expiresAt": "…", "decisions": [] }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalView {
    /// The id under which the request waits.
    pub approval_id: ApprovalId,
    /// How far it is.
    pub state: ApprovalState,
    /// SHA-256 of the subject. A decision must state it.
    pub digest: ApprovalDigest,
    /// What the digest covers: exactly what is approved.
    pub subject: ApprovalSubject,
    /// The principal, for people.
    pub principal: ViewedPrincipal,
    /// The API, for people.
    pub api: ViewedApi,
    /// The roles, for people, in the order of the subject.
    pub roles: Vec<ViewedRole>,
    /// The requester's own id of the request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// The requester's reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// When it began to wait, in UTC, RFC 3339.
    pub created_at: String,
    /// Until when it waits, in UTC, RFC 3339.
    pub expires_at: String,
    /// What the approvers have decided.
    pub decisions: Vec<ViewedDecision>,
    /// The final result as it was stored, once there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(any(test, feature = "schema"), schemars(with = "Option<serde_json::Value>"))]
    pub result: Option<Box<RawValue>>,
}

/// The principal of a request that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ViewedPrincipal {
    /// The object id.
    pub object_id: ObjectId,
    /// The display name.
    pub display_name: String,
    /// The ARM id of the resource that the identity belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource_id: Option<String>,
}

/// The API of a request that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ViewedApi {
    /// The object id.
    pub object_id: ObjectId,
    /// The application id.
    pub app_id: AppId,
    /// The display name.
    pub display_name: String,
}

/// A role of a request that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ViewedRole {
    /// The id.
    pub id: AppRoleId,
    /// The value, as the API defines it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// Whether the role is privileged.
    pub privileged: bool,
    /// Why it is privileged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// The rule that allows it.
    pub rule: String,
    /// When the assignment ends: a duration from the grant on, a time, or `none`.
    pub end: String,
    /// How many approvals the rule needs. 0 if it needs none.
    pub needed: usize,
}

/// A decision of an approver.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ViewedDecision {
    /// The approver, `http:<object id>`.
    pub approver: String,
    /// What the approver decided.
    pub decision: Vote,
    /// When, in UTC, RFC 3339.
    pub at: String,
}
