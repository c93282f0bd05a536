//! Rules without an effect of their own, among many.

use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};

use super::{
    fixtures::{NOW, ORDERS, OWN, PRINCIPAL, SUBSCRIPTION},
    *,
};

/// The path and the sentence of each rule that another one covers.
fn covered(rules: &[Value]) -> Vec<(String, String)> {
    let file = json!({ "version": 1, "allow": rules }).to_string();
    let warnings = Policy::parse(file.as_bytes()).unwrap().warnings(NOW).into_iter();
    let is_covered =
        |one: &PolicyWarning| matches!(one.code, WarningCode::CoveredRule | WarningCode::EqualRule);
    warnings.filter(is_covered).map(|one| (one.path, one.sentence)).collect()
}

/// What the pairs of rules say: the first rule that covers each.
fn covered_in_a_pair(rules: &[Value]) -> Vec<(String, String)> {
    let with = |index: usize, other: usize| {
        let pair = [index.min(other), index.max(other)].map(|one| rules[one].clone());
        let path = format!("allow[{}]", usize::from(index > other));
        covered(&pair).into_iter().find(|(found, _)| *found == path).map(|(_, sentence)| sentence)
    };
    let first = |index: usize| {
        let others = (0..rules.len()).filter(|other| *other != index);
        let sentence = others.into_iter().find_map(|other| with(index, other))?;
        Some((format!("allow[{index}]"), sentence))
    };
    (0..rules.len()).filter_map(first).collect()
}

fn principals() -> Vec<String> {
    let group = |name: &str| format!("{SUBSCRIPTION}/resourceGroups/{name}");
    let site = |name: &str| format!("{}/providers/Microsoft.Web/sites/{name}", group("rg-a"));
    vec![
        SUBSCRIPTION.to_owned(),
        group("rg-a"),
        group("RG-AB"),
        group("rg-*"),
        group("rg-a*"),
        group("*b"),
        site("x"),
        site("*"),
        PRINCIPAL.to_owned(),
    ]
}

fn rule() -> impl Strategy<Value = Value> {
    (
        subsequence(vec!["queue:team", "queue:other"], 1..=2),
        subsequence(vec!["Orders.Read", "ORDERS.write", "Orders.*"], 1..=2),
        subsequence(principals(), 1..=3),
        prop::sample::select(vec![ORDERS, OWN]),
        prop::option::weighted(0.3, prop::sample::select(vec!["PT8H", "P1D"])),
    )
        .prop_map(|(requesters, roles, principals, api, duration)| {
            json!({ "requesters": requesters, "roles": roles, "principals": principals, "api": api,
                    "maxDuration": duration })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn in_a_policy_of_many_rules_the_same_are_found_as_in_each_pair(
        mut rules in prop::collection::vec(rule(), 2..8)
    ) {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule["name"] = json!(format!("rule {index}"));
        }
        prop_assert_eq!(covered(&rules), covered_in_a_pair(&rules));
    }
}
