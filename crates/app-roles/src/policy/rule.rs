//! The rules of the policy, parsed.

use time::OffsetDateTime;

use super::{
    acknowledgement::Acknowledgement,
    approval::ApprovalTerms,
    expiry::LastDay,
    pattern::{ApiPattern, PrincipalPattern, RolePattern},
};
use crate::{
    directory::{Api, AppRole, Principal},
    duration::AssignmentDuration,
    ids::{Guid, ObjectId},
    names::{ApiName, PrincipalName},
    request::Action,
    requester::Requester,
    text::{RuleDescription, RuleOwner},
};

/// An action that a rule can allow.
///
/// On the wire: `"assign"`, `"revoke"` or `"read"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleAction {
    /// Create assignments of the roles.
    Assign,
    /// Remove assignments of the roles.
    Revoke,
    /// List which of the roles a principal holds.
    Read,
}

impl RuleAction {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "assign" => Ok(Self::Assign),
            "revoke" => Ok(Self::Revoke),
            "read" => Ok(Self::Read),
            _ => Err("expected \"assign\", \"revoke\" or \"read\""),
        }
    }

    /// The verb for sentences.
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

/// The part that all rules have: which principals may hold which roles of which API.
#[derive(Debug)]
pub(super) struct Grant {
    /// The name of the rule, which decisions are recorded with.
    pub(super) rule: String,
    pub(super) principals: Vec<PrincipalPattern>,
    pub(super) api: ApiPattern,
    pub(super) roles: Vec<RolePattern>,
    /// The roles as the file writes them, in the same order.
    pub(super) written_roles: Vec<String>,
    pub(super) privileged: bool,
    /// The longest time that an assignment may last. `None` in the baseline, whose roles have no end.
    pub(super) max_duration: Option<AssignmentDuration>,
    /// Who must approve what the rule allows. `None` if no approval is needed, and in the baseline.
    pub(super) approval: Option<ApprovalTerms>,
    /// The number of writes that a requester may make within an hour. `None` without a limit, and in the
    /// baseline.
    pub(super) max_writes_per_hour: Option<u32>,
    pub(super) notes: RuleNotes,
    /// The warnings about the rule that its authors accept.
    pub(super) acknowledged: Vec<Acknowledgement>,
}

/// The fields of a rule that describe the rule itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleNotes {
    /// The purpose of the rule. It affects no decision.
    pub description: Option<RuleDescription>,
    /// Who is responsible for the rule. It affects no decision.
    pub owner: Option<RuleOwner>,
    /// The last day on which it allows anything.
    pub expires: Option<LastDay>,
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
    /// Whether the rule has not expired.
    pub(super) fn is_in_force(&self, now: OffsetDateTime) -> bool {
        !self.notes.expires.is_some_and(|last| last.is_over(now))
    }

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

    /// Whether the rule could apply to a principal and an API, given only their names.
    pub(super) fn could_apply(&self, principal: &PrincipalName, api: &ApiName) -> bool {
        self.grant.api.could_be(api)
            && self.grant.principals.iter().any(|pattern| pattern.could_cover(principal))
    }
}
