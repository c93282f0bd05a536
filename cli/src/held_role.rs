//! A role that a principal holds, as `list` and `holders` show it.

use app_roles::{directory::AppRole, ids::AppRoleId};
use serde::Serialize;

use crate::{
    broker_record::{End, ShownEnd},
    privilege::Privilege,
    timestamps::text_to_the_second,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeldRole {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    role_id: AppRoleId,
    #[serde(flatten)]
    privilege: Privilege,
    /// Whether the agents of the principal, a blueprint, can inherit the role.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inherited_by_agents: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(flatten)]
    shown_end: Option<ShownEnd>,
    #[serde(skip)]
    end: Option<End>,
}

impl HeldRole {
    /// The headers of [`Self::cells`].
    pub(crate) const HEADERS: [&str; 5] = ["ROLE", "PRIVILEGED", "SINCE", "ENDS", "TOKENS UNTIL"];

    /// A role that has been held `since` this time.
    pub(crate) fn new(role: AppRole, privilege: Privilege, since: Option<String>) -> Self {
        Self {
            role: role.value,
            role_id: role.id,
            privilege,
            inherited_by_agents: false,
            since,
            shown_end: None,
            end: None,
        }
    }

    /// This role with its end, if it has one.
    pub(crate) fn ending(self, end: Option<End>) -> Self {
        Self { shown_end: end.map(End::shown), end, ..self }
    }

    /// This role, which agents can inherit or not.
    pub(crate) fn inherited_by_agents(self, inherited_by_agents: bool) -> Self {
        Self { inherited_by_agents, ..self }
    }

    /// The cells of a table.
    pub(crate) fn cells(&self) -> [String; 5] {
        [
            self.role.clone().unwrap_or_else(|| self.role_id.to_string()),
            self.privilege.cell(),
            self.since.as_deref().map(text_to_the_second).unwrap_or_default(),
            self.end.map(End::cell).unwrap_or_default(),
            self.end.map(End::tokens_cell).unwrap_or_default(),
        ]
    }
}
