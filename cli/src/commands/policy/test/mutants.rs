//! Changes of each field of each rule of a policy, one at a time.
//!
//! Each field is removed, replaced, widened and narrowed, and so is each element of a list.

use serde_json::{Value, json};

/// The fields of rules that are not changed, because no test of decisions can notice a change, and why.
pub(super) const UNCHANGED: &[(&str, &str)] = &[
    ("description", "nothing is decided on it"),
    ("owner", "nothing is decided on it"),
    ("maxWritesPerHour", "a test makes no writes that could be counted"),
    ("acknowledged", "it concerns the warnings of the check only"),
];

/// The fields of rules that are changed.
pub(super) const FIELDS: &[&str] = &[
    "name",
    "requesters",
    "principals",
    "api",
    "roles",
    "actions",
    "privileged",
    "maxDuration",
    "approval",
    "expires",
];

/// A policy with one change.
pub(super) struct Mutant {
    /// What is changed.
    pub(super) name: String,
    pub(super) policy: Value,
}

/// All mutants of a policy.
pub(super) fn of(policy: &Value) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for list in ["allow", "baseline"] {
        let rules = policy[list].as_array().unwrap();
        for (index, rule) in rules.iter().enumerate() {
            let next = rules[(index + 1) % rules.len()].clone();
            let changed = FIELDS.iter().flat_map(|field| changes(field, rule, &next, list));
            for (what, changed) in changed {
                let mut policy = policy.clone();
                policy[list][index] = changed;
                mutants.push(Mutant { name: format!("{}: {what}", rule["name"]), policy });
            }
        }
    }
    for index in 0..policy["protected"].as_array().unwrap().len() {
        let mut policy = policy.clone();
        let name = format!("protected: remove {}", policy["protected"][index]);
        policy["protected"].as_array_mut().unwrap().remove(index);
        mutants.push(Mutant { name, policy });
    }
    let mut known = std::collections::HashSet::new();
    mutants.retain(|mutant: &Mutant| known.insert(mutant.policy.to_string()));
    mutants
}

/// The changes of one field of a rule. `next` is another rule of the same list.
fn changes(field: &str, rule: &Value, next: &Value, list: &str) -> Vec<(String, Value)> {
    let is_of_baseline = list == "baseline";
    let value = rule.get(field);
    let values: Vec<(String, Option<Value>)> = match field {
        "name" => vec![said("rename", json!("another name"))],
        "api" => api(rule),
        "requesters" if !is_of_baseline => requesters(rule, next),
        "principals" => elements(rule, field, principal),
        "roles" => elements(rule, field, role),
        "actions" if !is_of_baseline => actions(rule),
        // Reading shows privileged roles with or without the mark.
        "privileged" if !only_reads(rule) => {
            let marked = value == Some(&json!(true));
            vec![said("flip", json!(!marked))]
        }
        // An approval affects only changes, and an end only assignments.
        "maxDuration" if assigns(rule) && !is_of_baseline => durations(value),
        "approval" if !only_reads(rule) && !is_of_baseline => approvals(value),
        "expires" => days(value),
        _ => Vec::new(),
    };
    let changed = values.into_iter().map(|(what, value)| {
        let mut rule = rule.clone();
        let fields = rule.as_object_mut().unwrap();
        match value {
            Some(value) => fields.insert(field.to_owned(), value),
            None => fields.remove(field),
        };
        (format!("{field}: {what}"), rule)
    });
    changed.collect()
}

fn said(what: &str, value: Value) -> (String, Option<Value>) {
    (format!("{what} to {value}"), Some(value))
}

fn removed() -> (String, Option<Value>) {
    ("remove".to_owned(), None)
}

fn has_action(rule: &Value, action: &str) -> bool {
    let by_default = json!(["assign"]);
    let actions = rule.get("actions").unwrap_or(&by_default);
    actions.as_array().unwrap().contains(&json!(action))
}

fn assigns(rule: &Value) -> bool {
    has_action(rule, "assign")
}

fn only_reads(rule: &Value) -> bool {
    !has_action(rule, "assign") && !has_action(rule, "revoke")
}

fn api(rule: &Value) -> Vec<(String, Option<Value>)> {
    let others = ["graph", "sharepoint", "api://another", "c0a70500-0000-4000-8000-0000000000ff"];
    let others = others.iter().filter(|other| rule["api"] != **other);
    others.map(|other| said("replace", json!(other))).collect()
}

fn requesters(rule: &Value, next: &Value) -> Vec<(String, Option<Value>)> {
    let mut changes = elements(rule, "requesters", |_| vec![json!("queue:a-stranger")]);
    let requesters = rule["requesters"].as_array().unwrap();
    for more in next["requesters"].as_array().unwrap() {
        if !requesters.contains(more) {
            let widened: Vec<_> = requesters.iter().chain([more]).collect();
            changes.push(said("widen", json!(widened)));
        }
    }
    changes
}

