//! What identities hold without a request, under the same guards.

use super::{Denial, OwnIdentity, Permit, Policy, Subject, choose, name_of, place_of};
use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal},
    ids::AppRoleId,
    names::ApiName,
    plan::Wanted,
    policy::{
        Refusal,
        pattern::{PrincipalPattern, RolePattern},
        rule::{BaselineRule, Grant, Naming},
    },
    request::Action,
};

/// A question to the baseline, all of it as Graph states it.
#[derive(Debug, Clone, Copy)]
pub struct BaselineQuestion<'a> {
    /// Who is to hold the role.
    pub principal: &'a Principal,
    /// Whose role it is.
    pub api: &'a Api,
    /// The role.
    pub role: &'a AppRole,
    /// Who the broker is.
    pub own: OwnIdentity,
}

impl Policy {
    /// The gate, before anything is looked up: does a rule cover whatever identity this resource has,
    /// and does nothing protect it?
    ///
    /// A rule that names an object id covers no resource: by the time that somebody knows the id,
    /// the resource is there.
    #[must_use]
    pub fn baseline_concerns(&self, resource: &ArmScope) -> bool {
        self.rules.as_ref().is_ok_and(|rules| {
            let covers = |rule: &BaselineRule| {
                rule.grant.principals.iter().any(|pattern| pattern.covers_resource(resource))
            };
            rules.baseline.iter().any(covers)
                && !rules.protected.iter().any(|entry| entry.is_resource(resource))
        })
    }

    /// Where in Azure identities lie to which the baseline gives something, each place once.
    #[must_use]
    pub fn baseline_scopes(&self) -> Vec<String> {
        let patterns = self.baseline().iter().flat_map(|rule| &rule.grant.principals);
        let mut places: Vec<_> = patterns
            .filter_map(|pattern| match pattern {
                PrincipalPattern::Scope(scope) => Some(scope.place()),
                PrincipalPattern::Object(_) => None,
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Whether the principal is the broker itself, or protected: then no rule gives it anything.
    pub fn check_principal(&self, principal: &Principal, own: OwnIdentity) -> Result<(), Denial> {
        self.rules_in_force()?.check_principal(principal, own)
    }

    /// The APIs some of whose roles the baseline gives to a principal, each once.
    #[must_use]
    pub fn baseline_apis(&self, principal: &Principal) -> Vec<ApiName> {
        let mut names = Vec::new();
        for rule in self.baseline().iter().filter(|rule| rule.grant.covers(principal)) {
            let name = rule.grant.api.name();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The roles of an API that the baseline gives to a principal: those that
    /// [`Policy::decide_baseline`] permits and that can be assigned at all.
    #[must_use]
    pub fn wanted(&self, principal: &Principal, api: &Api, own: OwnIdentity) -> Vec<Wanted> {
        let default_access = AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS);
        let default_access = api.roles.is_empty().then_some(&default_access);
        let assignable = api.roles.iter().filter(|role| role.is_assignable()).chain(default_access);
        // Most roles of most APIs are named by no rule, and the decision proper takes its time.
        let grants = self.baseline().iter().map(|rule| &rule.grant);
        let grants: Vec<_> =
            grants.filter(|grant| grant.api.is(api) && grant.covers(principal)).collect();
        let named = assignable.filter(|role| {
            grants.iter().any(|grant| grant.names(role, api, own.tenant_id) != Naming::No)
        });
        let wanted = named.filter_map(|role| {
            let permit = self.decide_baseline(&BaselineQuestion { principal, api, role, own });
            let rule = permit.ok()?.rule;
            Some(Wanted { rule, api: api.object_id, role: role.clone() })
        });
        wanted.collect()
    }

    /// The roles that rules for a principal, or else all rules, name exactly and that an API does not define or that
    /// cannot be assigned: new ones, or mistakes.
    #[must_use]
    pub fn unknown_roles(&self, principal: Option<&Principal>, api: &Api) -> Vec<String> {
        let rules = self.baseline().iter().map(|rule| &rule.grant);
        let covers = |grant: &Grant| principal.is_none_or(|principal| grant.covers(principal));
        let rules = rules.filter(|grant| grant.api.is(api) && covers(grant));
        let unknown = rules.flat_map(|grant| &grant.roles).filter(|pattern| {
            let is_default = api.roles.is_empty()
                && pattern.names(&AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS));
            let mut assignable = api.roles.iter().filter(|role| role.is_assignable());
            !is_default && !assignable.any(|role| pattern.names(role))
        });
        unknown.filter_map(RolePattern::exact_name).collect()
    }

    /// The decision proper, on what Graph says: like [`Policy::decide`], for a role that nobody asked
    /// for.
    pub fn decide_baseline(&self, question: &BaselineQuestion<'_>) -> Result<Permit, Denial> {
        let BaselineQuestion { principal, api, role, own } = *question;
        let rules = self.rules_in_force()?;
        rules.check_guards(principal, api, own)?;
        let subject = Subject { principal, api, role, own };
        let candidates = rules.baseline.iter().map(BaselineRule::named).collect();
        match choose(candidates, &subject) {
            Ok(rule) => Ok(subject.permit(Action::Assign, rule)),
            Err(Refusal::Privileged { why, rule }) => {
                Err(Denial::Privileged { role: name_of(role), why, rule: rule.to_owned() })
            }
            Err(_) => {
                let (principal, role) = (place_of(principal), name_of(role));
                Err(Denial::NotInBaseline { principal, role })
            }
        }
    }
}

#[cfg(test)]
mod tests;
