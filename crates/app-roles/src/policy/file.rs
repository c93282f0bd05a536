//! The reader of the policy file. It is strict: one faulty rule makes it refuse the whole file.

use std::collections::HashSet;

use serde::Deserialize;
use wire_formats::json;

use super::{
    fault::{PolicyFault, PolicyFaults},
    pattern::{ApiPattern, PrincipalPattern, RolePattern},
    protected::Protected,
    rule::{BaselineRule, Grant, Rule, RuleAction},
    rules::Rules,
};
use crate::{json_fault, requester::Requester, text::check as check_text};

const EMPTY_LIST: &str = "an empty list makes a rule that never applies";

/// Longest name of a rule, in characters. Every result and record contains one.
const MAX_NAME_LENGTH: usize = 128;

/// The only version of the file format.
const VERSION: u64 = 1;

/// ```json
/// { "version": 1, "protected": ["9999…"], "allow": [], "baseline": [] }
/// ```
#[derive(Deserialize)]
#[cfg_attr(
    any(test, feature = "schema"),
    derive(schemars::JsonSchema),
    schemars(rename = "Policy")
)]
#[serde(deny_unknown_fields)]
pub(super) struct WirePolicy {
    /// 1.
    version: u64,
    /// Object ids, appIds and ARM scopes that no rule can touch.
    #[serde(default)]
    protected: Vec<String>,
    /// What is allowed on request. Everything else is denied.
    allow: Vec<WireRule>,
    /// The roles that identities always hold.
    #[serde(default)]
    baseline: Vec<WireBaselineRule>,
}

/// One rule: what these requesters may request.
#[derive(Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema), schemars(rename = "Rule"))]
#[serde(deny_unknown_fields)]
struct WireRule {
    /// Unique. Decisions are recorded with it.
    name: String,
    /// `queue:<queue>`, `eventgrid:<function>`, `http:<object id>`, `key:<key>`, `cli:<object id>`.
    requesters: Vec<String>,
    /// Object ids or ARM scopes. Names of resource groups and resources may contain `*`.
    principals: Vec<String>,
    /// An appId, an alias or an identifier URI.
    api: String,
    /// Values or ids. A value may end in `*` on APIs that the broker's own tenant owns.
    roles: Vec<String>,
    /// `["assign"]` by default.
    #[serde(default = "assign_only")]
    actions: Vec<RuleAction>,
    /// Whether the rule grants the privileged roles that it names exactly.
    #[serde(default)]
    privileged: bool,
}

/// One rule of the baseline.
#[derive(Deserialize)]
#[cfg_attr(
    any(test, feature = "schema"),
    derive(schemars::JsonSchema),
    schemars(rename = "BaselineRule")
)]
#[serde(deny_unknown_fields)]
struct WireBaselineRule {
    /// Unique. Decisions are recorded with it.
    name: String,
    /// Object ids or ARM scopes. Names of resource groups and resources may contain `*`.
    principals: Vec<String>,
    /// An appId, an alias or an identifier URI.
    api: String,
    /// Values or ids. A value may end in `*` on APIs that the broker's own tenant owns.
    roles: Vec<String>,
    /// Whether the rule grants the privileged roles that it names exactly.
    #[serde(default)]
    privileged: bool,
}

fn assign_only() -> Vec<RuleAction> {
    vec![RuleAction::Assign]
}

