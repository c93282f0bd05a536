//! The rules of the policy, parsed.

use super::pattern::{ApiPattern, PrincipalPattern, RolePattern};
use crate::{
    directory::{Api, AppRole, Principal},
    ids::Guid,
    names::{ApiName, PrincipalName},
    request::Action,
    requester::Requester,
};

/// What a rule may be asked to do.
///
/// On the wire: `"assign"`, `"revoke"` or `"read"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum RuleAction {
    /// Give the roles.
    Assign,
    /// Take the roles away.
    Revoke,
    /// See which of them a principal holds.
    Read,
}

impl RuleAction {
    /// The word for sentences.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Assign => Action::Assign.verb(),
            Self::Revoke => Action::Revoke.verb(),
            Self::Read => "read",
        }
    }
}

impl From<Action> for RuleAction {
    fn from(action: Action) -> Self {
        match action {
            Action::Assign => Self::Assign,
            Action::Revoke => Self::Revoke,
        }
    }
}

/// Which roles of which API may be whose.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) principals: Vec<PrincipalPattern>,
    pub(super) api: ApiPattern,
    pub(super) roles: Vec<RolePattern>,
    pub(super) privileged: bool,
}

/// One rule: what these requesters may have done.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) requesters: Vec<Requester>,
    pub(super) actions: Vec<RuleAction>,
    pub(super) grant: Grant,
}

/// One rule of the baseline: what identities under a scope always hold, without a request.
#[derive(Debug)]
pub struct BaselineRule {
    pub(super) name: String,
    pub(super) grant: Grant,
}

impl BaselineRule {
    /// Its name and what it grants.
    pub(super) fn named(&self) -> (&str, &Grant) {
        (&self.name, &self.grant)
    }

    /// Its name, by which decisions are recorded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Whether and how a grant names a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// Not at all.
    No,
    /// By the beginning of its value.
    ByStart,
    /// By its value or id.
    Exactly,
}

impl Grant {
    pub(super) fn covers(&self, principal: &Principal) -> bool {
        self.principals.iter().any(|pattern| pattern.covers(principal))
    }

    pub(super) fn names(&self, role: &AppRole, api: &Api, own_tenant: Option<Guid>) -> Naming {
        if self.roles.iter().any(|pattern| pattern.names(role)) {
            return Naming::Exactly;
        }
        let is_own = own_tenant.is_some() && api.owner == own_tenant;
        if is_own && self.roles.iter().any(|pattern| pattern.covers(role)) {
            return Naming::ByStart;
        }
        Naming::No
    }
}

impl Rule {
    /// Its name and what it grants.
    pub(super) fn named(&self) -> (&str, &Grant) {
        (&self.name, &self.grant)
    }

    /// Whether it lets this requester do this at all.
    pub(super) fn admits(&self, requester: &Requester, action: RuleAction) -> bool {
        self.requesters.contains(requester) && self.actions.contains(&action)
    }

    /// Whether it could allow something about what a request names so, before anything is known of it.
    pub(super) fn could_concern(&self, principal: &PrincipalName, api: &ApiName) -> bool {
        self.grant.api.could_be(api)
            && self.grant.principals.iter().any(|pattern| pattern.could_cover(principal))
    }
}
