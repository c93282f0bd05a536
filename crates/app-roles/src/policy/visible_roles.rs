//! The second gate for reading: which roles of an API a requester may see a principal hold.

use super::{
    denial::Denial,
    protected,
    question::OwnIdentity,
    rule::{Grant, RoleMatch, RuleAction},
    rules::RulesInForce,
};
use crate::{
    directory::{Api, AppRole, Principal},
    requester::Requester,
};

/// The roles of an API that a requester may see a principal hold.
#[derive(Debug)]
pub struct VisibleRoles<'a> {
    grants: Vec<&'a Grant>,
    api: &'a Api,
    own: OwnIdentity,
}

impl<'a> VisibleRoles<'a> {
    /// Selects the rules that let a requester read. Protection hides what it protects.
    pub(super) fn of(
        rules: RulesInForce<'a>,
        requester: &Requester,
        (principal, api): (&Principal, &'a Api),
        own: OwnIdentity,
    ) -> Result<Self, Denial> {
        protected::check(rules.protected(), principal, api, own)?;
        let admitting = rules.allow().filter(|rule| rule.admits(requester, RuleAction::Read));
        let mut grants: Vec<&Grant> =
            admitting.map(|rule| &rule.grant).filter(|grant| grant.api.is(api)).collect();
        if grants.is_empty() {
            return Err(Denial::api(requester, api));
        }
        grants.retain(|grant| grant.covers(principal));
        if grants.is_empty() {
            return Err(Denial::principal(requester, principal));
        }
        Ok(Self { grants, api, own })
    }

    /// The rule that shows a role, if there is one.
    ///
    /// A rule shows a privileged role without saying `"privileged": true`, because reading grants
    /// nothing.
    #[must_use]
    pub fn rule_for(&self, role: &AppRole) -> Option<&str> {
        let names = |grant: &&&Grant| {
            grant.role_match(role, self.api, self.own.tenant_id) != RoleMatch::None
        };
        self.grants.iter().find(names).map(|grant| grant.rule.as_str())
    }
}
