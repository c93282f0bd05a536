//! Rules with a last day, and what rules say about themselves.

use proptest::{option, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use time::macros::datetime;

use super::{
    fixtures::{
        NOW, ORDERS, OWN, PRINCIPAL, ROLE, SUBSCRIPTION, api, identity, own, resource, role,
        schema_accepts, sentences, team,
    },
    *,
};
use crate::request::Action;

/// A rule with these fields in addition, or in place of its own.
fn rule(name: &str, more: &Value) -> Value {
    let mut rule = json!({
        "name": name, "principals": [format!("{SUBSCRIPTION}/resourceGroups/rg-orders")],
        "api": ORDERS, "roles": ["Orders.Read"],
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

/// A rule of `allow`.
fn allowing(more: &Value) -> Value {
    let base = json!({ "requesters": ["queue:team"], "actions": ["assign", "revoke", "read"] });
    let mut rule = rule("orders", &base);
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

fn file(allow: &[Value], baseline: &[Value]) -> String {
    json!({ "version": 1, "allow": allow, "baseline": baseline }).to_string()
}

fn policy(allow: &[Value], baseline: &[Value]) -> Policy {
    Policy::parse(file(allow, baseline).as_bytes()).unwrap()
}

fn faults(allow: &[Value], baseline: &[Value]) -> Vec<String> {
    let faults = Policy::parse(file(allow, baseline).as_bytes()).unwrap_err();
    faults.0.iter().map(ToString::to_string).collect()
}

/// Each thing that a rule of `allow` can allow, and whether a policy allows it at a time.
fn allowed(policy: &Policy, now: OffsetDateTime) -> Vec<(&'static str, bool)> {
    let (principal, mut api) = (identity(PRINCIPAL, "rg-orders"), api(ORDERS));
    api.roles = vec![role(ROLE, "Orders.Read")];
    let (role, own, requester) = (&api.roles[0], own(), &team());
    let decides = |action| {
        let question = Question {
            requester,
            action,
            principal: &principal,
            api: &api,
            role,
            own,
            end: None,
            now,
        };
        policy.decide(&question).is_ok()
    };
    let admits = |action: &str| {
        let text = json!({ "principal": PRINCIPAL, "api": ORDERS, "roles": "A", "action": action });
        let request = Request::decode(text.to_string().as_bytes()).unwrap();
        policy.admit(requester, &request, now).is_ok()
    };
    let names = (PrincipalName::parse(PRINCIPAL).unwrap(), ApiName::parse(ORDERS).unwrap());
    let proposed = ProposedAssignment { principal: &principal, api: &api, role, own, now };
    vec![
        ("admit assign", admits("assign")),
        ("admit revoke", admits("revoke")),
        ("assign", decides(Action::Assign)),
        ("revoke", decides(Action::Revoke)),
        ("admit reading", policy.admit_reading(requester, &names.0, &names.1, now).is_ok()),
        ("read", policy.visible_roles(requester, (&principal, &api), own, now).is_ok()),
        ("expected", policy.is_expected(&proposed)),
    ]
}

/// Each thing that a rule of the baseline can allow, and whether a policy allows it at a time.
fn granted(policy: &Policy, now: OffsetDateTime) -> Vec<(&'static str, bool)> {
    let (principal, mut api) = (identity(PRINCIPAL, "rg-orders"), api(ORDERS));
    api.roles = vec![role(ROLE, "Orders.Read")];
    let (role, own) = (&api.roles[0], own());
    let proposed = ProposedAssignment { principal: &principal, api: &api, role, own, now };
    let nothing = fixtures::api(ORDERS);
    vec![
        ("covers", policy.baseline_covers(&resource("rg-orders"), now)),
        ("decide", policy.decide_baseline(&proposed).is_ok()),
        ("roles", !policy.baseline_roles(&principal, &api, own, now).is_empty()),
        ("APIs of a principal", !policy.baseline_apis(&principal, now).is_empty()),
        ("all APIs", !policy.all_baseline_apis(now).is_empty()),
        ("unknown roles", !policy.unknown_roles(None, &nothing, now).is_empty()),
        ("expected", policy.is_expected(&proposed)),
    ]
}

#[test]
fn a_rule_allows_everything_until_the_end_of_its_last_day_and_nothing_after_it() {
    let expires = json!({ "expires": "2027-06-30" });
    let on_request = policy(&[allowing(&expires)], &[]);
    let always = policy(&[], &[rule("always", &expires)]);
    for (now, is_allowed) in [
        (datetime!(1999-01-01 0:00 UTC), true),
        (datetime!(2027-06-30 23:59:59.999 UTC), true),
        (datetime!(2027-07-01 00:30 +01), true),
        (datetime!(2027-07-01 00:00 UTC), false),
        (datetime!(2027-06-30 23:30 -01), false),
        (datetime!(9999-12-31 23:59:59 -12), false),
    ] {
        for (what, found) in allowed(&on_request, now).into_iter().chain(granted(&always, now)) {
            assert_eq!(found, is_allowed, "{what} at {now}");
        }
    }
}

#[test]
fn protection_does_not_expire_with_the_rules() {
    let expired = [allowing(&json!({ "expires": "2020-01-01" }))];
    let text = json!({ "version": 1, "protected": [PRINCIPAL], "allow": expired }).to_string();
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let denial = policy.check_principal(&identity(PRINCIPAL, "rg-orders"), own()).unwrap_err();
    assert!(matches!(denial, Denial::ProtectedPrincipal(_)));
}

#[test]
fn a_faulty_value_is_refused_with_its_path_and_the_name_of_the_rule() {
    for (field, value, problem) in [
        ("maxDuration", json!("P1M"), "years and months differ in length"),
        ("maxDuration", json!("PT1M"), "the shortest duration is PT5M"),
        ("maxDuration", json!("P2Y"), "years and months"),
        ("maxDuration", json!("P400D"), "the longest duration is P365D"),
        ("maxDuration", json!(""), "must not be empty"),
        ("expires", json!("2027-02-29"), "expected the rule's last day as a date"),
        ("expires", json!("30.06.2027"), "expected the rule's last day as a date"),
        ("expires", json!("2027-06-30T00:00:00Z"), "expected the rule's last day"),
        ("expires", json!(""), "expected the rule's last day"),
        ("description", json!(""), "must not be empty"),
        ("description", json!("a\u{202E}b"), "unprintable character U+202E"),
        ("description", json!("x".repeat(501)), "is longer than 500 characters"),
        ("owner", json!("two\nlines"), "unprintable character U+000A"),
        ("owner", json!("x".repeat(257)), "is longer than 256 characters"),
    ] {
        let found = faults(&[allowing(&json!({ field: value }))], &[]);
        let expected = format!("allow[0].{field} (rule \"orders\"): ");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&expected) && found[0].contains(problem), "{found:?}");
        if field != "maxDuration" {
            let found = faults(&[], &[rule("always", &json!({ field: value }))]);
            assert!(found[0].starts_with(&format!("baseline[0].{field} (rule \"always\"): ")));
        }
    }
    let wrong = faults(&[allowing(&json!({ "expires": 2027 }))], &[]);
    assert_eq!(wrong, ["allow[0].expires (rule \"orders\"): must be a string, but is a number"]);
}

#[test]
fn a_rule_of_the_baseline_has_no_duration() {
    for field in ["maxDuration", "duration"] {
        let found = faults(&[], &[rule("always", &json!({ field: "PT8H" }))]);
        assert!(found[0].starts_with("baseline[0] (rule \"always\"): unknown field"), "{found:?}");
    }
}

#[test]
fn no_rule_can_name_a_timer_of_the_broker_as_its_requester() {
    for name in ["timer:EndAssignments", "timer:", "timer:*"] {
        let found = faults(&[allowing(&json!({ "requesters": [name] }))], &[]);
        assert!(found[0].starts_with("allow[0].requesters[0] (rule \"orders\"): "), "{found:?}");
    }
}

#[test]
fn what_a_rule_says_about_itself_is_shown_and_decides_nothing() {
    let notes = json!({
        "description": "month end", "owner": "team-orders@contoso.com", "expires": "2027-06-30",
        "maxDuration": "PT8H",
    });
    let (principal, api, role) = (identity(PRINCIPAL, "rg-orders"), api(ORDERS), role(ROLE, ""));
    let question = Question {
        requester: &team(),
        action: Action::Assign,
        principal: &principal,
        api: &api,
        role: &role,
        own: own(),
        end: None,
        now: NOW,
    };
    let policy_with_notes = policy(&[allowing(&notes)], &[]);
    let near = policy_with_notes.explanation().of_change(&question).remove(0).summary;
    assert_eq!(policy_with_notes.summaries(), std::slice::from_ref(&near));
    assert_eq!(near.notes.description.unwrap().as_str(), "month end");
    assert_eq!(near.notes.owner.unwrap().as_str(), "team-orders@contoso.com");
    assert_eq!(near.notes.expires.unwrap().to_string(), "2027-06-30");
    assert_eq!(near.max_duration.unwrap().to_string(), "PT8H");
    let texts = json!({ "description": "nothing for admin", "owner": "queue:other" });
    let (with, without) = (policy(&[allowing(&texts)], &[]), policy(&[allowing(&json!({}))], &[]));
    assert_eq!(allowed(&with, NOW), allowed(&without, NOW));
}

#[test]
fn a_rule_without_a_limit_or_near_its_last_day_causes_a_warning() {
    let reads = json!({ "actions": ["read"], "maxDuration": "PT8H" });
    let approval = json!({ "by": [format!("http:{OWN}")] });
    for (more, warning) in [
        (json!({}), None),
        (json!({ "privileged": true, "approval": approval }), Some("without an end")),
        (json!({ "privileged": true, "actions": ["read", "revoke"] }), None),
        (json!({ "privileged": true, "approval": approval, "maxDuration": "PT8H" }), None),
        (reads, Some("\"maxDuration\" has no effect")),
        (json!({ "expires": "2026-12-27" }), None),
        (json!({ "expires": "2026-12-26" }), Some("it expires in 30 days, on 2026-12-26")),
        (json!({ "expires": "2026-11-28" }), Some("it expires in 2 days, on 2026-11-28")),
        (json!({ "expires": "2026-11-27" }), Some("it expires tomorrow, on 2026-11-27")),
        (json!({ "expires": "2026-11-26" }), Some("it expires today")),
        (json!({ "expires": "2026-11-25" }), Some("it expired on 2026-11-25")),
        (json!({ "expires": "1999-12-31" }), Some("it expired on 1999-12-31")),
    ] {
        let warnings = sentences(&policy(&[allowing(&more)], &[]).warnings(NOW));
        assert_eq!(warnings.len(), usize::from(warning.is_some()), "{more}: {warnings:?}");
        if let (Some(expected), Some(found)) = (warning, warnings.first()) {
            assert!(found.starts_with("rule \"orders\": ") && found.contains(expected), "{found}");
        }
    }
    let baseline = [rule("always", &json!({ "expires": "2026-11-27", "privileged": true }))];
    let warnings = sentences(&policy(&[], &baseline).warnings(NOW));
    assert!(warnings.len() == 1 && warnings[0].contains("it expires tomorrow"), "{warnings:?}");
}

/// Values of a field: good ones, bad ones and `null`.
fn values(texts: &'static [&'static str]) -> impl Strategy<Value = Option<Value>> {
    option::of(prop_oneof![
        8 => select(texts).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!(8)),
    ])
}

proptest! {
    #[test]
    fn the_schema_accepts_exactly_the_rules_that_are_read(
        max_duration in values(&["PT8H", "P30D", "PT4M59S", "P1M", "P366D", "pt8h", ""]),
        expires in values(&["2027-06-30", "2028-02-29", "2027-02-29", "2027-06-31", "2027-6-30", "never"]),
        description in values(&["month end", "é 日本", "", "a\u{85}"]),
        owner in values(&["team-orders@contoso.com", "", "\u{202E}"]),
        is_baseline: bool,
    ) {
        let fields = [
            ("maxDuration", max_duration), ("expires", expires), ("description", description),
            ("owner", owner),
        ];
        let stated = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let more = Value::Object(stated.collect::<Map<_, _>>());
        let text = if is_baseline {
            file(&[], &[rule("always", &more)])
        } else {
            file(&[allowing(&more)], &[])
        };
        let parsed = Policy::parse(text.as_bytes());
        let valid = schema_accepts(&serde_json::from_str(&text).unwrap());
        prop_assert_eq!(parsed.is_ok(), valid, "{}: {:?}", text, parsed.err());
    }
}
