//! The policy file, read strictly: a rule that is not understood whole is no rule, and one faulty rule
//! makes the whole file be refused.

use std::{collections::HashSet, fmt};

use serde::Deserialize;

use super::{
    Rules,
    pattern::{ApiPattern, PrincipalPattern, Protected, RolePattern},
    rule::{BaselineRule, Grant, Rule, RuleAction},
};
use crate::{requester::Requester, text::check as check_text};

const NEVER_APPLIES: &str = "an empty list makes a rule that never applies";

/// Longest name of a rule: it stands in every result and record.
const LONGEST_NAME: usize = 128;

/// The only version of the file format.
const VERSION: u64 = 1;

/// What is wrong at one place of a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFault {
    /// Where in the document, for instance `allow[2].principals[0]`.
    pub path: String,
    /// The name of the rule, if it is in one.
    pub rule: Option<String>,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(formatter, "{} (rule {rule:?}): {}", self.path, self.problem),
            None => write!(formatter, "{}: {}", self.path, self.problem),
        }
    }
}

/// Why a policy file is refused: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFaults(pub Vec<PolicyFault>);

impl fmt::Display for PolicyFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(&faults.join("; "))
    }
}

impl std::error::Error for PolicyFaults {}

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
    /// Object ids, appIds and ARM scopes that nothing here can touch.
    #[serde(default)]
    protected: Vec<String>,
    /// What is allowed on request. Nothing else is.
    allow: Vec<WireRule>,
    /// What identities under a scope always hold.
    #[serde(default)]
    baseline: Vec<WireBaselineRule>,
}

/// One rule: what these requesters may have done.
#[derive(Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema), schemars(rename = "Rule"))]
#[serde(deny_unknown_fields)]
struct WireRule {
    /// Unique; decisions are recorded by it.
    name: String,
    /// `queue:<queue>`, `eventgrid:<function>`, `http:<object id>`, `key:<key>`, `cli:<object id>`.
    requesters: Vec<String>,
    /// ARM scopes, with `*` in names of resource groups and resources, or object ids.
    principals: Vec<String>,
    /// An appId, an alias or an identifier URI.
    api: String,
    /// Values or ids; a value may end in `*` for APIs of the broker's own tenant.
    roles: Vec<String>,
    /// `assign` unless it says otherwise.
    #[serde(default = "assign_only")]
    actions: Vec<RuleAction>,
    /// Whether the roles that it names exactly may be privileged ones.
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
    /// Unique; decisions are recorded by it.
    name: String,
    /// ARM scopes, with `*` in names of resource groups and resources, or object ids.
    principals: Vec<String>,
    /// An appId, an alias or an identifier URI.
    api: String,
    /// Values or ids; a value may end in `*` for APIs of the broker's own tenant.
    roles: Vec<String>,
    /// Whether the roles that it names exactly may be privileged ones.
    #[serde(default)]
    privileged: bool,
}

/// What a rule allows that does not say: to give, and not to take away.
fn assign_only() -> Vec<RuleAction> {
    vec![RuleAction::Assign]
}

pub(super) fn parse(bytes: &[u8]) -> Result<Rules, PolicyFaults> {
    let mut reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let wire: WirePolicy = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| only(&error.path().to_string(), error.inner()))?;
    deserializer.end().map_err(|error| only(".", &error))?;
    if wire.version != VERSION {
        reader.fault("version", format!("this broker knows version {VERSION} only"));
    }
    let protected = reader.all("protected", &wire.protected, Protected::parse);
    let allow = wire.allow.iter().enumerate().filter_map(|(index, rule)| reader.rule(index, rule));
    let allow: Vec<_> = allow.collect();
    let baseline = wire.baseline.iter().enumerate();
    let baseline: Vec<_> =
        baseline.filter_map(|(index, rule)| reader.baseline_rule(index, rule)).collect();
    match (protected, reader.faults.is_empty()) {
        (Some(protected), true) => Ok(Rules { protected, allow, baseline }),
        _ => Err(PolicyFaults(reader.faults)),
    }
}

fn only(path: &str, error: &serde_json::Error) -> PolicyFaults {
    let path = if path == "." { "policy" } else { path }.to_owned();
    PolicyFaults(vec![PolicyFault { path, rule: None, problem: error.to_string() }])
}

/// Collects every fault, not only the first.
#[derive(Default)]
struct Reader {
    faults: Vec<PolicyFault>,
    names: HashSet<String>,
    rule: Option<String>,
}

impl Reader {
    fn fault(&mut self, path: &str, problem: impl Into<String>) {
        let (path, problem) = (path.to_owned(), problem.into());
        self.faults.push(PolicyFault { path, rule: self.rule.clone(), problem });
    }

    fn rule(&mut self, index: usize, wire: &WireRule) -> Option<Rule> {
        let at = format!("allow[{index}]");
        self.begin(&at, &wire.name);
        let requesters = self.some(&format!("{at}.requesters"), &wire.requesters, |text| {
            Requester::parse(text).map_err(|error| error.to_string())
        });
        if wire.actions.is_empty() {
            self.fault(&format!("{at}.actions"), NEVER_APPLIES);
        }
        let grant = self.grant(&at, &wire.principals, &wire.api, &wire.roles, wire.privileged);
        let (name, actions) = (wire.name.clone(), wire.actions.clone());
        self.rule = None;
        Some(Rule { name, requesters: requesters?, actions, grant: grant? })
    }

    fn baseline_rule(&mut self, index: usize, wire: &WireBaselineRule) -> Option<BaselineRule> {
        let at = format!("baseline[{index}]");
        self.begin(&at, &wire.name);
        let grant = self.grant(&at, &wire.principals, &wire.api, &wire.roles, wire.privileged);
        self.rule = None;
        Some(BaselineRule { name: wire.name.clone(), grant: grant? })
    }

    fn begin(&mut self, at: &str, name: &str) {
        let path = format!("{at}.name");
        if let Err(error) = check_text(name, LONGEST_NAME) {
            self.fault(&path, error.to_string());
        } else if !self.names.insert(name.to_owned()) {
            self.fault(&path, "another rule has this name, and decisions are recorded by it");
        }
        self.rule = Some(name.chars().take(LONGEST_NAME).collect());
    }

    fn grant(
        &mut self,
        at: &str,
        principals: &[String],
        api: &str,
        roles: &[String],
        privileged: bool,
    ) -> Option<Grant> {
        let principals =
            self.some(&format!("{at}.principals"), principals, PrincipalPattern::parse);
        let roles = self.some(&format!("{at}.roles"), roles, RolePattern::parse);
        let api =
            ApiPattern::parse(api).map_err(|problem| self.fault(&format!("{at}.api"), problem));
        Some(Grant { principals: principals?, api: api.ok()?, roles: roles?, privileged })
    }

    /// At least one entry.
    fn some<T>(
        &mut self,
        path: &str,
        texts: &[String],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        if texts.is_empty() {
            self.fault(path, NEVER_APPLIES);
            return None;
        }
        self.all(path, texts, parse)
    }

    fn all<T>(
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
