//! The broker's answer to one request.

use serde::Serialize;

use crate::{
    ascii_json::ascii_json,
    directory::{Api, Principal},
    ids::{AppId, InvocationId, ObjectId},
    outcome::{Candidate, RoleOutcome},
    request::Action,
    requester::Requester,
};

/// Most candidates of an ambiguous name that a result lists.
pub const MOST_CANDIDATES: usize = 10;

/// Largest result, in bytes. A queue message holds 64 KiB, and a sender's library may make base64
/// of it.
pub const LARGEST_RESULT: usize = 48 * 1024;

/// Characters that are kept of a name where a result would not fit otherwise: 20 roles with three
/// names each, every character an escape of 12 bytes, are 29 KB.
const SHORT_TEXT: usize = 40;

/// The principal of a result.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResultPrincipal {
    object_id: ObjectId,
    client_id: AppId,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

impl ResultPrincipal {
    /// Its object id.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        self.object_id
    }

    /// Its client id.
    #[must_use]
    pub fn client_id(&self) -> AppId {
        self.client_id
    }

    /// Its name, for people.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The ARM id of the resource whose identity it is.
    #[must_use]
    pub fn resource_id(&self) -> Option<&str> {
        self.resource_id.as_deref()
    }
}

impl ResultApi {
    /// Its object id.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        self.object_id
    }

    /// Its application id.
    #[must_use]
    pub fn app_id(&self) -> AppId {
        self.app_id
    }

    /// Its name, for people.
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

/// The API of a result.
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

/// The broker's answer to one request, as a message of the results queue or the body of an answer over
/// HTTP.
///
/// ```json
/// { "requestId": "INC-1234", "invocationId": "5f0a7d0e-…", "function": "AssignRole",
///   "requester": "queue:app-role-requests", "action": "assign", "dryRun": false,
///   "principal": { "objectId": "1111…", "clientId": "2222…", "displayName": "id-orders",
///                  "resourceId": "/subscriptions/…" },
///   "api": { "objectId": "3333…", "appId": "4444…", "displayName": "Orders API" },
///   "roles": [ { "status": "assigned", "requested": "Orders.Read", "id": "5555…",
///                "value": "Orders.Read", "assignmentId": "2jLOCnF3kEmy…",
///                "createdDateTime": "2026-08-20T10:11:12.1234567Z",
///                "rule": "orders workloads", "graphRequestId": "6666…" } ],
///   "startedAt": "2026-08-20T10:11:12Z", "durationMs": 187, "attempt": 1,
///   "effectiveBy": "2026-08-21T10:11:12Z", "policySha256": "9f86…", "brokerVersion": "0.1.0" }
/// ```
///
/// A field that is not known is left out. There is always at least one role, also for a request that
/// could not be understood: its status is `invalid` and its message says where the fault is.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RequestResult {
    /// The requester's own label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The invocation that decided, which is also in every line of the log.
    pub invocation_id: InvocationId,
    /// The function that was called.
    pub function: String,
    /// Who asked.
    pub requester: Requester,
    /// What was asked; absent where the request could not be understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// The principal, where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<ResultPrincipal>,
    /// The API, where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ResultApi>,
    /// What came of each role.
    pub roles: Vec<RoleOutcome>,
    /// The service principals that an ambiguous name may mean; the role's code says whether the
    /// principal or the API is meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// When the work on this delivery began, in UTC, RFC 3339.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Which delivery of the message this was; 1 is the first.
    pub attempt: u32,
    /// When tokens that were issued before a change have certainly expired, in UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_by: Option<String>,
    /// SHA-256 of the policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<String>,
    /// The broker's version.
    pub broker_version: &'static str,
    /// Whether texts were left out because the result would not have fitted a message.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

impl RequestResult {
    /// The result as JSON in ASCII, at most [`LARGEST_RESULT`] bytes.
    ///
    /// A queue message travels in XML, which refuses some characters (U+FFFE, U+FFFF) that a name in
    /// the directory may have; escaped, every text passes.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let whole = ascii_json(self)?;
        if whole.len() <= LARGEST_RESULT { Ok(whole) } else { ascii_json(&self.without_texts()) }
    }

    /// The same result, without long texts if it has more than [`LARGEST_RESULT`] bytes as JSON: what
    /// an answer is made of that has members beside these.
    pub fn fitting(self) -> Result<Self, serde_json::Error> {
        let length = ascii_json(&self)?.len();
        Ok(if length <= LARGEST_RESULT { self } else { self.without_texts() })
    }

    /// What programs need, without what is only for people and may be long. A role that is known keeps
    /// its id; of its names the beginning stays.
    fn without_texts(&self) -> Self {
        let mut short = self.clone();
        short.truncated = true;
        short.candidates.clear();
        for role in &mut short.roles {
            role.message = None;
            role.suggestions.clear();
            for text in [&mut role.requested, &mut role.value, &mut role.rule] {
                *text = text.take().map(|text| text.chars().take(SHORT_TEXT).collect());
            }
        }
        short
    }
}

#[cfg(test)]
mod tests;
