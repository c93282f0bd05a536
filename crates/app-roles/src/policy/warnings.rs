//! What is allowed to stand in a policy and is probably not meant.

use super::{
    Rules,
    pattern::{ApiPattern, PrincipalPattern, Protected, RolePattern},
    rule::Grant,
};
use crate::{
    ids::{AppId, AppRoleId},
    privileged,
};

pub(super) fn of(rules: &Rules) -> Vec<String> {
    let allow = rules.allow.iter().map(|rule| (rule.name.as_str(), &rule.grant));
    let baseline = rules.baseline.iter().map(|rule| (rule.name.as_str(), &rule.grant));
    let mut warnings = Vec::new();
    for (name, grant) in allow.chain(baseline) {
        for warning in about(grant, &rules.protected) {
            warnings.push(format!("rule {name:?}: {warning}"));
        }
    }
    warnings
}

fn about(grant: &Grant, protected: &[Protected]) -> Vec<String> {
    let mut warnings = Vec::new();
    if grant.principals.iter().any(admits_new_resource_groups) {
        warnings.push(
            "its principals are all identities in a subscription or in resource groups by the \
             beginning of their name, so whoever may create a resource group gets these roles"
                .to_owned(),
        );
    }
    if grant.principals.iter().all(|pattern| is_protected(pattern, protected)) {
        warnings.push("it can never match: its principals are all protected".to_owned());
    }
    if let ApiPattern::AppId(app_id) = grant.api {
        warnings.extend(about_roles(grant, app_id));
    }
    warnings
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

fn about_roles(grant: &Grant, app_id: AppId) -> Vec<String> {
    let is_microsofts = privileged::is_microsofts(app_id, None);
    grant
        .roles
        .iter()
        .filter_map(|pattern| match pattern {
            RolePattern::ValueStartsWith(start) if is_microsofts => Some(format!(
                "{start}* can never match: `*` is for APIs of your own tenant, and this one is \
                 Microsoft's"
            )),
            RolePattern::Value(value) if !grant.privileged => {
                let why = privileged::why(app_id, None, AppRoleId::DEFAULT_ACCESS, Some(value))?;
                Some(format!(
                    "{value} can never match: it is privileged ({why}) and the rule is not marked"
                ))
            }
            RolePattern::Id(id) if !grant.privileged && is_microsofts => {
                let why = privileged::why(app_id, None, *id, Some("unknown"))?;
                Some(format!(
                    "{id} can never match: it is privileged ({why}) and the rule is not marked"
                ))
            }
            _ => None,
        })
        .collect()
}
