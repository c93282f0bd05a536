//! Whether a role is privileged, as lists show it.

use app_roles::{
    directory::{Api, AppRole, Principal},
    privileged::{self, PrivilegeReason},
};
use serde::Serialize;

/// Whether a role is privileged, and why.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Privilege {
    privileged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    privileged_because: Option<String>,
}

impl Privilege {
    /// Classifies a role of an API.
    pub(crate) fn of(api: &Api, role: &AppRole) -> Self {
        Self::because(privileged::of_role(api, role))
    }

    /// Classifies a role that a principal holds.
    pub(crate) fn of_assignment(principal: &Principal, api: &Api, role: &AppRole) -> Self {
        Self::because(privileged::of_assignment(principal, api, role))
    }

    fn because(why: Option<PrivilegeReason>) -> Self {
        let privileged_because = why.map(|why| why.to_string());
        Self { privileged: privileged_because.is_some(), privileged_because }
    }

    /// The value for a role whose API no longer exists.
    pub(crate) fn unknown() -> Self {
        Self { privileged: false, privileged_because: None }
    }

    /// Returns the cell of a table.
    pub(crate) fn cell(&self) -> String {
        self.privileged_because.as_ref().map(|why| format!("yes ({why})")).unwrap_or_default()
    }
}
