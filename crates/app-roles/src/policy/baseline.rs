//! The roles that the baseline grants to one principal on one API.

use super::{
    pattern::RolePattern,
    question::{OwnIdentity, ProposedAssignment},
    rule::{Grant, RoleMatch},
    rules::RulesInForce,
    second_gate,
};
use crate::{
    baseline_role::BaselineRole,
    directory::{Api, AppRole, Principal},
    ids::AppRoleId,
    privileged::{self, PrivilegeReason},
};

/// The assignable roles of an API that the second gate permits for a principal.
pub(super) fn roles_for(
    rules: RulesInForce<'_>,
    principal: &Principal,
    api: &Api,
    own: OwnIdentity,
) -> Vec<BaselineRole> {
    let default_access = AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS);
    let default_access = api.has_default_access().then_some(&default_access);
    let assignable = api.roles.iter().filter(|role| role.is_assignable()).chain(default_access);
    // Most roles of most APIs are named by no rule. This filter is cheaper than the full decision.
    let grants: Vec<&Grant> = grants(rules, api).filter(|grant| grant.covers(principal)).collect();
    let is_named = |role: &AppRole| {
        grants.iter().any(|grant| grant.role_match(role, api, own.tenant_id) != RoleMatch::None)
    };
    let permitted = |role: &AppRole| {
        let question = ProposedAssignment { principal, api, role, own, now: rules.now() };
        let permit = second_gate::decide_baseline(rules, &question).ok()?;
        Some(BaselineRole {
            rule: permit.rule().to_owned(),
            api: api.object_id,
            role: role.clone(),
        })
    };
    assignable.filter(|role| is_named(role)).filter_map(permitted).collect()
}

/// The roles that rules name exactly and that the API does not define or that cannot be assigned.
/// With a principal, only rules that cover it count.
pub(super) fn unknown_roles(
    rules: RulesInForce<'_>,
    principal: Option<&Principal>,
    api: &Api,
) -> Vec<String> {
    let covers = |grant: &&Grant| principal.is_none_or(|principal| grant.covers(principal));
    let named = grants(rules, api).filter(covers).flat_map(|grant| &grant.roles);
    named
        .filter(|pattern| !is_assignable(pattern, api))
        .filter_map(RolePattern::exact_name)
        .collect()
}

/// The privileged roles that rules name exactly and never grant, because they lack the mark: name of
/// the rule, role and reason. Only rules that cover the principal count.
pub(super) fn unmarked_roles(
    rules: RulesInForce<'_>,
    principal: &Principal,
    api: &Api,
) -> Vec<(String, String, PrivilegeReason)> {
    let unmarked = grants(rules, api).filter(|grant| !grant.privileged && grant.covers(principal));
    let named = |grant: &'_ Grant| -> Vec<_> {
        let names = |role: &&AppRole| grant.roles.iter().any(|pattern| pattern.is_exactly(role));
        let roles = api.roles.iter().filter(|role| role.is_assignable()).filter(names);
        let privileged = roles.filter_map(|role| {
            let why = privileged::of_assignment(principal, api, role)?;
            Some((grant.rule.clone(), role.value_or_id(), why))
        });
        privileged.collect()
    };
    unmarked.flat_map(named).collect()
}

fn grants<'a>(rules: RulesInForce<'a>, api: &'a Api) -> impl Iterator<Item = &'a Grant> {
    rules.baseline_grants().filter(|grant| grant.api.is(api))
}

/// Whether a role that can be assigned has exactly this value or id.
fn is_assignable(pattern: &RolePattern, api: &Api) -> bool {
    let default_access = AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS);
    (api.has_default_access() && pattern.is_exactly(&default_access))
        || api.roles.iter().any(|role| role.is_assignable() && pattern.is_exactly(role))
}
