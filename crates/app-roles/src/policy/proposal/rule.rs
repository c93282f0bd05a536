//! Proposed rules, and the policy file that contains them.

use serde::Serialize;

use crate::{
    directory::{Api, AppRole, NoSuchRole},
    names::{RoleName, alias_of},
    requester::Requester,
    text::{printable, printable_json},
};

/// The owner of a proposed rule. The check accepts it, and a reader sees that it is unfinished.
const OWNER: &str = "TODO: who answers for this rule";

/// Where the schema is, seen from the policy's usual place. It is for editors only.
const SCHEMA: &str = "./schemas/policy.schema.json";

/// Longest name of an API in the name of a rule, in characters.
const MAX_API_NAME_LENGTH: usize = 48;

/// Longest name of a rule, in characters, before the count of other roles and the number that tells it from
/// another rule. The reader of policies accepts 128.
const MAX_NAME_LENGTH: usize = 96;

/// Longest list in one line of the file, in characters.
const MAX_LINE_LENGTH: usize = 90;

/// A rule that allows what is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposedRule {
    /// The name.
    pub name: String,
    /// What the rule is about.
    pub description: String,
    /// A text in place of the owner, who is not known.
    pub owner: &'static str,
    /// Who may use the rule.
    pub requesters: Vec<Requester>,
    /// The resource groups, resources and object ids that it covers.
    pub principals: Vec<String>,
    /// The alias or the appId of the API.
    pub api: String,
    /// The values of roles. The id of a role that has no value of its own.
    pub roles: Vec<String>,
    /// Whether the roles are privileged.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
}

impl ProposedRule {
    /// A rule for roles of an API, without principals.
    pub(super) fn new(api: &Api, roles: &[AppRole], requesters: &[Requester]) -> Self {
        let mut roles: Vec<_> = roles.iter().map(|role| role_name(api, role)).collect();
        roles.sort_unstable();
        Self {
            name: rule_name(api, &roles),
            description: String::new(),
            owner: OWNER,
            requesters: requesters.to_vec(),
            principals: Vec::new(),
            api: alias_of(api.app_id).map_or_else(|| api.app_id.to_string(), str::to_owned),
            roles,
            privileged: false,
        }
    }
}

/// The name of a rule for these roles.
fn rule_name(api: &Api, roles: &[String]) -> String {
    let api = printable(&api.display_name);
    let api: String = api.chars().take(MAX_API_NAME_LENGTH).collect();
    let mut name = if api.is_empty() { String::new() } else { format!("{api}: ") };
    for (index, role) in roles.iter().enumerate() {
        let role = printable(role);
        let more = if index == 0 { role.into_owned() } else { format!(", {role}") };
        let left = roles.len() - index;
        if name.chars().count() + more.chars().count() > MAX_NAME_LENGTH {
            let roles = if left == 1 { "role" } else { "roles" };
            let (before, more) = if index == 0 { ("", "") } else { (" and ", "more ") };
            name.push_str(&format!("{before}{left} {more}{roles}"));
            break;
        }
        name.push_str(&more);
    }
    name
}

/// How a rule names a role: by its value, if the value means this role and can stand in a rule.
fn role_name(api: &Api, role: &AppRole) -> String {
    let by_value = role.value.as_ref().filter(|value| {
        let name = serde_json::from_str::<RoleName>(&quoted(value));
        let Ok(name @ RoleName::Value(_)) = name else { return false };
        !value.contains('*')
            && match api.role(&name) {
                Ok(found) => found.id == role.id,
                Err(NoSuchRole::Unknown(_) | NoSuchRole::Ambiguous | NoSuchRole::HasRoles) => false,
            }
    });
    by_value.cloned().unwrap_or_else(|| role.id.to_string())
}

/// The text of a policy file with these rules.
#[must_use]
pub fn policy_text(protected: &[String], rules: &[ProposedRule]) -> String {
    let rules: Vec<_> = rules.iter().map(rule_text).collect();
    let rules =
        if rules.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", rules.join(",\n")) };
    let protected = list(protected, 2);
    let schema = quoted(SCHEMA);
    let text = format!(
        "{{\n  \"$schema\": {schema},\n  \"version\": 1,\n  \"protected\": {protected},\n  \"allow\": {rules}\n}}\n"
    );
    printable_json(&text).into_owned()
}

fn rule_text(rule: &ProposedRule) -> String {
    let requesters: Vec<_> = rule.requesters.iter().map(ToString::to_string).collect();
    let mut members = vec![
        ("name", quoted(&rule.name)),
        ("description", quoted(&rule.description)),
        ("owner", quoted(rule.owner)),
        ("requesters", list(&requesters, 6)),
        ("principals", list(&rule.principals, 6)),
        ("api", quoted(&rule.api)),
        ("roles", list(&rule.roles, 6)),
    ];
    if rule.privileged {
        members.push(("privileged", "true".to_owned()));
    }
    let lines: Vec<_> =
        members.into_iter().map(|(name, value)| format!("      \"{name}\": {value}")).collect();
    format!("    {{\n{}\n    }}", lines.join(",\n"))
}

/// A list in one line, or with one text in each line if that would be too long.
fn list(texts: &[String], indent: usize) -> String {
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    let line = format!("[{}]", texts.join(", "));
    if line.chars().count() <= MAX_LINE_LENGTH {
        return line;
    }
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + 2));
    format!("[\n{inner}{}\n{outer}]", texts.join(&format!(",\n{inner}")))
}

fn quoted(text: &str) -> String {
    serde_json::json!(text).to_string()
}
