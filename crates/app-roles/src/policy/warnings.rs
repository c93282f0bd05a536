//! Warnings about rules that are valid and probably a mistake.

use super::{
    pattern::{ApiPattern, PrincipalPattern, RolePattern},
    protected::Protected,
    rule::Grant,
    rules::Rules,
};
use crate::{ids::AppId, privileged};

/// One sentence for each finding, with the name of the rule.
pub(super) fn warnings(rules: &Rules) -> Vec<String> {
    let on_request = rules.allow.iter().map(|rule| (&rule.grant, rule.only_reads()));
    let always = rules.baseline_grants().map(|grant| (grant, false));
    let warnings = on_request.chain(always).flat_map(|(grant, only_reads)| {
        let findings = findings(grant, only_reads, &rules.protected).into_iter();
        findings.map(|finding| format!("rule {:?}: {finding}", grant.rule))
    });
    warnings.collect()
}

fn findings(grant: &Grant, only_reads: bool, protected: &[Protected]) -> Vec<String> {
    let mut findings = Vec::new();
    if grant.principals.iter().any(admits_new_resource_groups) {
        findings.push(
            "it covers all identities in a subscription or in resource groups selected by a \
             wildcard, so anyone who can create a resource group there can get these roles"
                .to_owned(),
        );
    }
    if grant.principals.iter().all(|pattern| is_protected(pattern, protected)) {
        findings.push("it can never match: its principals are all protected".to_owned());
    }
    if let Some(app_id) = microsofts_api(&grant.api) {
        let roles = grant.roles.iter();
        findings.extend(roles.clone().filter_map(misplaced_wildcard));
        // Reading grants nothing, so a rule shows privileged roles without the mark.
        if !grant.privileged && !only_reads {
            findings.extend(roles.filter_map(|role| never_granted(role, app_id)));
        }
    }
    findings
}

/// The appId of the API, if it is known to be Microsoft's without a look-up.
fn microsofts_api(api: &ApiPattern) -> Option<AppId> {
    match api {
        ApiPattern::AppId(app_id) => privileged::is_microsofts(*app_id, None).then_some(*app_id),
        ApiPattern::IdentifierUri(uri) => privileged::microsofts_api(uri.as_str()),
    }
}

fn admits_new_resource_groups(pattern: &PrincipalPattern) -> bool {
    match pattern {
        PrincipalPattern::Scope(scope) => scope.admits_new_resource_groups(),
        PrincipalPattern::Object(_) => false,
    }
}

fn is_protected(pattern: &PrincipalPattern, protected: &[Protected]) -> bool {
    protected.iter().any(|entry| match (pattern, entry) {
        (PrincipalPattern::Object(object), Protected::Guid(id)) => *object == (*id).into(),
        (PrincipalPattern::Scope(scope), Protected::Scope(known)) => scope == known,
        _ => false,
    })
}

fn misplaced_wildcard(pattern: &RolePattern) -> Option<String> {
    let RolePattern::Prefix(prefix) = pattern else { return None };
    Some(format!(
        "{prefix}* can never match: `*` works only on APIs that your own tenant owns, and this API is \
         Microsoft's"
    ))
}

/// Why a rule without the mark never grants the roles of an entry.
fn never_granted(pattern: &RolePattern, app_id: AppId) -> Option<String> {
    let (name, why) = match pattern {
        RolePattern::Prefix(_) => return None,
        RolePattern::Value(value) => (value.clone(), privileged::of_value(app_id, value)?),
        RolePattern::Id(id) => (id.to_string(), privileged::of_id(app_id, *id)?),
    };
    Some(format!(
        "{name} can never match: the role is privileged ({why}), and the rule does not say \
         \"privileged\": true"
    ))
}