/// Removes each element of a list, and replaces it by each other value.
fn elements(
    rule: &Value,
    field: &str,
    others: fn(&str) -> Vec<Value>,
) -> Vec<(String, Option<Value>)> {
    let all = rule[field].as_array().unwrap();
    let mut changes = Vec::new();
    for (index, element) in all.iter().enumerate() {
        let mut fewer = all.clone();
        fewer.remove(index);
        changes.push(said("remove an element", json!(fewer)));
        for other in others(element.as_str().unwrap()) {
            let mut replaced = all.clone();
            replaced[index] = other;
            changes.push(said("replace an element", json!(replaced)));
        }
    }
    changes
}

fn principal(text: &str) -> Vec<Value> {
    const SUBSCRIPTION: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002";
    let Some(subscription) = text.get(..SUBSCRIPTION.len()).filter(|_| text.starts_with('/'))
    else {
        return vec![json!("c0a70500-0000-4000-8000-0000000000ff"), json!(SUBSCRIPTION)];
    };
    let narrow = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-another";
    let mut others = vec![
        json!("c0a70500-0000-4000-8000-0000000000ff"),
        json!(format!("{text}/{narrow}")),
        json!(text.replace("-000000000002", "-0000000000ff")),
    ];
    if let Some((_, group)) = text.split_once("/resourceGroups/") {
        let prefix = group.split('-').next().unwrap();
        others.extend([
            json!(subscription),
            json!(format!("{subscription}/resourceGroups/*")),
            json!(format!("{subscription}/resourceGroups/{prefix}*")),
            json!(format!("{subscription}/resourceGroups/{}*", group.trim_end_matches('*'))),
            json!(format!("{subscription}/resourceGroups/{}-another", group.replace('*', "x"))),
        ]);
        others.retain(|other| *other != text);
    }
    others
}

fn role(text: &str) -> Vec<Value> {
    let first = text.split('.').next().unwrap();
    let exact = text.trim_end_matches(['*', '.']);
    let others = [
        format!("{exact}*"),
        format!("{first}*"),
        format!("{first}.*"),
        format!("{exact}.Another"),
        exact.to_owned(),
        "Another.Role".to_owned(),
        "c0a70500-0000-4000-8000-0000000000ff".to_owned(),
        "*".to_owned(),
    ];
    others.iter().filter(|other| *other != text).map(|other| json!(other)).collect()
}

fn actions(rule: &Value) -> Vec<(String, Option<Value>)> {
    let flipped = ["assign", "revoke", "read"].map(|flipped| {
        let all = ["assign", "revoke", "read"].into_iter();
        let kept = all.filter(|action| has_action(rule, action) != (*action == flipped));
        said("flip one", json!(kept.collect::<Vec<_>>()))
    });
    flipped.to_vec()
}

fn durations(value: Option<&Value>) -> Vec<(String, Option<Value>)> {
    let others = ["PT5M", "PT1H", "PT7H59M", "PT8H1M", "P1D", "P29D", "P31D", "P365D"];
    let changed = others.iter().map(|other| said("change", json!(other)));
    changed.chain(value.map(|_| removed())).collect()
}

fn approvals(value: Option<&Value>) -> Vec<(String, Option<Value>)> {
    let stranger = "http:c0a70500-0000-4000-8000-0000000000ff";
    let Some(terms) = value else { return vec![said("add", json!({ "by": [stranger] }))] };
    let with = |field: &str, value: Value| {
        let mut terms = terms.clone();
        terms[field] = value;
        said("change", terms)
    };
    let mut changes = vec![removed(), with("by", json!([stranger]))];
    let by = terms["by"].as_array().unwrap();
    for index in 0..by.len() {
        let (mut fewer, mut other) = (by.clone(), by.clone());
        fewer.remove(index);
        other[index] = json!(stranger);
        changes.extend([with("by", json!(fewer)), with("by", json!(other))]);
    }
    let more: Vec<_> = by.iter().cloned().chain([json!(stranger)]).collect();
    changes.push(with("by", json!(more)));
    for count in 1..=by.len() {
        if terms["count"] != json!(count) {
            changes.push(with("count", json!(count)));
        }
    }
    for within in ["PT5M", "PT3H59M", "PT4H1M", "PT24H", "P30D"] {
        changes.push(with("within", json!(within)));
    }
    changes
}

fn days(value: Option<&Value>) -> Vec<(String, Option<Value>)> {
    let Some(Value::String(day)) = value else { return vec![said("add", json!("2020-01-01"))] };
    let (month, day) = day.rsplit_once('-').unwrap();
    let earlier: u8 = day.parse::<u8>().unwrap() - 1;
    let next_year = month.replace("2027", "2028");
    vec![
        removed(),
        said("change", json!(format!("{month}-{earlier}"))),
        said("change", json!(format!("{next_year}-{day}"))),
        said("change", json!("2027-07-01")),
        said("change", json!("2027-04-01")),
        said("change", json!("2020-01-01")),
    ]
}
