//! Which resources, places, APIs and requesters the rules are about, to decide what to look up.

use super::{
    pattern::PrincipalPattern,
    protected,
    rule::Grant,
    rules::{Rules, RulesInForce},
};
use crate::{arm::ArmScope, directory::Principal, names::ApiName, requester::Requester};

/// Whether the baseline covers the identities of a resource and no scope protects them.
///
/// A rule that names an object id covers no resource: the id is known only after the resource exists.
pub(super) fn baseline_covers(rules: RulesInForce<'_>, resource: &ArmScope) -> bool {
    let mut patterns = rules.baseline_grants().flat_map(|grant| &grant.principals);
    patterns.any(|pattern| pattern.covers_resource(resource))
        && !protected::is_resource_protected(rules.protected(), resource)
}

/// The places in Azure that contain all identities of the scopes of rules that allow a change, sorted and
/// each once.
pub(super) fn scopes_of_changes(rules: &Rules) -> Vec<String> {
    let patterns = rules.changing_grants().flat_map(|grant| &grant.principals);
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

/// The APIs of the baseline, or only of its rules that cover a principal, each once.
pub(super) fn baseline_apis(
    rules: RulesInForce<'_>,
    principal: Option<&Principal>,
) -> Vec<ApiName> {
    let grants = rules.baseline_grants();
    apis(grants.filter(|grant| principal.is_none_or(|principal| grant.covers(principal))))
}

/// The APIs of all rules, each once.
pub(super) fn all_apis(rules: &Rules) -> Vec<ApiName> {
    apis(rules.all_grants())
}

/// The requesters of all rules of `allow`, each once, in the order of the file.
pub(super) fn requesters(rules: &Rules) -> Vec<Requester> {
    let mut requesters = Vec::new();
    for requester in rules.allow.iter().flat_map(|rule| &rule.requesters) {
        if !requesters.contains(requester) {
            requesters.push(requester.clone());
        }
    }
    requesters
}

fn apis<'a>(grants: impl Iterator<Item = &'a Grant>) -> Vec<ApiName> {
    let mut names = Vec::new();
    for name in grants.map(|grant| grant.api.name()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
