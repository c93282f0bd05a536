//! What came of a request: the result that requesters receive.

use serde::Serialize;

use crate::domain::{
    directory::{Api, AppRole, Assignment, Principal},
    ids::{AppId, AppRoleId, InvocationId, ObjectId},
    policy::Denial,
    requester::Requester,
};

/// Longest message of a result, in characters. A result must fit a queue message whatever Graph or
/// a caller wrote into it.
const LONGEST_MESSAGE: usize = 300;

/// What came of one role of a request.
///
/// On the wire: a JSON string, `"assigned"`, `"alreadyAssigned"`, `"denied"`, `"invalid"` or
/// `"failed"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// The assignment was created.
    Assigned,
    /// The assignment stood already; nothing was changed.
    AlreadyAssigned,
    /// The policy does not allow it.
    Denied,
    /// The request could not be understood.
    Invalid,
    /// Microsoft Graph did not do it, and asking again would not help.
    Failed,
}

/// Why a role could not be assigned, as a word for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The word.
    pub code: FailureCode,
    /// What happened, to what, and what to do.
    pub message: String,
    /// Graph's `request-id`, which Microsoft support asks for.
    pub graph_request_id: Option<String>,
}

/// Machine-readable reasons of a failure.
///
/// On the wire: a JSON string in camelCase, for instance `"principalNotFound"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureCode {
    /// Graph does not know the principal, or not yet.
    PrincipalNotFound,
    /// Graph does not know the API.
    ApiNotFound,
    /// The API defines no such role.
    RoleNotFound,
    /// The broker has no token for Graph.
    NotSignedIn,
    /// Graph refused the broker's token.
    TokenRefused,
    /// The broker's own identity lacks a role.
    Forbidden,
    /// Graph asked to slow down for longer than the request could wait.
    Throttled,
    /// Graph did not answer, or with a passing fault.
    GraphUnavailable,
    /// Graph refused for a reason that this broker does not know.
    GraphRefused,
}

/// What came of one role of a request; see [`RequestResult`] for the shape.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleOutcome {
    /// What came of it.
    pub status: Status,
    /// The role's id, where one could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AppRoleId>,
    /// The role's value, as the API defines it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Graph's id of the assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_id: Option<String>,
    /// When the assignment was made, as Graph writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<String>,
    /// The rule of the policy that allowed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why it failed, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<FailureCode>,
    /// Graph's `request-id` of the call that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph_request_id: Option<String>,
    /// What happened and what to do, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl RoleOutcome {
    fn bare(status: Status) -> Self {
        Self {
            status,
            id: None,
            value: None,
            assignment_id: None,
            created_date_time: None,
            rule: None,
            code: None,
            graph_request_id: None,
            message: None,
        }
    }

    /// A request that could not be understood, with the reason.
    #[must_use]
    pub fn invalid(reason: &str) -> Self {
        Self { message: Some(shortened(reason)), ..Self::bare(Status::Invalid) }
    }

    /// A role that the policy does not allow.
    #[must_use]
    pub fn denied(id: AppRoleId, denial: &Denial) -> Self {
        let message = Some(shortened(&denial.outward()));
        Self { id: Some(id), message, ..Self::bare(Status::Denied) }
    }

    /// A role that could not be assigned.
    #[must_use]
    pub fn failed(id: AppRoleId, failure: Failure) -> Self {
        Self {
            id: Some(id),
            code: Some(failure.code),
            graph_request_id: failure.graph_request_id,
            message: Some(shortened(&failure.message)),
            ..Self::bare(Status::Failed)
        }
    }

    /// A role that the principal holds now, by this assignment.
    #[must_use]
    pub fn held(
        status: Status,
        rule: &str,
        assignment: Assignment,
        graph_request_id: Option<String>,
    ) -> Self {
        Self {
            assignment_id: Some(assignment.id),
            created_date_time: assignment.created,
            rule: Some(rule.to_owned()),
            graph_request_id,
            ..Self::bare(status)
        }
    }

    /// The same outcome with the role's id and value as the API defines them.
    #[must_use]
    pub fn about(self, role: &AppRole) -> Self {
        Self { id: Some(role.id), value: role.value.clone(), ..self }
    }
}

