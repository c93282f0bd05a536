//! What the policy lets somebody see.

use super::{
    Denial, OwnIdentity, Policy, api_denial, principal_denial,
    rule::{Naming, Rule, RuleAction},
};
use crate::{
    directory::{Api, AppRole, Principal},
    names::{ApiName, PrincipalName},
    requester::Requester,
};

/// Which roles of an API somebody may see a principal hold.
#[derive(Debug)]
pub struct View<'a> {
    rules: Vec<&'a Rule>,
    api: &'a Api,
    own: OwnIdentity,
}

impl Policy {
    /// The first gate of a look at a principal, before anything is looked up: could any rule let this
    /// requester see what a principal named like this holds on an API named like this?
    pub fn admit_reading(
        &self,
        requester: &Requester,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> Result<(), Denial> {
        self.admit_action(requester, RuleAction::Read, principal, api)
    }

    /// The second gate, on what Graph says: which roles may be seen. The guards are those of a change:
    /// what is protected is not shown either.
    pub fn view<'a>(
        &'a self,
        requester: &Requester,
        principal: &Principal,
        api: &'a Api,
        own: OwnIdentity,
    ) -> Result<View<'a>, Denial> {
        let rules = self.rules.as_ref().map_err(|reason| Denial::NoPolicy(reason.clone()))?;
        rules.check_guards(principal, api, own)?;
        let admitting = rules.allow.iter().filter(|rule| rule.admits(requester, RuleAction::Read));
        let mut rules: Vec<&Rule> = admitting.filter(|rule| rule.grant.api.is(api)).collect();
        if rules.is_empty() {
            return Err(api_denial(requester, api));
        }
        rules.retain(|rule| rule.grant.covers(principal));
        if rules.is_empty() {
            return Err(principal_denial(requester, principal));
        }
        Ok(View { rules, api, own })
    }
}

impl View<'_> {
    /// The rule by which a role may be seen, if there is one. That a role is privileged is no secret
    /// from whom a rule tells its name, so the rule need not be marked.
    #[must_use]
    pub fn rule_for(&self, role: &AppRole) -> Option<&str> {
        let names =
            |rule: &&&Rule| rule.grant.names(role, self.api, self.own.tenant_id) != Naming::No;
        self.rules.iter().find(names).map(|rule| rule.name.as_str())
    }
}
