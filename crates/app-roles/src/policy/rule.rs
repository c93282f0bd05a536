//! The rules of the policy, parsed.

use serde::{Deserialize, Deserializer};

use super::pattern::{ApiPattern, PrincipalPattern, RolePattern};
use crate::{
    directory::{Api, AppRole, Principal},
    ids::{Guid, ObjectId},
    json,
    names::{ApiName, PrincipalName},
    request::Action,
    requester::Requester,
};

/// An action that a rule can allow.
///
/// On the wire: `"assign"`, `"revoke"` or `"read"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    any(test, feature = "schema"),
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(super) enum RuleAction {
    /// Create assignments of the roles.
    Assign,
    /// Remove assignments of the roles.
    Revoke,
    /// List which of the roles a principal holds.
    Read,
}

impl RuleAction {
    /// The verb for sentences.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Assign => Action::Assign.verb(),
            Self::Revoke => Action::Revoke.verb(),
            Self::Read => "read",
        }
    }
}

impl<'de> Deserialize<'de> for RuleAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::parse_string(deserializer, |text| match text {
            "assign" => Ok(Self::Assign),
            "revoke" => Ok(Self::Revoke),
            "read" => Ok(Self::Read),
            _ => Err("expected \"assign\", \"revoke\" or \"read\""),
        })
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

/// The part that all rules have: which principals may hold which roles of which API.
#[derive(Debug)]
pub(super) struct Grant {
    /// The name of the rule, which decisions are recorded with.
    pub(super) rule: String,
    pub(super) principals: Vec<PrincipalPattern>,
    pub(super) api: ApiPattern,
    pub(super) roles: Vec<RolePattern>,
    pub(super) privileged: bool,
}

/// A rule of `allow`: a grant that these requesters can use for these actions.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) requesters: Vec<Requester>,
    pub(super) actions: Vec<RuleAction>,
    pub(super) grant: Grant,
}

/// A rule of `baseline`: roles that identities always hold, without a request.
#[derive(Debug)]
pub struct BaselineRule {
    pub(super) grant: Grant,
}

impl BaselineRule {
    /// The name of the rule, which decisions are recorded with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.grant.rule
    }
}

/// How a grant names a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoleMatch {
    /// It does not name the role.
    None,
    /// By the beginning of its value.
    Prefix,
    /// By its full value or its id.
    Exact,
}

impl Grant {
    pub(super) fn covers(&self, principal: &Principal) -> bool {
        self.principals.iter().any(|pattern| pattern.covers(principal))
    }

    /// Whether the grant names the principal by its object id, not by a scope.
    pub(super) fn names(&self, principal: ObjectId) -> bool {
        self.principals.contains(&PrincipalPattern::Object(principal))
    }

    /// How the grant names a role. Prefixes count only on APIs that the broker's own tenant owns.
    pub(super) fn role_match(
        &self,
        role: &AppRole,
        api: &Api,
        own_tenant: Option<Guid>,
    ) -> RoleMatch {
        if self.roles.iter().any(|pattern| pattern.is_exactly(role)) {
            return RoleMatch::Exact;
        }
        let is_own = own_tenant.is_some() && api.owner == own_tenant;
        if is_own && self.roles.iter().any(|pattern| pattern.is_prefix_of(role)) {
            return RoleMatch::Prefix;
        }
        RoleMatch::None
    }
}

impl Rule {
    /// Whether the rule lets the requester use the action at all.
    pub(super) fn admits(&self, requester: &Requester, action: RuleAction) -> bool {
        self.requesters.contains(requester) && self.actions.contains(&action)
    }

    /// Whether the rule allows nothing but reading.
    pub(super) fn only_reads(&self) -> bool {
        self.actions.iter().all(|action| *action == RuleAction::Read)
    }

    /// Whether the rule could apply to a principal and an API of which only the names are known.
    pub(super) fn could_apply(&self, principal: &PrincipalName, api: &ApiName) -> bool {
        self.grant.api.could_be(api)
            && self.grant.principals.iter().any(|pattern| pattern.could_cover(principal))
    }
}
