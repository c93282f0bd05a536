//! Warnings about rules that are valid and probably a mistake.

use super::{
    pattern::{ApiPattern, PrincipalPattern, RolePattern},
    protected::Protected,
    rule::Grant,
    rules::Rules,
};
use crate::{
    ids::{AppId, AppRoleId},
    privileged,
};

/// One sentence for each finding, with the name of the rule.
pub(super) fn warnings(rules: &Rules) -> Vec<String> {
    let warnings = rules.all_grants().flat_map(|grant| {
        let findings = findings(grant, &rules.protected).into_iter();
        findings.map(|finding| format!("rule {:?}: {finding}", grant.rule))
    });
    warnings.collect()
}

fn findings(grant: &Grant, protected: &[Protected]) -> Vec<String> {
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
    if let ApiPattern::AppId(app_id) = grant.api {
        findings.extend(grant.roles.iter().filter_map(|role| never_matches(role, grant, app_id)));
    }
    findings
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

/// Why an entry of `roles` never matches, if that can be told without the API's roles.
fn never_matches(pattern: &RolePattern, grant: &Grant, app_id: AppId) -> Option<String> {
    let is_microsofts = privileged::is_microsofts(app_id, None);
    let (name, why) = match pattern {
        RolePattern::Prefix(prefix) if is_microsofts => {
            return Some(format!(
                "{prefix}* can never match: `*` works only on APIs that your own tenant owns, and \
                 this API is Microsoft's"
            ));
        }
        RolePattern::Value(value) if !grant.privileged => {
            let why = privileged::why(app_id, None, AppRoleId::DEFAULT_ACCESS, Some(value))?;
            (value.clone(), why)
        }
        // A value that no table has, so that the id alone decides.
        RolePattern::Id(id) if !grant.privileged && is_microsofts => {
            (id.to_string(), privileged::why(app_id, None, *id, Some("unknown"))?)
        }
        _ => return None,
    };
    Some(format!(
        "{name} can never match: the role is privileged ({why}), and the rule does not say \
         \"privileged\": true"
    ))
}
