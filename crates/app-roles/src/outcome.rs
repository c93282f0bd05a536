//! Outcomes: what the broker did about each role of a request.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

pub use crate::code::Code;
use crate::{
    directory::{AppRole, Assignment, Principal},
    end,
    ids::{AppId, AppRoleId, ObjectId},
    names::RoleName,
    policy::{Denial, WriteLimit},
    text::printable,
};

/// Longest message of an outcome, in characters. A result must fit a queue message, however long the
/// texts from Graph or the caller are.
const MAX_MESSAGE_LENGTH: usize = 300;

/// The status of one role of a request.
///
/// On the wire: a JSON string in camelCase, for instance `"alreadyAssigned"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// The assignment was created.
    Assigned,
    /// The assignment existed already. Nothing was changed.
    AlreadyAssigned,
    /// The assignment was removed.
    Revoked,
    /// The assignment did not exist. Nothing was changed.
    AlreadyRevoked,
    /// Dry run: the assignment would be created.
    WouldAssign,
    /// Dry run: the assignment would be removed.
    WouldRevoke,
    /// A rule allows it, and its approvers have not approved it yet. Nothing was changed.
    PendingApproval,
    /// The policy does not allow it, or an approver has denied it.
    Denied,
    /// The request is malformed, or asks for something impossible.
    Invalid,
    /// The principal, the API or the role does not exist.
    NotFound,
    /// A name matches more than one object.
    Ambiguous,
    /// The request arrived too late.
    Expired,
    /// Nothing was done, because another role of the request was refused or failed.
    NotAttempted,
    /// The call to Microsoft Graph failed.
    Failed,
    /// A write was sent, perhaps by an earlier delivery, and its outcome could not be read.
    Unknown,
}

impl fmt::Display for Status {
    /// The string on the wire.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// A failed call to Graph, as requesters see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code for programs.
    pub code: Code,
    /// What happened, and what to do.
    pub message: String,
    /// Graph's `request-id`, for Microsoft support.
    pub graph_request_id: Option<String>,
}

/// The outcome of one role of a request, as an element of `roles` in a result.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoleOutcome {
    /// The status.
    pub status: Status,
    /// The role as the request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<String>,
    /// The role's id, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AppRoleId>,
    /// The role's value, as the API defines it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether a rule must say `"privileged": true` to grant the role. Absent if the role is not
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Graph's id of the assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_id: Option<String>,
    /// When the assignment was created, as Graph writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<String>,
    /// When the assignment ends, in UTC, RFC 3339. Absent if it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date_time: Option<String>,
    /// Until when tokens may still carry the role after that end, in UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_until: Option<String>,
    /// The earliest time at which the limit of the rule may allow the change, in UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// The policy rule that allowed the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What stands behind the change: `policy` if the rule needs no approval, or else the approvers,
    /// separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The reason, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Graph's `request-id` of the call that led to this outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph_request_id: Option<String>,
    /// The reason, for people: what happened and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Values of existing roles that are spelled similarly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
}

impl RoleOutcome {
    /// An outcome with a status and no details.
    #[must_use]
    pub fn new(status: Status) -> Self {
        Self {
            status,
            requested: None,
            id: None,
            value: None,
            privileged: None,
            assignment_id: None,
            created_date_time: None,
            end_date_time: None,
            tokens_until: None,
            not_before: None,
            rule: None,
            approved_by: None,
            code: None,
            graph_request_id: None,
            message: None,
            suggestions: Vec::new(),
        }
    }

    /// Adds the role as the request names it.
    #[must_use]
    pub fn with_requested_name(self, name: &RoleName) -> Self {
        Self { requested: Some(name.to_string()), ..self }
    }

    /// Adds the role as the API defines it.
    #[must_use]
    pub fn with_role(self, role: &AppRole) -> Self {
        Self { id: Some(role.id), value: role.value.clone(), ..self }
    }

    /// Adds a message for people, shortened to 300 characters.
    #[must_use]
    pub fn with_message(self, message: &str) -> Self {
        Self { message: Some(shortened(message)), ..self }
    }

