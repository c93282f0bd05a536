//! How many writes rules let a requester make.

use serde_json::{Value, json};

use super::{
    fixtures::{NOW, ORDERS, PRINCIPAL, api, identity, own, role, schema_accepts, team},
    *,
};
use crate::request::Action;

const ORDERS_READ: &str = "33333333-3333-3333-3333-333333333333";

/// A rule with this member.
fn rule(name: &str, member: &str, value: Value) -> Value {
    let mut rule = json!({
        "name": name, "requesters": ["queue:team"], "principals": [PRINCIPAL],
        "api": ORDERS, "roles": ["Orders.Read"], "actions": ["assign", "revoke"],
    });
    rule[member] = value;
    rule
}

fn limited(name: &str, limit: &Value) -> Value {
    rule(name, "maxWritesPerHour", limit.clone())
}

fn file(rules: &[Value]) -> Value {
    json!({ "version": 1, "allow": rules })
}

fn parse(file: &Value) -> Result<Policy, PolicyFaults> {
    Policy::parse(file.to_string().as_bytes())
}

/// The rule that is used, and its limit.
fn used(rules: &[Value], action: Action) -> (String, Option<u32>) {
    let policy = parse(&file(rules)).unwrap();
    let question = Question {
        requester: &team(),
        action,
        principal: &identity(PRINCIPAL, "rg-orders"),
        api: &api(ORDERS),
        role: &role(ORDERS_READ, "Orders.Read"),
        own: own(),
        end: None,
        now: NOW,
    };
    let decision = policy.decide(&question).unwrap();
    let permit = decision.permit();
    (permit.rule().to_owned(), permit.write_limit().map(WriteLimit::per_hour))
}

#[test]
fn a_limit_that_is_no_number_from_1_to_100000_is_refused_by_the_reader_and_by_the_schema() {
    for limit in
        [json!(0), json!(100_001), json!(-1), json!(1.5), json!("5"), json!(true), json!([])]
    {
        let file = file(&[limited("orders", &limit)]);
        let faults = parse(&file).unwrap_err().to_string();
        assert!(faults.contains("maxWritesPerHour"), "{limit}: {faults}");
        assert!(!schema_accepts(&file), "{limit}");
    }
    for limit in [json!(1), json!(100_000), Value::Null] {
        let file = file(&[limited("orders", &limit)]);
        assert!(parse(&file).is_ok() && schema_accepts(&file), "{limit}");
    }
}

#[test]
fn a_rule_of_the_baseline_has_no_limit() {
    let mut rule = limited("orders", &json!(5));
    for member in ["requesters", "actions"] {
        rule.as_object_mut().unwrap().remove(member);
    }
    let file = json!({ "version": 1, "allow": [], "baseline": [rule] });
    assert!(parse(&file).is_err());
    assert!(!schema_accepts(&file));
}

#[test]
fn the_rule_that_allows_the_most_writes_is_used_in_any_order() {
    for action in [Action::Assign, Action::Revoke] {
        let mut rules = [limited("five", &json!(5)), limited("nine", &json!(9))];
        for _ in 0..2 {
            rules.reverse();
            assert_eq!(used(&rules, action), ("nine".to_owned(), Some(9)), "{action:?}");
        }
        let mut rules = [limited("nine", &json!(9)), limited("all", &Value::Null)];
        for _ in 0..2 {
            rules.reverse();
            assert_eq!(used(&rules, action), ("all".to_owned(), None), "{action:?}");
        }
    }
}

#[test]
fn a_longer_time_counts_more_than_a_higher_limit() {
    let mut short = limited("short", &Value::Null);
    short["maxDuration"] = json!("PT8H");
    assert_eq!(used(&[short, limited("long", &json!(1))], Action::Assign).0, "long");
}

#[test]
fn a_limit_of_a_rule_that_only_reads_has_a_warning() {
    let mut reads = limited("reads", &json!(5));
    reads["actions"] = json!(["read"]);
    let warnings = parse(&file(&[reads])).unwrap().warnings(NOW);
    let codes: Vec<_> = warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, [WarningCode::WriteLimitWithoutEffect]);
    assert!(parse(&file(&[limited("writes", &json!(5))])).unwrap().warnings(NOW).is_empty());
}

#[test]
fn a_rule_with_a_lower_limit_is_covered_by_one_with_a_higher_one_only() {
    let has_warning = |rules: [Value; 2]| {
        let warnings = parse(&file(&rules)).unwrap().warnings(NOW);
        warnings.iter().any(|one| one.code == WarningCode::CoveredRule)
    };
    assert!(has_warning([limited("five", &json!(5)), limited("all", &Value::Null)]));
    let mut wider = limited("wider", &json!(5));
    wider["roles"] = json!(["Orders.Read", "Orders.Write"]);
    assert!(!has_warning([wider, limited("nine", &json!(9))]));
}
