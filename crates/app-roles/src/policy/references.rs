//! What a policy refers to: queues, functions, APIs and roles.

use super::{
    pattern::{ApiPattern, RolePattern},
    rule::{Grant, Rule},
    rules::Rules,
    warning::PolicyWarning,
    warning_code::WarningCode,
};
use crate::{ids::AppRoleId, names::ApiName, privileged, requester::Requester};

/// The references of one rule.
#[derive(Debug, Clone)]
pub struct RuleReferences {
    /// The name of the rule.
    pub rule: String,
    /// The path of the rule in the document, for instance `allow[2]`.
    pub path: String,
    /// The requesters, in the order of the file. Empty for a rule of the baseline.
    pub requesters: Vec<Requester>,
    /// The API. Microsoft's well-known ones by their appIds.
    pub api: ApiName,
    /// The entries of `roles`, in the order of the file.
    pub roles: Vec<RoleReference>,
}

impl RuleReferences {
    /// A warning about a place in the rule, for instance `roles[0]`.
    #[must_use]
    pub fn warning(&self, code: WarningCode, place: &str, sentence: String) -> PolicyWarning {
        PolicyWarning::new(code, Some(&self.rule), format!("{}.{place}", self.path), sentence)
    }
}

/// How a rule names roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleReference {
    /// By its id.
    Id(AppRoleId),
    /// By its value, here in lower case.
    Value(String),
    /// By the beginning of the value, here in lower case.
    Prefix(String),
}

/// The references of all rules, in the order of the file.
pub(super) fn references(rules: &Rules) -> Vec<RuleReferences> {
    let allow = rules.allow.iter().enumerate();
    let allow = allow.map(|(index, Rule { requesters, grant, .. })| {
        of_grant(grant, format!("allow[{index}]"), requesters.clone())
    });
    let baseline = rules.baseline_grants().enumerate();
    let baseline =
        baseline.map(|(index, grant)| of_grant(grant, format!("baseline[{index}]"), Vec::new()));
    allow.chain(baseline).collect()
}

fn of_grant(grant: &Grant, path: String, requesters: Vec<Requester>) -> RuleReferences {
    let roles = grant.roles.iter().map(|role| match role {
        RolePattern::Id(id) => RoleReference::Id(*id),
        RolePattern::Value(value) => RoleReference::Value(value.clone()),
        RolePattern::Prefix(prefix) => RoleReference::Prefix(prefix.clone()),
    });
    let known = match &grant.api {
        ApiPattern::IdentifierUri(uri) => privileged::microsofts_api(uri.as_str()),
        ApiPattern::AppId(_) => None,
    };
    let api = known.map_or_else(|| grant.api.name(), ApiName::AppId);
    let rule = grant.rule.clone();
    RuleReferences { rule, path, requesters, api, roles: roles.collect() }
}
