//! What came of each role of a request.

use std::fmt;

use serde::Serialize;

use crate::{
    directory::{AppRole, Assignment, Principal},
    ids::{AppId, AppRoleId, ObjectId},
    names::RoleName,
    policy::Denial,
    text::is_printable,
};

/// Longest message of a result, in characters. A result must fit a queue message whatever Graph or
/// a caller wrote into it.
const LONGEST_MESSAGE: usize = 300;

/// What came of one role of a request.
///
/// On the wire: a JSON string in camelCase, for instance `"alreadyAssigned"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// The assignment was created.
    Assigned,
    /// The assignment stood already; nothing was changed.
    AlreadyAssigned,
    /// The assignment was removed.
    Revoked,
    /// The assignment did not exist; nothing was changed.
    AlreadyRevoked,
    /// A dry run: the assignment would be created.
    WouldAssign,
    /// A dry run: the assignment would be removed.
    WouldRevoke,
    /// The policy does not allow it.
    Denied,
    /// The request asks for what cannot be, or could not be understood.
    Invalid,
    /// The principal, the API or the role does not exist.
    NotFound,
    /// A name means more than one thing.
    Ambiguous,
    /// The request came too late.
    Expired,
    /// Nothing was done, because of another role of the request.
    NotAttempted,
    /// Microsoft Graph did not do it.
    Failed,
}

/// Machine-readable reasons.
///
/// On the wire: a JSON string in camelCase, for instance `"principalNotFound"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Code {
    /// Graph does not know the principal, or not yet.
    PrincipalNotFound,
    /// Several service principals have the principal's name.
    PrincipalAmbiguous,
    /// Graph does not know the API.
    ApiNotFound,
    /// Several service principals have the API's name.
    ApiAmbiguous,
    /// The API defines no such role.
    RoleNotFound,
    /// Several roles of the API have this value.
    RoleAmbiguous,
    /// The role is disabled: who holds it keeps it, and nobody else can get it.
    RoleDisabled,
    /// The role is for people only.
    RoleNotForApplications,
    /// The broker was told to look at nothing.
    Paused,
    /// There is no policy.
    NoPolicy,
    /// No rule could let the requester do anything like this.
    NoRuleForRequester,
    /// No rule for the requester names the API.
    NoRuleForApi,
    /// No rule for the requester and API covers the principal.
    NoRuleForPrincipal,
    /// No rule for the requester, API and principal names the role.
    NoRuleForRole,
    /// The role is privileged and no rule that is marked names it.
    PrivilegedRole,
    /// The policy protects the principal or the API.
    Protected,
    /// The principal is the broker itself.
    OwnIdentity,
    /// The broker has no token for Graph.
    NotSignedIn,
    /// Graph refused the broker's token.
    TokenRefused,
    /// The broker's own identity lacks a role.
    Forbidden,
    /// The principal has as many assignments as it can have.
    PrincipalFull,
    /// The tenant has no room for another object.
    DirectoryFull,
    /// Graph asked to slow down for longer than the request could wait.
    Throttled,
    /// Graph did not answer, or with a passing fault.
    GraphUnavailable,
    /// Graph refused for a reason that this broker does not know.
    GraphRefused,
    /// The broker's record of decisions cannot be reached, and without it nothing is changed.
    RecordUnavailable,
}

impl fmt::Display for Status {
    /// The word that is on the wire.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

impl fmt::Display for Code {
    /// The word that is on the wire.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// Why a call to Graph did not work, as requesters see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The word for programs.
    pub code: Code,
    /// What happened, and what to do.
    pub message: String,
    /// Graph's `request-id`, which Microsoft support asks for.
    pub graph_request_id: Option<String>,
}

/// What came of one role of a request; see [`crate::result::RequestResult`] for the shape.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoleOutcome {
    /// What came of it.
    pub status: Status,
    /// The role as the request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<String>,
    /// The role's id, where one could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AppRoleId>,
    /// The role's value, as the API defines it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the role is one that a rule must be marked for; absent where the role is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Graph's id of the assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_id: Option<String>,
    /// When the assignment was made, as Graph writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<String>,
    /// The rule of the policy that allowed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why not, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Graph's `request-id` of the call that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph_request_id: Option<String>,
    /// What happened and what to do, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Values of roles that may have been meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
}

impl RoleOutcome {
    /// The status and nothing else.
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
            rule: None,
            code: None,
            graph_request_id: None,
            message: None,
            suggestions: Vec::new(),
        }
    }

    /// The same about a role, as the request names it.
    #[must_use]
    pub fn requested(self, name: &RoleName) -> Self {
        Self { requested: Some(name.to_string()), ..self }
    }

    /// The same about a role, as the API defines it.
    #[must_use]
    pub fn about(self, role: &AppRole) -> Self {
        Self { id: Some(role.id), value: role.value.clone(), ..self }
    }

    /// The same with a sentence for people, cut to what a result has room for.
    #[must_use]
    pub fn because(self, message: &str) -> Self {
        Self { message: Some(shortened(message)), ..self }
    }

    /// The same with a word for programs.
    #[must_use]
    pub fn coded(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same with the assignment that it is about.
    #[must_use]
    pub fn with_assignment(self, assignment: Assignment) -> Self {
        Self { assignment_id: Some(assignment.id), created_date_time: assignment.created, ..self }
    }

    /// What the policy does not allow.
    #[must_use]
    pub fn denied(denial: &Denial) -> Self {
        Self::new(Status::Denied).coded(denial.code()).because(&denial.outward())
    }

    /// The same, which Graph did not do.
    #[must_use]
    pub fn failed(self, failure: Failure) -> Self {
        Self { status: Status::Failed, graph_request_id: failure.graph_request_id, ..self }
            .coded(failure.code)
            .because(&failure.message)
    }

    /// What the policy said of it: `allowed`, `denied`, or `notDecided` where it was not asked, because
    /// the request could not be understood, came too late, or names what could not be found.
    #[must_use]
    pub fn decision(&self) -> &'static str {
        match (self.status, &self.rule) {
            (Status::Denied, _) => "denied",
            (_, Some(_)) => "allowed",
            (_, None) => "notDecided",
        }
    }

    /// Whether something was changed in the tenant.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(self.status, Status::Assigned | Status::Revoked)
    }

    /// Whether it keeps the other roles of the request from being written.
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

/// A service principal that a name may have meant.
///
/// ```json
/// { "objectId": "1111…", "appId": "2222…", "displayName": "id-batch", "resourceId": "/subscriptions/…" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    object_id: ObjectId,
    app_id: AppId,
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

/// A message's beginning, as long as a result has room for, with nothing in it that cannot be shown: a
/// fault may repeat the name of a field that a caller made up.
fn shortened(text: &str) -> String {
    let shown = |character| if is_printable(character) { character } else { '\u{FFFD}' };
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(LONGEST_MESSAGE).map(shown).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_message_is_printable_and_keeps_its_beginning_and_its_limit(text: String) {
            let short = shortened(&text);
            prop_assert!(short.chars().count() <= LONGEST_MESSAGE + 1);
            prop_assert!(short.chars().all(is_printable));
            let same = short.chars().zip(text.chars()).take(LONGEST_MESSAGE);
            prop_assert!(same.filter(|(_, given)| is_printable(*given)).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn a_word_in_the_log_is_the_word_on_the_wire() {
        assert_eq!(Status::AlreadyAssigned.to_string(), "alreadyAssigned");
        assert_eq!(Code::GraphUnavailable.to_string(), "graphUnavailable");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert_eq!(shortened(&"ü".repeat(400)).chars().count(), LONGEST_MESSAGE + 1);
    }
}
