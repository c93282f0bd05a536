//! Results: the broker's answer to one request.

use serde::Serialize;

use crate::{
    approval::ApprovalDigest,
    directory::{Api, Principal},
    ids::{AppId, ApprovalId, InvocationId, ObjectId},
    json::to_ascii_string,
    outcome::{Candidate, RoleOutcome},
    request::Action,
    requester::Requester,
};

/// Largest number of candidates that a result lists for an ambiguous name.
pub const MAX_CANDIDATES: usize = 10;

/// Largest result, in bytes. A queue message holds 64 KiB, and base64, which some storage libraries use,
/// adds a third.
pub const MAX_RESULT_BYTES: usize = 48 * 1024;

/// Length that names are cut to in a result that would be too large: 20 roles with three names each,
/// every character an escape of 12 bytes, are 29 KB.
const SHORTENED_LENGTH: usize = 40;

/// Longest list of approvers in a result that would be too large, in bytes: four. The record has them all.
const LONGEST_APPROVERS: usize = 180;

/// The principal in a result.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResultPrincipal {
    object_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<AppId>,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

impl ResultPrincipal {
    /// A principal known from an earlier look-up.
    #[must_use]
    pub fn known(object_id: ObjectId, display_name: &str, resource_id: Option<&str>) -> Self {
        let (display_name, resource_id) = (display_name.to_owned(), resource_id.map(str::to_owned));
        Self { object_id, client_id: None, display_name, resource_id }
    }

    /// The object id.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        self.object_id
    }

    /// The client id, if Microsoft Graph states one.
    #[must_use]
    pub fn client_id(&self) -> Option<AppId> {
        self.client_id
    }

    /// The display name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The ARM id of the resource that the identity belongs to.
    #[must_use]
    pub fn resource_id(&self) -> Option<&str> {
        self.resource_id.as_deref()
    }
}

impl ResultApi {
    /// An API known from an earlier look-up.
    #[must_use]
    pub fn known(object_id: ObjectId, app_id: AppId, display_name: &str) -> Self {
        Self { object_id, app_id, display_name: display_name.to_owned() }
    }

    /// The object id.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        self.object_id
    }

    /// The application id.
    #[must_use]
    pub fn app_id(&self) -> AppId {
        self.app_id
    }

    /// The display name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
}

impl From<&Principal> for ResultPrincipal {
    fn from(principal: &Principal) -> Self {
        Self {
            object_id: principal.object_id,
            client_id: principal.client_id,
            display_name: principal.display_name.clone(),
            resource_id: principal.resource_id.as_ref().map(ToString::to_string),
        }
    }
}

/// The API in a result.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResultApi {
    object_id: ObjectId,
    app_id: AppId,
    display_name: String,
}

impl From<&Api> for ResultApi {
    fn from(api: &Api) -> Self {
        Self {
            object_id: api.object_id,
            app_id: api.app_id,
            display_name: api.display_name.clone(),
        }
    }
}

/// The broker's answer to one request: a message in the results queue, or the body of an HTTP response.
///
/// ```json
/// { "requestId": "INC-1234", "messageId": "7d1b0f0e-…", "invocationId": "5f0a7d0e-…",
///   "function": "AssignRole", "requester": "queue:app-role-requests", "action": "assign",
///   "dryRun": false,
///   "principal": { "objectId": "1111…", "clientId": "2222…", "displayName": "id-orders",
///                  "resourceId": "/subscriptions/…" },
///   "api": { "objectId": "3333…", "appId": "4444…", "displayName": "Orders API" },
///   "roles": [ { "status": "assigned", "requested": "Orders.Read", "id": "5555…",
///                "value": "Orders.Read", "assignmentId": "2jLOCnF3kEmy…",
///                "createdDateTime": "2026-08-20T10:11:12.1234567Z",
///                "endDateTime": "2026-08-20T18:11:12Z", "tokensUntil": "2026-08-21T18:11:12Z",
///                "rule": "orders workloads", "graphRequestId": "6666…" } ],
///   "startedAt": "2026-08-20T10:11:12Z", "durationMs": 187, "attempt": 1,
///   "effectiveBy": "2026-08-21T10:11:12Z", "policySha256": "9f86…", "brokerVersion": "0.1.0" }
/// ```
///
/// Unknown fields are absent. There is always at least one role. For a malformed request, its status is
/// `invalid` and its message names the path of the fault.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RequestResult {
    /// The requester's own id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The storage service's id of the queue message. Absent if the request came in another way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The invocation that decided. Every log line of the invocation contains this id.
    pub invocation_id: InvocationId,
    /// The function that was called.
    pub function: String,
    /// The requester.
    pub requester: Requester,
    /// The id under which the request waits for approval, or has waited. Absent if it needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<ApprovalId>,
    /// The digest of what the approvers are asked to approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_digest: Option<ApprovalDigest>,
    /// The requested action. Absent if the request is malformed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Whether the request was a dry run.
    pub dry_run: bool,
    /// The principal, if it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<ResultPrincipal>,
    /// The API, if it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ResultApi>,
    /// The outcome of each role.
    pub roles: Vec<RoleOutcome>,
    /// The service principals that an ambiguous name matches. The role's code tells whether it is the
    /// name of the principal or of the API.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// The time when the broker began to work on this delivery, in UTC, RFC 3339.
    pub started_at: String,
    /// The duration in milliseconds.
    pub duration_ms: u64,
    /// The number of this delivery of the message, from 1.
    pub attempt: u32,
    /// The time when every token from before the change has expired, in UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_by: Option<String>,
    /// SHA-256 of the policy in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<String>,
    /// The broker's version.
    pub broker_version: &'static str,
    /// Whether texts were left out because the result would not fit into a message.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

impl RequestResult {
    /// Writes JSON in ASCII, at most [`MAX_RESULT_BYTES`] bytes.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let whole = to_ascii_string(self)?;
        if whole.len() <= MAX_RESULT_BYTES {
            Ok(whole)
        } else {
            to_ascii_string(&self.without_texts())
        }
    }

    /// Leaves out long texts if the JSON would be larger than [`MAX_RESULT_BYTES`], for answers that embed
    /// the result.
    pub fn truncated_to_fit(self) -> Result<Self, serde_json::Error> {
        let length = to_ascii_string(&self)?.len();
        Ok(if length <= MAX_RESULT_BYTES { self } else { self.without_texts() })
    }

    /// A copy without the long texts for people, and without lists of many approvers. All objects keep their
    /// ids and the beginning of their names.
    fn without_texts(&self) -> Self {
        let beginning = |text: &str| text.chars().take(SHORTENED_LENGTH).collect();
        let mut short = self.clone();
        short.truncated = true;
        short.candidates.clear();
        if let Some(principal) = &mut short.principal {
            principal.display_name = beginning(&principal.display_name);
        }
        if let Some(api) = &mut short.api {
            api.display_name = beginning(&api.display_name);
        }
        for role in &mut short.roles {
            role.message = None;
            role.suggestions.clear();
            role.approved_by = role.approved_by.take().filter(|all| all.len() <= LONGEST_APPROVERS);
            for text in [&mut role.requested, &mut role.value, &mut role.rule] {
                *text = text.take().map(|text| beginning(&text));
            }
        }
        short
    }
}

#[cfg(test)]
mod tests;
