//! The rules for one API, to judge many existing assignments of its roles.
//!
//! A tenant has tens of thousands of assignments, of few roles and by principals in few places. So what the
//! rules say about a principal or about a role is worked out only once.

use std::collections::HashMap;

use super::{
    baseline, protected,
    question::OwnIdentity,
    rule::{Grant, RoleMatch, RuleAction},
    rules::{Rules, RulesInForce},
};
use crate::{
    baseline_role::BaselineRole,
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppRoleId, ObjectId},
    privileged::{self, PrivilegeReason},
};

/// The rules in force that let any requester assign roles of one API, and those of its baseline.
///
/// A rule is named by its position in [`Policy::summaries`](super::Policy::summaries).
#[derive(Debug)]
pub struct ApiRules<'a> {
    rules: RulesInForce<'a>,
    api: &'a Api,
    own: OwnIdentity,
    grants: Vec<PlacedGrant<'a>>,
    covering: HashMap<ObjectId, Vec<usize>>,
    of_roles: HashMap<(AppRoleId, bool), RoleRules>,
    baseline: HashMap<(Vec<usize>, bool), Vec<BaselineRole>>,
}

/// A rule and its position.
#[derive(Debug, Clone, Copy)]
struct PlacedGrant<'a> {
    position: usize,
    grant: &'a Grant,
    is_baseline: bool,
}

/// What the rules say about a role of any principal.
#[derive(Debug)]
struct RoleRules {
    privileged: Option<PrivilegeReason>,
    granting: Vec<usize>,
}

/// What the policy says about an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The positions of the rules that allow it, in order. Empty if none does.
    pub rules: Vec<usize>,
    /// Why it is privileged. `None` if it is not.
    pub privileged: Option<PrivilegeReason>,
}

impl<'a> ApiRules<'a> {
    pub(super) fn of(
        all: &'a Rules,
        rules: RulesInForce<'a>,
        api: &'a Api,
        own: OwnIdentity,
    ) -> Self {
        let assigns = |position: usize| {
            let rule = all.allow.get(position);
            rule.is_none_or(|rule| rule.actions.contains(&RuleAction::Assign))
        };
        let placed = all.all_grants().enumerate().map(|(position, grant)| PlacedGrant {
            position,
            grant,
            is_baseline: position >= all.allow.len(),
        });
        let grants = placed.filter(|one| {
            assigns(one.position) && one.grant.is_in_force(rules.now()) && one.grant.api.is(api)
        });
        Self {
            rules,
            api,
            own,
            grants: grants.collect(),
            covering: HashMap::new(),
            of_roles: HashMap::new(),
            baseline: HashMap::new(),
        }
    }

    /// Whether no rule names the API.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// Judges an assignment of a role of the API, as
    /// [`Policy::is_expected`](super::Policy::is_expected) does: protection does not count.
    pub fn judge(&mut self, principal: &Principal, role: &AppRole) -> Judgement {
        let Self { grants, api, own, of_roles, covering, .. } = self;
        let key = (role.id, is_inherited(principal));
        let of_role = of_roles.entry(key).or_insert_with(|| {
            let privileged = privileged::of_assignment(principal, api, role);
            let allows = |grant: &Grant| match grant.role_match(role, api, own.tenant_id) {
                RoleMatch::None => false,
                RoleMatch::Prefix => privileged.is_none(),
                RoleMatch::Exact => privileged.is_none() || grant.privileged,
            };
            let granting = grants.iter().filter(|one| allows(one.grant));
            RoleRules { privileged, granting: granting.map(|one| one.position).collect() }
        });
        let privileged = of_role.privileged;
        if of_role.granting.is_empty() {
            return Judgement { rules: Vec::new(), privileged };
        }
        let covering = covering
            .entry(principal.object_id)
            .or_insert_with(|| covering_rules(grants, principal));
        let allows = |position: &&usize| covering.binary_search(position).is_ok();
        Judgement { rules: of_role.granting.iter().filter(allows).copied().collect(), privileged }
    }

    /// The roles of the API that the baseline grants to a principal, as
    /// [`Policy::baseline_roles`](super::Policy::baseline_roles) finds them.
    pub fn baseline_roles(&mut self, principal: &Principal) -> &[BaselineRole] {
        let Self { rules, api, own, .. } = *self;
        if !self.grants.iter().any(|one| one.is_baseline)
            || protected::check(rules.protected(), principal, api, own).is_err()
        {
            return &[];
        }
        let baseline = self.grants.iter().filter(|one| one.is_baseline).copied();
        let covering = covering_rules(&baseline.collect::<Vec<_>>(), principal);
        if covering.is_empty() {
            return &[];
        }
        // Principals that the same rules cover get the same roles, unless a scope protects them.
        self.baseline
            .entry((covering, is_inherited(principal)))
            .or_insert_with(|| baseline::roles_for(rules, principal, api, own))
    }
}

/// The positions of the rules that cover a principal, in order.
fn covering_rules(grants: &[PlacedGrant<'_>], principal: &Principal) -> Vec<usize> {
    grants.iter().filter(|one| one.grant.covers(principal)).map(|one| one.position).collect()
}

/// Whether every role of the principal is privileged, because others inherit it.
fn is_inherited(principal: &Principal) -> bool {
    principal.kind == PrincipalKind::AgentBlueprint
}
