//! The resources, places and APIs that rules apply to, for deciding what to look up.

use super::{
    pattern::PrincipalPattern,
    protected,
    rule::{BaselineRule, Grant},
    rules::Rules,
};
use crate::{arm::ArmScope, directory::Principal, names::ApiName};

/// Whether the baseline covers the identities of a resource and no scope protects them.
///
/// A rule that names an object id covers no resource: the id is known only after the resource exists.
pub(super) fn baseline_covers(rules: &Rules, resource: &ArmScope) -> bool {
    let covers = |rule: &BaselineRule| {
        rule.grant.principals.iter().any(|pattern| pattern.covers_resource(resource))
    };
    rules.baseline.iter().any(covers)
        && !protected::is_resource_protected(&rules.protected, resource)
}

/// The places in Azure that contain all identities of the baseline's scopes, sorted and each once.
pub(super) fn baseline_scopes(rules: &Rules) -> Vec<String> {
    let patterns = rules.baseline.iter().flat_map(|rule| &rule.grant.principals);
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
pub(super) fn baseline_apis(rules: &Rules, principal: Option<&Principal>) -> Vec<ApiName> {
    let grants = rules.baseline.iter().map(|rule| &rule.grant);
    apis(grants.filter(|grant| principal.is_none_or(|principal| grant.covers(principal))))
}

/// The APIs of all rules, each once.
pub(super) fn all_apis(rules: &Rules) -> Vec<ApiName> {
    let on_request = rules.allow.iter().map(|rule| &rule.grant);
    let always = rules.baseline.iter().map(|rule| &rule.grant);
    apis(on_request.chain(always))
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
