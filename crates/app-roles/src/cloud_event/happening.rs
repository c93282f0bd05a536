//! What an event is about: its type and its data.

use serde::Serialize;

use crate::{
    approval::ApprovalState,
    ids::{AppId, AppRoleId, ApprovalId, ObjectId},
    request::Action,
};

/// What has happened: the members `type` and `data` of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data")]
pub enum Happening {
    /// A request waits for approval.
    #[serde(rename = "AppRoleBroker.ApprovalRequested")]
    ApprovalRequested(ApprovalRequested),
    /// A request waits for approval no longer.
    #[serde(rename = "AppRoleBroker.ApprovalDecided")]
    ApprovalDecided(ApprovalDecided),
    /// The broker assigned a role.
    #[serde(rename = "AppRoleBroker.AssignmentCreated")]
    AssignmentCreated(AssignmentCreated),
    /// An assignment ends soon.
    #[serde(rename = "AppRoleBroker.AssignmentEnding")]
    AssignmentEnding(AssignmentEnding),
    /// The broker removed an assignment.
    #[serde(rename = "AppRoleBroker.AssignmentEnded")]
    AssignmentEnded(AssignmentEnded),
}

/// Who asked for which access: what the data of each event has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The requester's own id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The requester, as results name it.
    pub requester: String,
    /// The object id of the principal.
    pub principal_id: ObjectId,
    /// The display name of the principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_display_name: Option<String>,
    /// The object id of the API's service principal.
    pub api_id: ObjectId,
    /// The application id of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_app_id: Option<AppId>,
    /// The display name of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_display_name: Option<String>,
    /// The roles, at most 20. An event about an assignment has one.
    pub roles: Vec<EventRole>,
}

/// A role of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventRole {
    /// The role's id.
    pub app_role_id: AppRoleId,
    /// The role's value, as the API defines it. Default access has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_role_value: Option<String>,
    /// Whether the role is privileged. Absent if the event's record does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// The rule that allows the assignment, or has allowed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// When the assignment will end that waits for approval: a duration from the grant on (`PT8H`), a
    /// time (RFC 3339), or `none`. Absent in events about assignments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// When the assignment ends, in UTC, RFC 3339. Absent if it has no end, and in events about
    /// approvals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date_time: Option<String>,
}

/// The data of the event that a request waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRequested {
    /// The id under which the request waits.
    pub approval_id: ApprovalId,
    /// What is requested.
    pub action: Action,
    /// The request.
    #[serde(flatten)]
    pub about: About,
    /// Until when it waits, in UTC, RFC 3339.
    pub until: String,
}

/// The data of the event that a request waits for approval no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDecided {
    /// The id under which the request has waited.
    pub approval_id: ApprovalId,
    /// What is requested.
    pub action: Action,
    /// What was decided.
    pub decision: ApprovalDecision,
    /// The request.
    #[serde(flatten)]
    pub about: About,
    /// Those who have approved or denied it, each `http:<object id>`.
    pub approvers: Vec<String>,
}

/// What was decided about a request that waited for approval.
///
/// On the wire: a string in camelCase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ApprovalDecision {
    /// Enough approvers have approved it. Whether it could be carried out, the result says.
    Approved,
    /// An approver has denied it.
    Denied,
    /// The approvers did not decide in time.
    Expired,
    /// The policy does not allow it any more, or it cannot be carried out.
    Refused,
}

impl ApprovalDecision {
    /// The decision that led to a state. `None` if nothing is decided yet.
    #[must_use]
    pub fn of(state: ApprovalState) -> Option<Self> {
        match state {
            ApprovalState::Pending => None,
            ApprovalState::Approved | ApprovalState::Done => Some(Self::Approved),
            ApprovalState::Denied => Some(Self::Denied),
            ApprovalState::Expired => Some(Self::Expired),
            ApprovalState::Refused => Some(Self::Refused),
        }
    }
}

/// The data of the event that the broker assigned a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssignmentCreated {
    /// The request.
    #[serde(flatten)]
    pub about: About,
    /// What stands behind the assignment: `policy` if the rule needs no approval, or else the approvers,
    /// separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The id under which the request has waited for approval. Absent if it needed none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<ApprovalId>,
}

/// The data of the event that an assignment ends soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssignmentEnding {
    /// The request that set the end.
    #[serde(flatten)]
    pub about: About,
}

/// The data of the event that the broker removed an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssignmentEnded {
    /// The request that removed it. If its end had come, the requester is the broker's timer.
    #[serde(flatten)]
    pub about: About,
    /// Why it was removed.
    pub ended_by: EndedBy,
}

/// Why an assignment was removed.
///
/// On the wire: a string in camelCase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum EndedBy {
    /// Its end had come.
    End,
    /// A request revoked it.
    Revoke,
}

impl Happening {
    /// The requester and the access that the event is about.
    #[must_use]
    pub fn about(&self) -> &About {
        match self {
            Self::ApprovalRequested(data) => &data.about,
            Self::ApprovalDecided(data) => &data.about,
            Self::AssignmentCreated(data) => &data.about,
            Self::AssignmentEnding(data) => &data.about,
            Self::AssignmentEnded(data) => &data.about,
        }
    }

    /// Changes each text that may have any length and any characters.
    pub(super) fn change_texts(&mut self, change: impl Fn(&str) -> String) {
        let about = match self {
            Self::ApprovalRequested(data) => &mut data.about,
            Self::ApprovalDecided(data) => {
                data.approvers.iter_mut().for_each(|text| *text = change(text));
                &mut data.about
            }
            Self::AssignmentCreated(data) => {
                data.approved_by = data.approved_by.take().map(|text| change(&text));
                &mut data.about
            }
            Self::AssignmentEnding(data) => &mut data.about,
            Self::AssignmentEnded(data) => &mut data.about,
        };
        about.requester = change(&about.requester);
        let names =
            [&mut about.request_id, &mut about.principal_display_name, &mut about.api_display_name];
        let of_roles = about.roles.iter_mut().flat_map(|role| {
            [&mut role.app_role_value, &mut role.rule, &mut role.end, &mut role.end_date_time]
        });
        for text in names.into_iter().chain(of_roles).flatten() {
            *text = change(text);
        }
    }
}