/// Reads a policy file. The error lists every fault, unless the file is not JSON of the right shape.
pub(super) fn parse(bytes: &[u8]) -> Result<Rules, PolicyFaults> {
    let wire: WirePolicy = json::from_slice(bytes).map_err(|fault| {
        let path = fault.path().unwrap_or_else(|| "policy".to_owned());
        let problem = json_fault::uncensored(fault.problem());
        PolicyFaults(vec![PolicyFault { path, rule: None, problem }])
    })?;
    let mut parser = Parser::default();
    if wire.version != VERSION {
        parser.fault("version", format!("this broker supports only version {VERSION}"));
    }
    let protected = parser.entries("protected", &wire.protected, Protected::parse);
    let allow = wire.allow.into_iter().enumerate();
    let allow: Vec<_> = allow.filter_map(|(index, rule)| parser.rule(index, rule)).collect();
    let baseline = wire.baseline.into_iter().enumerate();
    let baseline: Vec<_> =
        baseline.filter_map(|(index, rule)| parser.baseline_rule(index, rule)).collect();
    match (protected, parser.faults.is_empty()) {
        (Some(protected), true) => Ok(Rules { protected, allow, baseline }),
        _ => Err(PolicyFaults(parser.faults)),
    }
}

/// Parses the texts of a file and collects the faults.
#[derive(Default)]
struct Parser {
    faults: Vec<PolicyFault>,
    /// The names of all rules so far.
    names: HashSet<String>,
    /// The name of the current rule.
    rule: Option<String>,
}

impl Parser {
    fn fault(&mut self, path: &str, problem: impl Into<String>) {
        let (path, problem) = (path.to_owned(), problem.into());
        self.faults.push(PolicyFault { path, rule: self.rule.clone(), problem });
    }

    fn rule(&mut self, index: usize, wire: WireRule) -> Option<Rule> {
        let path = format!("allow[{index}]");
        let WireRule { name, requesters, principals, api, roles, actions, privileged } = wire;
        self.begin(&path, &name);
        let requesters = self.list(&format!("{path}.requesters"), &requesters, |text| {
            Requester::parse(text).map_err(|error| error.to_string())
        });
        if actions.is_empty() {
            self.fault(&format!("{path}.actions"), EMPTY_LIST);
        }
        let grant =
            self.grant(&path, WireBaselineRule { name, principals, api, roles, privileged });
        Some(Rule { requesters: requesters?, actions, grant: grant? })
    }

    fn baseline_rule(&mut self, index: usize, wire: WireBaselineRule) -> Option<BaselineRule> {
        let path = format!("baseline[{index}]");
        self.begin(&path, &wire.name);
        self.grant(&path, wire).map(|grant| BaselineRule { grant })
    }

    /// Begins a rule: checks its name and mentions it in the faults that follow.
    fn begin(&mut self, path: &str, name: &str) {
        self.rule = None;
        let path = format!("{path}.name");
        if let Err(error) = check_text(name, MAX_NAME_LENGTH) {
            self.fault(&path, error.to_string());
        } else if !self.names.insert(name.to_owned()) {
            self.fault(&path, "another rule has this name, and decisions are recorded with it");
        }
        self.rule = Some(name.chars().take(MAX_NAME_LENGTH).collect());
    }

    fn grant(&mut self, path: &str, wire: WireBaselineRule) -> Option<Grant> {
        let WireBaselineRule { name: rule, principals, api, roles, privileged } = wire;
        let principals =
            self.list(&format!("{path}.principals"), &principals, PrincipalPattern::parse);
        let roles = self.list(&format!("{path}.roles"), &roles, RolePattern::parse);
        let api =
            ApiPattern::parse(&api).map_err(|problem| self.fault(&format!("{path}.api"), problem));
        Some(Grant { rule, principals: principals?, api: api.ok()?, roles: roles?, privileged })
    }

    /// Parses a list that needs at least one entry.
    fn list<T>(
        &mut self,
        path: &str,
        texts: &[String],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        if texts.is_empty() {
            self.fault(path, EMPTY_LIST);
            return None;
        }
        self.entries(path, texts, parse)
    }

    fn entries<T>(
        &mut self,
        path: &str,
        texts: &[String],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let mut parsed = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match parse(text) {
                Ok(entry) => parsed.push(entry),
                Err(problem) => self.fault(&format!("{path}[{index}]"), problem),
            }
        }
        (parsed.len() == texts.len()).then_some(parsed)
    }
}
