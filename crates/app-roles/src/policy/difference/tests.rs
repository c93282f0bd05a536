//! What differs between two policies, by example.

use serde_json::{Value, json};
use time::macros::datetime;

use super::{
    AccessChange, ChangeKind, KnownApis, NamedPrincipals, NarrowerAccess, PolicyDifference,
    PrivilegedPart, RuleNote,
};
use crate::policy::{
    Policy,
    fixtures::{GRAPH, NOW, ORDERS, PRINCIPAL, SUBSCRIPTION},
};

const LIA: &str = "http:aaaaaaaa-0000-0000-0000-00000000000a";
const MAX: &str = "http:bbbbbbbb-0000-0000-0000-00000000000b";

/// A rule for a resource group, with these fields in addition.
fn rule(more: &Value) -> Value {
    let mut rule = json!({
        "name": "orders", "requesters": ["queue:team"], "principals": [place("rg-a")],
        "api": ORDERS, "roles": ["Orders.Read"],
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

fn place(group: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/{group}")
}

fn policy(file: &Value) -> Policy {
    Policy::parse(file.to_string().as_bytes()).unwrap()
}

fn allowing(rules: &[Value]) -> Policy {
    policy(&json!({ "version": 1, "allow": rules }))
}

fn difference(old: &Policy, new: &Policy) -> PolicyDifference {
    old.difference(new, &KnownApis::default(), NOW)
}

/// The difference between one rule and others.
fn between(old: &Value, new: &[Value]) -> PolicyDifference {
    difference(&allowing(std::slice::from_ref(old)), &allowing(new))
}

#[track_caller]
fn only(difference: &PolicyDifference) -> AccessChange {
    let [change] = difference.on_request.as_slice() else { panic!("{difference:#?}") };
    change.clone()
}

#[track_caller]
fn assert_same(difference: &PolicyDifference) {
    assert!(difference.is_empty(), "{difference:#?}");
}

#[test]
fn a_new_rule_is_newly_allowed_and_backwards_it_is_withdrawn() {
    let more =
        json!({ "name": "more", "principals": [PRINCIPAL], "actions": ["assign", "revoke"] });
    let [old, new] = [rule(&json!({})), rule(&more)];
    for (kind, found) in [
        (ChangeKind::Allowed, between(&old, &[old.clone(), new.clone()])),
        (
            ChangeKind::Withdrawn,
            difference(
                &allowing(&[old.clone(), new.clone()]),
                &allowing(std::slice::from_ref(&old)),
            ),
        ),
    ] {
        let change = only(&found);
        assert_eq!((change.kind, change.rule.as_str()), (kind, "more"));
        assert_eq!(change.requesters, ["queue:team"]);
        assert_eq!(change.actions, ["assign", "revoke"]);
        assert_eq!(change.principals, [NamedPrincipals::Object(PRINCIPAL.to_owned())]);
        assert_eq!((change.api.as_str(), change.roles), (ORDERS, vec!["Orders.Read".to_owned()]));
        assert_eq!(change.privileged, PrivilegedPart::None);
    }
}

#[test]
fn a_wider_scope_is_new_and_says_what_of_it_was_allowed_before() {
    let wide = rule(&json!({ "principals": [SUBSCRIPTION, place("rg-a")] }));
    let change = only(&between(&rule(&json!({})), &[wide]));
    assert_eq!(change.principals, [NamedPrincipals::Place(SUBSCRIPTION.to_owned())]);
    let before = NarrowerAccess {
        principals: NamedPrincipals::Place(place("rg-a")),
        role: "Orders.Read".to_owned(),
    };
    assert_eq!(change.narrower, [before]);
}

#[test]
fn a_wildcard_is_wider_than_what_it_matches() {
    for (narrow, wide) in [
        (json!({ "principals": [place("rg-a")] }), json!({ "principals": [place("rg-*")] })),
        (json!({ "principals": [place("rg-a*")] }), json!({ "principals": [place("rg-*")] })),
        (json!({ "roles": ["Orders.Read"] }), json!({ "roles": ["Orders.*"] })),
        (json!({ "roles": ["orders.r*"] }), json!({ "roles": ["Orders.*"] })),
    ] {
        let [narrow, wide] = [rule(&narrow), rule(&wide)];
        assert_eq!(only(&between(&narrow, std::slice::from_ref(&wide))).kind, ChangeKind::Allowed);
        assert_eq!(
            only(&between(&wide, std::slice::from_ref(&narrow))).kind,
            ChangeKind::Withdrawn
        );
        assert_same(&between(&wide, &[wide.clone(), rule_named(&narrow, "narrow")]));
    }
}

fn rule_named(rule: &Value, name: &str) -> Value {
    let mut rule = rule.clone();
    rule["name"] = json!(name);
    rule
}

#[test]
fn each_part_of_a_rule_that_grows_is_newly_allowed_alone() {
    for (field, grown, seen) in [
        ("requesters", json!(["queue:team", "queue:other"]), "queue:other"),
        ("actions", json!(["assign", "read"]), "read"),
        ("principals", json!([place("rg-a"), place("rg-b")]), "rg-b"),
        ("roles", json!(["Orders.Read", "Orders.Write"]), "Orders.Write"),
    ] {
        let change = only(&between(&rule(&json!({})), &[rule(&json!({ field: grown }))]));
        assert_eq!(change.kind, ChangeKind::Allowed, "{field}");
        let said = format!("{change:?}");
        assert!(said.contains(seen), "{said}");
        let sizes = [change.requesters.len(), change.actions.len(), change.principals.len()];
        assert_eq!((sizes, change.roles.len()), ([1; 3], 1), "{field}");
    }
}

#[test]
fn other_terms_say_what_they_were_and_what_they_are() {
    let approval = |by: &str| json!({ "approval": { "by": [by] } });
    for (before, now) in [
        (json!({}), json!({ "maxDuration": "PT8H" })),
        (json!({ "maxDuration": "PT1H" }), json!({ "maxDuration": "PT8H" })),
        (json!({}), json!({ "maxWritesPerHour": 10 })),
        (json!({ "maxWritesPerHour": 10 }), json!({ "maxWritesPerHour": 100 })),
        (json!({}), json!({ "expires": "2027-06-30" })),
        (json!({}), approval(LIA)),
        (approval(LIA), approval(MAX)),
        (approval(LIA), json!({ "approval": { "by": [LIA, MAX] } })),
        (
            json!({ "approval": { "by": [LIA, MAX] } }),
            json!({ "approval": { "by": [LIA, MAX], "count": 2 } }),
        ),
    ] {
        let [before, now] = [rule(&before), rule(&now)];
        for (before, now) in [(&before, &now), (&now, &before)] {
            let change = only(&between(before, std::slice::from_ref(now)));
            assert_eq!(change.kind, ChangeKind::OtherTerms, "{before} {now}");
            assert_ne!(change.before, change.now);
            assert_eq!((change.before.len(), change.now.len()), (1, 1));
        }
    }
}

#[test]
fn terms_that_do_not_bear_on_an_action_are_no_difference() {
    let reads = |more: &Value| {
        let mut rule = rule(&json!({ "actions": ["read"] }));
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    for more in [
        json!({ "maxDuration": "PT8H" }),
        json!({ "maxWritesPerHour": 10 }),
        json!({ "privileged": true }),
        json!({ "approval": { "by": [LIA] } }),
    ] {
        assert_same(&between(&reads(&json!({})), &[reads(&more)]));
    }
    let revokes = |more: Option<&str>| rule(&json!({ "actions": ["revoke"], "maxDuration": more }));
    assert_same(&between(&revokes(None), &[revokes(Some("PT8H"))]));
}

#[test]
fn the_mark_is_new_access_to_privileged_roles() {
    let graph = |marked: bool| {
        let roles = ["User.Read.All", "Place.Read.All"];
        rule(&json!({ "api": GRAPH, "roles": roles, "privileged": marked }))
    };
    let found = between(&graph(false), &[graph(true)]);
    let parts: Vec<_> =
        found.on_request.iter().map(|one| (one.roles.as_slice(), one.privileged)).collect();
    assert!(
        parts.contains(&(&["User.Read.All".to_owned()][..], PrivilegedPart::All)),
        "{found:#?}"
    );
    let own = only(&between(&rule(&json!({})), &[rule(&json!({ "privileged": true }))]));
    assert_eq!((own.kind, own.privileged), (ChangeKind::Allowed, PrivilegedPart::Only));
}

#[test]
fn what_no_rule_can_grant_is_no_access() {
    let never = [
        json!({ "api": "graph", "roles": ["User.Read.All"] }),
        json!({ "api": "graph", "roles": ["User.*"] }),
        json!({ "expires": "2026-11-25" }),
    ];
    for more in never {
        let never = rule_named(&rule(&more), "never");
        assert_same(&between(&rule(&json!({})), &[rule(&json!({})), never]));
    }
    let file = |protected: &[&str]| {
        policy(&json!({ "version": 1, "protected": protected, "allow": [rule(&json!({}))] }))
    };
    for entry in [SUBSCRIPTION, ORDERS] {
        let found = difference(&file(&[]), &file(&[entry]));
        assert_eq!(only(&found).kind, ChangeKind::Withdrawn);
        assert_eq!(found.protection.entries.len(), 1);
        assert_eq!(found.protection.entries[0].rules, ["orders"]);
        let found = difference(&file(&[entry]), &file(&[]));
        assert_eq!(only(&found).kind, ChangeKind::Allowed);
    }
}

#[test]
fn protection_of_a_part_names_the_rules_that_it_bears_on() {
    let file = |protected: &[String]| {
        let wide = rule(&json!({ "principals": [SUBSCRIPTION] }));
        policy(&json!({ "version": 1, "protected": protected, "allow": [wide] }))
    };
    let found = difference(&file(&[]), &file(&[place("rg-a")]));
    assert!(!found.is_empty() && found.on_request.is_empty(), "{found:#?}");
    assert_eq!(found.protection.entries[0].rules, ["orders"]);
    assert_eq!(found.protection.unknown_places, Some(true));
    assert_eq!(found.protection.unknown_client_ids, None);
    let wider = [place("rg-a"), SUBSCRIPTION.to_owned()];
    let inner = [SUBSCRIPTION.to_owned()];
    assert_same(&difference(&file(&wider), &file(&inner)));
}

#[test]
fn names_of_one_known_api_are_one_api() {
    let graph =
        |api: &str| rule(&json!({ "api": api, "roles": ["User.Read.All"], "privileged": true }));
    for name in ["graph", "Graph", "https://graph.microsoft.com", "https://graph.microsoft.com/"] {
        assert_same(&between(&graph(GRAPH), &[graph(name)]));
    }
    let orders = [rule(&json!({})), rule(&json!({ "api": "api://orders" }))];
    assert_eq!(between(&orders[0], &orders[1..]).on_request.len(), 2);
    let known = super::samples::known_apis();
    let [old, new] = orders.map(|rule| allowing(&[rule]));
    assert_same(&old.difference(&new, &known, NOW));
}

#[test]
fn a_role_by_value_and_by_id_are_one_role_of_a_known_api() {
    let by_id = rule(&json!({ "roles": [super::samples::ORDERS_READ] }));
    assert_eq!(between(&rule(&json!({})), std::slice::from_ref(&by_id)).on_request.len(), 2);
    let [old, new] = [rule(&json!({})), by_id].map(|rule| allowing(&[rule]));
    assert_same(&old.difference(&new, &super::samples::known_apis(), NOW));
}

#[test]
fn rules_that_are_renamed_moved_split_and_spelled_otherwise_allow_the_same() {
    let old = rule(&json!({
        "requesters": ["queue:team", "queue:other"], "roles": ["Orders.Read", "Orders.Write"],
        "actions": ["assign", "revoke"], "api": "graph", "privileged": true,
    }));
    let part = |name: &str, requester: &str, role: &str| {
        rule(&json!({
            "name": name, "requesters": [requester], "roles": [role],
            "principals": [place("RG-A").to_ascii_uppercase().replace("SUBSCRIPTIONS", "subscriptions")
                .replace("RESOURCEGROUPS", "resourceGroups") + "/"],
            "actions": ["revoke", "assign"], "api": GRAPH, "privileged": true,
        }))
    };
    let split = [
        part("a", "queue:other", "orders.write"),
        part("b", "queue:team", "ORDERS.READ"),
        part("c", "queue:other", "Orders.read"),
        part("d", "queue:team", "Orders.Write"),
    ];
    assert_same(&between(&old, &split));
    let found = between(&old, &[rule_named(&old, "renamed")]);
    assert_same(&found);
    let renamed = RuleNote::Renamed { from: "orders".to_owned(), to: "renamed".to_owned() };
    assert_eq!(found.notes, [renamed]);
}

#[test]
fn the_baseline_is_compared_apart_from_what_is_allowed_on_request() {
    let file = |roles: &[&str], expires: Option<&str>| {
        let always = json!({
            "name": "always", "principals": [place("rg-a")], "api": ORDERS, "roles": roles,
            "expires": expires,
        });
        policy(&json!({ "version": 1, "allow": [rule(&json!({}))], "baseline": [always] }))
    };
    let found = difference(&file(&["Orders.Read"], None), &file(&["Orders.*"], None));
    assert!(found.on_request.is_empty(), "{found:#?}");
    let [change] = found.baseline.as_slice() else { panic!("{found:#?}") };
    assert_eq!((change.kind, change.requesters.len()), (ChangeKind::Allowed, 0));
    let found = difference(&file(&["a", "b"], None), &file(&["b"], Some("2027-01-01")));
    let kinds: Vec<_> = found.baseline.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ChangeKind::Withdrawn, ChangeKind::OtherTerms]);
}

#[test]
fn the_order_of_rules_with_approval_decides_who_is_asked() {
    let of = |name: &str, by: &str, place: &str| {
        rule(&json!({ "name": name, "approval": { "by": [by] }, "principals": [place] }))
    };
    let [lia, max] = [of("lia", LIA, SUBSCRIPTION), of("max", MAX, &place("rg-a"))];
    let [old, new] = [[lia.clone(), max.clone()], [max, lia.clone()]].map(|rules| allowing(&rules));
    let found = difference(&old, &new);
    let [order] = found.approvers.as_slice() else { panic!("{found:#?}") };
    assert_eq!((order.first.as_str(), order.second.as_str()), ("max", "lia"));
    assert!(found.on_request.is_empty() && !found.is_empty());
    assert_same(&difference(&old, &old));
    let apart = of("max", MAX, "/subscriptions/55555555-5555-5555-5555-555555555555");
    let [old, new] = [[lia.clone(), apart.clone()], [apart, lia]].map(|rules| allowing(&rules));
    assert_same(&difference(&old, &new));
}

#[test]
fn an_exact_role_within_a_prefix_assumes_the_tenants_own_api() {
    let [prefix, exact] = [rule(&json!({ "roles": ["Orders.*"] })), rule(&json!({}))];
    let found = between(&exact, std::slice::from_ref(&prefix));
    assert!(found.notes.contains(&RuleNote::AssumedOwnTenant(ORDERS.to_owned())), "{found:#?}");
    let [old, new] = [exact, prefix].map(|rule| allowing(&[rule]));
    let found = old.difference(&new, &super::samples::known_apis(), NOW);
    assert_eq!(found.notes, []);
}

#[test]
fn a_rule_counts_until_its_last_day() {
    let old = allowing(&[rule(&json!({ "expires": "2027-06-30" }))]);
    let none = allowing(&[]);
    let after = datetime!(2027-07-01 00:00 UTC);
    assert_eq!(only(&difference(&old, &none)).kind, ChangeKind::Withdrawn);
    let found = old.difference(&none, &KnownApis::default(), after);
    assert_same(&found);
    assert_eq!(found.notes, [RuleNote::ExpiredGone("orders".to_owned())]);
}

#[test]
fn what_is_within_a_wider_difference_is_not_repeated() {
    let wide = rule(&json!({ "name": "wide", "principals": [SUBSCRIPTION], "roles": ["*"] }));
    let narrow = rule(&json!({ "name": "narrow", "principals": [place("rg-b")] }));
    for rules in [[wide.clone(), narrow.clone()], [narrow, wide]] {
        let found = difference(&allowing(&[]), &allowing(&rules));
        assert_eq!(only(&found).rule, "wide");
    }
}