/// The principal of a result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultPrincipal {
    object_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<AppId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

impl From<&Principal> for ResultPrincipal {
    fn from(principal: &Principal) -> Self {
        Self {
            object_id: principal.object_id,
            client_id: Some(principal.client_id),
            display_name: Some(principal.display_name.clone()),
            resource_id: principal.resource_id.as_ref().map(ToString::to_string),
        }
    }
}

impl From<ObjectId> for ResultPrincipal {
    fn from(object_id: ObjectId) -> Self {
        Self { object_id, client_id: None, display_name: None, resource_id: None }
    }
}

/// The API of a result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultApi {
    object_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<AppId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
}

impl From<&Api> for ResultApi {
    fn from(api: &Api) -> Self {
        Self {
            object_id: api.object_id,
            app_id: Some(api.app_id),
            display_name: Some(api.display_name.clone()),
        }
    }
}

impl From<ObjectId> for ResultApi {
    fn from(object_id: ObjectId) -> Self {
        Self { object_id, app_id: None, display_name: None }
    }
}

/// The broker's answer to one request, as a message of the results queue.
///
/// ```json
/// { "invocationId": "5f0a7d0e-…", "function": "AssignRole",
///   "requester": "queue:app-role-requests", "action": "assign",
///   "principal": { "objectId": "1111…", "clientId": "2222…", "displayName": "id-orders",
///                  "resourceId": "/subscriptions/…" },
///   "api": { "objectId": "3333…", "appId": "4444…", "displayName": "Orders API" },
///   "roles": [ { "status": "assigned", "id": "5555…", "value": "Orders.Read",
///                "assignmentId": "2jLOCnF3kEmy…", "createdDateTime": "2026-08-20T10:11:12.1234567Z",
///                "rule": "orders workloads", "graphRequestId": "6666…" } ],
///   "startedAt": "2026-08-20T10:11:12Z", "durationMs": 187, "attempt": 1,
///   "policySha256": "9f86…", "brokerVersion": "0.1.0" }
/// ```
///
/// A field that is not known is left out. There is always at least one role, also for a request that
/// could not be understood: its status is `invalid` and its message says where the fault is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestResult {
    /// The invocation that decided, which is also in every line of the log.
    pub invocation_id: InvocationId,
    /// The function that was called.
    pub function: String,
    /// Who asked.
    pub requester: Requester,
    /// What was asked.
    pub action: &'static str,
    /// The principal, as far as it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<ResultPrincipal>,
    /// The API, as far as it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ResultApi>,
    /// What came of each role.
    pub roles: Vec<RoleOutcome>,
    /// When the work on this delivery began, in UTC, RFC 3339.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Which delivery of the message this was; 1 is the first.
    pub attempt: u32,
    /// SHA-256 of the policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<String>,
    /// The broker's version.
    pub broker_version: &'static str,
}

impl RequestResult {
    /// The result as JSON in ASCII.
    ///
    /// A queue message travels in XML, which refuses some characters (U+FFFE, U+FFFF) that a name in
    /// the directory may have; escaped, every text passes.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|json| escape_non_ascii(&json))
    }
}

/// In JSON a character outside ASCII can only stand inside a string, where an escape means the same.
fn escape_non_ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn escaping_changes_no_text(text: String) {
            let escaped = escape_non_ascii(&serde_json::to_string(&text).unwrap());
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }

        #[test]
        fn a_message_keeps_its_beginning_and_its_limit(text: String) {
            let short = shortened(&text);
            prop_assert!(short.chars().count() <= LONGEST_MESSAGE + 1);
            prop_assert!(text.starts_with(short.trim_end_matches('…')) || short == text);
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert_eq!(shortened(&"ü".repeat(400)).chars().count(), LONGEST_MESSAGE + 1);
    }
}
