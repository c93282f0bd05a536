//! The policy file, read strictly: a rule that is not understood whole is no rule.

use std::collections::HashSet;

use serde::Deserialize;

use super::rule::{PrincipalPattern, RolePattern, Rule};
use crate::domain::{
    arm::ArmScope,
    ids::{AppId, AppRoleId, ObjectId},
    request::Action,
    requester::Requester,
    text::check as check_text,
};

const NEVER_APPLIES: &str = "an empty list makes a rule that never applies";

/// Longest name of a rule: it stands in every result and record.
const LONGEST_NAME: usize = 128;

/// The only version of the file format.
const VERSION: u64 = 1;

/// Why a policy file is refused: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct PolicyFault {
    /// Where in the document, for instance `allow[2].principals[0]`.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePolicy {
    version: u64,
    allow: Vec<WireRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRule {
    name: String,
    requesters: Vec<String>,
    principals: Vec<String>,
    api: String,
    roles: Vec<String>,
    #[serde(default = "assign_only")]
    actions: Vec<Action>,
}

/// What a rule allows that does not say: to give, and not to take away.
fn assign_only() -> Vec<Action> {
    vec![Action::Assign]
}

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Rule>, PolicyFault> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let policy: WirePolicy = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| fault(&error.path().to_string(), error.inner().to_string()))?;
    deserializer.end().map_err(|error| fault("policy", error.to_string()))?;
    if policy.version != VERSION {
        return Err(fault("version", format!("this broker knows version {VERSION} only")));
    }
    let rules: Vec<Rule> = policy
        .allow
        .iter()
        .enumerate()
        .map(|(index, rule)| parse_rule(index, rule))
        .collect::<Result<_, _>>()?;
    check_names_are_unique(&rules)?;
    Ok(rules)
}

fn parse_rule(index: usize, wire: &WireRule) -> Result<Rule, PolicyFault> {
    let at = format!("allow[{index}]");
    check_text(&wire.name, LONGEST_NAME)
        .map_err(|error| fault(&format!("{at}.name"), error.to_string()))?;
    let api = AppId::parse(&wire.api)
        .map_err(|error| fault(&format!("{at}.api"), format!("{error}, the appId of the API")))?;
    Ok(Rule {
        name: wire.name.clone(),
        requesters: parse_all(&at, "requesters", &wire.requesters, |text| {
            Requester::parse(text).map_err(|error| error.to_string())
        })?,
        principals: parse_all(&at, "principals", &wire.principals, parse_principal)?,
        api,
        roles: parse_all(&at, "roles", &wire.roles, parse_role)?,
        actions: check_actions(&at, &wire.actions)?,
    })
}

fn parse_all<T>(
    at: &str,
    field: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, PolicyFault> {
    if texts.is_empty() {
        return Err(fault(&format!("{at}.{field}"), NEVER_APPLIES));
    }
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            parse(text).map_err(|problem| fault(&format!("{at}.{field}[{index}]"), problem))
        })
        .collect()
}

fn check_actions(at: &str, actions: &[Action]) -> Result<Vec<Action>, PolicyFault> {
    if actions.is_empty() {
        return Err(fault(&format!("{at}.actions"), NEVER_APPLIES));
    }
    Ok(actions.to_vec())
}

fn parse_principal(text: &str) -> Result<PrincipalPattern, String> {
    if text.starts_with('/') {
        return ArmScope::parse(text)
            .map(PrincipalPattern::Scope)
            .map_err(|error| error.to_string());
    }
    ObjectId::parse(text).map(PrincipalPattern::Object).map_err(|_| {
        "expected an object id or an ARM scope that starts with /subscriptions/".to_owned()
    })
}

fn parse_role(text: &str) -> Result<RolePattern, String> {
    if let Ok(id) = AppRoleId::parse(text) {
        return Ok(RolePattern::Id(id));
    }
    if text.is_empty() || text.contains('*') || text.contains(char::is_whitespace) {
        return Err("expected a role's value or id, exactly: no wildcards, no spaces".to_owned());
    }
    Ok(RolePattern::Value(text.to_owned()))
}

fn check_names_are_unique(rules: &[Rule]) -> Result<(), PolicyFault> {
    let mut seen = HashSet::new();
    for (index, rule) in rules.iter().enumerate() {
        if !seen.insert(rule.name()) {
            let problem = "another rule has this name, and decisions are recorded by it";
            return Err(fault(&format!("allow[{index}].name"), problem));
        }
    }
    Ok(())
}

fn fault(path: &str, problem: impl Into<String>) -> PolicyFault {
    let path = if path == "." { "policy" } else { path };
    PolicyFault { path: path.to_owned(), problem: problem.into() }
}