    /// Adds a code for programs.
    #[must_use]
    pub fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Adds the assignment that exists or existed.
    #[must_use]
    pub fn with_assignment(self, assignment: Assignment) -> Self {
        Self { assignment_id: Some(assignment.id), created_date_time: assignment.created, ..self }
    }

    /// Adds the time when the assignment ends, and until when tokens may carry the role. Without one,
    /// the assignment has no end.
    #[must_use]
    pub fn with_end(self, end: Option<OffsetDateTime>) -> Self {
        let (end_date_time, tokens_until) = end::shown(end);
        Self { end_date_time, tokens_until, ..self }
    }

    /// The outcome of a denial.
    #[must_use]
    pub fn denied(denial: &Denial) -> Self {
        Self::new(Status::Denied).with_code(denial.code()).with_message(&denial.for_requester())
    }

    /// Turns this into the denial of a change beyond the limit of its rule. `not_before` is when the limit may
    /// allow it; `None` if it never does.
    #[must_use]
    pub fn rate_limited(self, limit: &WriteLimit, not_before: Option<OffsetDateTime>) -> Self {
        let (per_hour, not_before) = (limit.per_hour(), not_before.map(end::rfc3339));
        let rule = format!("the rule allows {per_hour} writes of each requester in an hour");
        let message = match &not_before {
            Some(time) => {
                format!("{rule}, and no more are left: send the request again after {time}")
            }
            None => format!("{rule}, and the request needs more: ask for fewer roles at once"),
        };
        Self { status: Status::Denied, not_before, ..self }
            .with_code(Code::RateLimited)
            .with_message(&message)
    }

    /// Turns this into the outcome of a failed call to Graph.
    #[must_use]
    pub fn with_failure(self, failure: Failure) -> Self {
        Self { status: Status::Failed, graph_request_id: failure.graph_request_id, ..self }
            .with_code(failure.code)
            .with_message(&failure.message)
    }

    /// The decision: `allowed`, `denied`, `needsApproval` while approvers are asked, or `notDecided` if the
    /// request was malformed, too late, or names something that does not exist.
    #[must_use]
    pub fn decision(&self) -> &'static str {
        match (self.status, &self.rule) {
            (Status::Denied, _) => "denied",
            (Status::PendingApproval, _) => "needsApproval",
            (Status::Expired, _) => "notDecided",
            (_, Some(_)) => "allowed",
            (_, None) => "notDecided",
        }
    }

    /// Whether the tenant was changed.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(self.status, Status::Assigned | Status::Revoked)
    }

    /// Whether the other roles of the request must not be written because of this one.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.status,
            Status::Denied
                | Status::Invalid
                | Status::NotFound
                | Status::Ambiguous
                | Status::Expired
        )
    }
}

/// A service principal that an ambiguous name matches.
///
/// ```json
/// { "objectId": "1111…", "appId": "2222…", "displayName": "id-batch", "resourceId": "/subscriptions/…" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    object_id: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<AppId>,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

impl From<&Principal> for Candidate {
    fn from(principal: &Principal) -> Self {
        Self {
            object_id: principal.object_id,
            app_id: principal.client_id,
            display_name: principal.display_name.clone(),
            resource_id: principal.resource_id.as_ref().map(ToString::to_string),
        }
    }
}

/// The beginning of a message, with unprintable characters replaced: a message may repeat the name of a
/// field that a caller invented.
fn shortened(text: &str) -> String {
    let shown = printable(text);
    let mut characters = shown.chars();
    let mut short: String = characters.by_ref().take(MAX_MESSAGE_LENGTH).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::is_printable;

    proptest! {
        #[test]
        fn a_shortened_message_is_printable_bounded_and_a_prefix(text: String) {
            let short = shortened(&text);
            prop_assert!(short.chars().count() <= MAX_MESSAGE_LENGTH + 1);
            prop_assert!(short.chars().all(is_printable));
            let same = short.chars().zip(text.chars()).take(MAX_MESSAGE_LENGTH);
            prop_assert!(same.filter(|(_, given)| is_printable(*given)).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn a_status_is_displayed_as_on_the_wire() {
        assert_eq!(Status::AlreadyAssigned.to_string(), "alreadyAssigned");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert_eq!(shortened(&"ü".repeat(400)).chars().count(), MAX_MESSAGE_LENGTH + 1);
    }
}
