//! Warnings: what they find, where, and how a file acknowledges them.

use std::collections::HashSet;

use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};

use super::{
    fixtures::{NOW, ORDERS, OWN, PRINCIPAL, SUBSCRIPTION},
    *,
};

const LIA: &str = "http:aaaaaaaa-0000-0000-0000-00000000000a";

fn group(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/{name}")
}

/// A rule of `allow` with these fields in addition, or in place of its own.
fn rule(name: &str, more: &Value) -> Value {
    let mut rule = json!({
        "name": name, "requesters": ["queue:team"], "principals": [group("rg-orders")],
        "api": ORDERS, "roles": ["Orders.Read"],
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

/// A rule of the baseline with these fields in addition.
fn always(name: &str, more: &Value) -> Value {
    let mut rule = rule(name, more);
    rule.as_object_mut().unwrap().remove("requesters");
    rule
}

fn policy(file: &Value) -> Policy {
    Policy::parse(file.to_string().as_bytes()).unwrap()
}

fn allowing(rules: &[Value]) -> Value {
    json!({ "version": 1, "allow": rules })
}

/// The warnings as code and path.
fn found(file: &Value) -> Vec<String> {
    let warnings = policy(file).warnings(NOW);
    warnings.iter().map(|one| format!("{} {}", one.code, one.path)).collect()
}

#[test]
fn every_code_has_one_word_in_camel_case_and_the_words_are_in_order() {
    let words: Vec<_> = WarningCode::ALL.iter().map(|(_, word)| *word).collect();
    assert!(words.is_sorted() && words.iter().all(|word| word.chars().all(char::is_alphanumeric)));
    let codes: HashSet<_> = WarningCode::ALL.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes.len(), WarningCode::ALL.len());
    for (code, word) in WarningCode::ALL {
        let debug = format!("{code:?}");
        assert!(word.eq_ignore_ascii_case(&debug) && code.to_string() == word, "{word} {debug}");
    }
}

#[test]
fn a_protected_api_and_protected_principals_are_found() {
    let graph = "00000003-0000-0000-c000-000000000000";
    let below = format!("{}/providers/Microsoft.Web/sites/*", group("rg-orders"));
    for (protected, more, expected) in [
        (json!([ORDERS]), json!({}), vec!["apiProtected allow[0].api"]),
        (
            json!([graph]),
            json!({ "api": "graph", "roles": ["Place.Read.All"] }),
            vec!["apiProtected allow[0].api"],
        ),
        (
            json!([graph]),
            json!({ "api": "https://graph.microsoft.com", "roles": ["Place.Read.All"] }),
            vec!["apiProtected allow[0].api"],
        ),
        (json!([PRINCIPAL, OWN]), json!({}), vec![]),
        (
            json!([SUBSCRIPTION.to_uppercase().replace("SUBSCRIPTIONS", "subscriptions")]),
            json!({}),
            vec!["principalProtected allow[0].principals"],
        ),
        (json!([group("rg-*")]), json!({}), vec!["principalProtected allow[0].principals"]),
        (
            json!([group("RG-ORDERS")]),
            json!({ "principals": [below, group("rg-sync")] }),
            vec!["principalProtected allow[0].principals[0]"],
        ),
        (json!([below]), json!({}), vec![]),
        (json!([group("rg-ord")]), json!({}), vec![]),
        (
            json!([PRINCIPAL]),
            json!({ "principals": [group("rg-orders"), PRINCIPAL] }),
            vec!["principalProtected allow[0].principals[1]"],
        ),
    ] {
        let file = json!({ "version": 1, "protected": protected, "allow": [rule("a", &more)] });
        assert_eq!(found(&file), expected, "{protected} {more}");
        let mut always = always("a", &more);
        always.as_object_mut().unwrap().remove("actions");
        let file =
            json!({ "version": 1, "protected": protected, "allow": [], "baseline": [always] });
        let expected: Vec<_> =
            expected.iter().map(|one| one.replace("allow", "baseline")).collect();
        assert_eq!(found(&file), expected, "{protected} {more}");
    }
}

#[test]
fn a_star_alone_is_found_on_an_api_that_may_be_ones_own() {
    assert_eq!(
        found(&allowing(&[rule("a", &json!({ "roles": ["Orders.Read", "*"] }))])),
        ["anyRole allow[0].roles[1]"]
    );
    assert_eq!(found(&allowing(&[rule("a", &json!({ "roles": ["O*"] }))])), Vec::<String>::new());
    let graph = json!({ "api": "graph", "roles": ["*"], "actions": ["read"] });
    assert_eq!(found(&allowing(&[rule("a", &graph)])), ["wildcardWithoutEffect allow[0].roles[0]"]);
    let file =
        json!({ "version": 1, "allow": [], "baseline": [always("a", &json!({ "roles": ["*"] }))] });
    assert_eq!(found(&file), ["anyRole baseline[0].roles[0]"]);
}

#[test]
fn a_repeated_entry_is_found_in_each_list() {
    let upper = format!("http:{}", LIA.trim_start_matches("http:").to_uppercase());
    let twice = json!({
        "requesters": ["queue:team", LIA, upper],
        "principals": [group("rg-orders"), group("RG-Orders/")],
        "roles": ["Orders.Read", "ORDERS.read", "O*"], "actions": ["read", "assign", "read"],
    });
    let file = json!({
        "version": 1, "protected": [OWN, PRINCIPAL, OWN.to_uppercase()], "allow": [rule("a", &twice)],
    });
    let expected = [
        "repeatedEntry protected[2]",
        "repeatedEntry allow[0].requesters[2]",
        "repeatedEntry allow[0].principals[1]",
        "repeatedEntry allow[0].roles[1]",
        "repeatedEntry allow[0].actions[2]",
    ];
    assert_eq!(found(&file), expected);
}

#[test]
fn a_rule_with_the_same_effect_as_another_is_found_whatever_order_and_case() {
    let one = json!({
        "requesters": ["queue:team", LIA], "principals": [PRINCIPAL, group("rg-a")],
        "roles": ["A.Read", "B.*"], "actions": ["assign", "read"], "maxDuration": "P1D",
        "approval": { "by": [LIA, format!("http:{OWN}")] }, "expires": "2099-12-31",
        "owner": "one",
    });
    let other = json!({
        "requesters": [LIA, "queue:team", "queue:team"], "principals": [group("RG-A"), PRINCIPAL.to_uppercase()],
        "roles": ["b.*", "a.READ"], "actions": ["read", "assign"], "maxDuration": "PT24H",
        "api": ORDERS.to_uppercase(), "approval": { "by": [format!("http:{OWN}"), LIA], "within": "P1D" },
        "expires": "2099-12-31", "description": "two",
    });
    let file = allowing(&[rule("one", &one), rule("other", &other)]);
    let warnings = policy(&file).warnings(NOW);
    let equal = warnings.iter().find(|one| one.code == WarningCode::EqualRule).unwrap();
    assert_eq!((equal.path.as_str(), equal.rule.as_deref()), ("allow[1]", Some("other")));
    assert!(equal.sentence.contains("the same effect as rule \"one\""), "{equal}");
    let pair = [always("one", &json!({})), always("other", &json!({ "owner": "x" }))];
    assert_eq!(
        found(&json!({ "version": 1, "allow": [rule("r", &json!({}))], "baseline": pair })),
        ["equalRule baseline[1]"]
    );
    let uris = ["graph", "https://graph.microsoft.com"]
        .map(|api| json!({ "api": api, "roles": ["Place.Read.All"] }));
    assert_eq!(
        found(&allowing(&[rule("one", &uris[0]), rule("other", &uris[1])])),
        ["equalRule allow[1]"]
    );
}

#[test]
fn a_rule_that_another_covers_is_found_and_no_rule_with_an_effect_of_its_own() {
    let wide = json!({
        "requesters": ["queue:team", LIA], "principals": [group("rg-orders"), PRINCIPAL],
        "roles": ["Orders.Read", "Orders.Write"], "actions": ["assign", "revoke"],
    });
    for (narrow, is_covered) in [
        (json!({}), true),
        (json!({ "maxDuration": "PT8H" }), true),
        (json!({ "expires": "2099-12-31" }), true),
        (json!({ "approval": { "by": [LIA] } }), true),
        (
            json!({ "principals": [format!("{}/providers/Microsoft.Web/sites/x", group("rg-orders"))] }),
            true,
        ),
        (json!({ "principals": [PRINCIPAL] }), true),
        (json!({ "principals": [OWN] }), false),
        (json!({ "principals": [group("rg-orders"), OWN] }), false),
        (json!({ "principals": [group("rg-order*")] }), false),
        (json!({ "principals": [SUBSCRIPTION] }), false),
        (json!({ "requesters": ["queue:other"] }), false),
        (json!({ "actions": ["read"] }), false),
        (json!({ "roles": ["Orders.Read", "Orders.Admin"] }), false),
        (json!({ "roles": ["Orders.*"] }), false),
        (json!({ "api": OWN }), false),
        (json!({ "privileged": true, "maxDuration": "PT8H", "approval": { "by": [LIA] } }), false),
    ] {
        for order in [[0, 1], [1, 0]] {
            let rules = [rule("wide", &wide), rule("narrow", &narrow)];
            let file = allowing(&order.map(|index| rules[index].clone()));
            let warnings = policy(&file).warnings(NOW);
            let covered: Vec<_> = warnings
                .iter()
                .filter(|one| matches!(one.code, WarningCode::CoveredRule | WarningCode::EqualRule))
                .collect();
            assert_eq!(covered.len(), usize::from(is_covered), "{narrow}: {warnings:?}");
            if let Some(warning) = covered.first() {
                assert_eq!(warning.rule.as_deref(), Some("narrow"), "{warning}");
                let skips = warning.sentence.contains("without an approval");
                assert_eq!(skips, narrow.get("approval").is_some(), "{warning}");
            }
        }
    }
}

#[test]
fn a_rule_that_has_expired_covers_nothing_and_has_its_own_warning_only() {
    let ended = rule("ended", &json!({ "expires": "2020-01-01" }));
    let file = allowing(&[ended, rule("narrow", &json!({}))]);
    assert_eq!(found(&file), ["expired allow[0].expires"]);
}

#[test]
fn an_acknowledgement_marks_the_warnings_of_its_rule_and_code_only() {
    let entry = |code: &str| json!([{ "warning": code, "reason": "known to the board" }]);
    let marked = json!({ "privileged": true, "acknowledged": entry("privilegedWithoutEnd"), "roles": ["A"] });
    let other = json!({ "privileged": true, "roles": ["B"] });
    let file = allowing(&[rule("one", &marked), rule("two", &other)]);
    let warnings = policy(&file).warnings(NOW);
    let states: Vec<_> = warnings
        .iter()
        .map(|one| (one.rule.as_deref().unwrap(), one.code, one.is_open()))
        .collect();
    assert_eq!(
        states,
        [
            ("one", WarningCode::PrivilegedWithoutEnd, false),
            ("one", WarningCode::PrivilegedWithoutApproval, true),
            ("two", WarningCode::PrivilegedWithoutEnd, true),
            ("two", WarningCode::PrivilegedWithoutApproval, true),
        ]
    );
    let acknowledged = warnings[0].acknowledged.as_ref().unwrap();
    assert_eq!(acknowledged.reason, "known to the board");
    let file = json!({
        "version": 1, "protected": [OWN, OWN], "allow": [], "acknowledged": entry("repeatedEntry"),
    });
    let warnings = policy(&file).warnings(NOW);
    assert!(warnings.len() == 1 && !warnings[0].is_open(), "{warnings:?}");
}

#[test]
fn an_acknowledgement_of_a_warning_that_does_not_occur_is_a_warning() {
    let entry = |code: &str| json!([{ "warning": code, "reason": "known" }]);
    let marked = json!({ "acknowledged": entry("privilegedWithoutEnd") });
    let file = json!({
        "version": 1, "allow": [rule("a", &marked)], "acknowledged": entry("repeatedEntry"),
        "baseline": [always("b", &marked)],
    });
    assert_eq!(
        found(&file),
        [
            "unusedAcknowledgement acknowledged[0]",
            "unusedAcknowledgement allow[0].acknowledged[0]",
            "unusedAcknowledgement baseline[0].acknowledged[0]",
        ]
    );
}

#[test]
fn a_survey_adds_warnings_and_says_which_acknowledgements_are_of_no_use() {
    let code = WarningCode::QueueWithoutFunction;
    let marked =
        json!({ "acknowledged": [{ "warning": "queueWithoutFunction", "reason": "known" }] });
    let policy = policy(&allowing(&[rule("a", &marked), rule("b", &json!({ "roles": ["B"] }))]));
    assert_eq!(policy.warnings(NOW), []);
    let examined = Survey { examined: vec![code], warnings: Vec::new() };
    let unused = policy.warnings_with(NOW, examined.clone());
    assert_eq!(unused[0].code, WarningCode::UnusedAcknowledgement);
    let warning = |rule: &str| {
        PolicyWarning::new(code, Some(rule), "allow[0].requesters[0]".to_owned(), "x".to_owned())
    };
    let warnings = policy
        .warnings_with(NOW, Survey { warnings: vec![warning("a"), warning("b")], ..examined });
    let open: Vec<_> = warnings.iter().map(PolicyWarning::is_open).collect();
    assert_eq!(open, [false, true], "{warnings:?}");
}

proptest! {
    /// A covered rule has no effect: without it, every decision of the policy stays the same.
    #[test]
    fn a_rule_without_an_effect_of_its_own_allows_nothing_that_the_others_do_not(
        requesters in proptest::array::uniform2(subsequence(vec!["queue:team", "queue:other"], 1..=2)),
        roles in proptest::array::uniform2(subsequence(vec!["Orders.Read", "Orders.Write", "Orders.*"], 1..=3)),
        groups in proptest::array::uniform2(subsequence(vec!["rg-orders", "rg-*", "rg-sync"], 1..=3)),
        durations in proptest::array::uniform2(proptest::option::of(proptest::sample::select(vec!["PT8H", "P1D"]))),
    ) {
        let rules: Vec<_> = [0, 1]
            .map(|index| {
                let principals: Vec<_> = groups[index].iter().map(|name| group(name)).collect();
                rule(["first", "second"][index], &json!({
                    "requesters": requesters[index], "roles": roles[index], "principals": principals,
                    "maxDuration": durations[index],
                }))
            })
            .to_vec();
        let policy = policy(&allowing(&rules));
        let warnings = policy.warnings(NOW);
        let idle = |one: &&PolicyWarning| matches!(one.code, WarningCode::CoveredRule | WarningCode::EqualRule);
        for warning in warnings.iter().filter(idle) {
            let kept = usize::from(warning.path == "allow[0]");
            let rest = self::policy(&allowing(&rules[kept..=kept]));
            for (requester, role, group) in questions() {
                prop_assert_eq!(
                    decision(&policy, requester, role, group), decision(&rest, requester, role, group), "{}", warning
                );
            }
        }
    }
}

fn questions() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let groups = ["rg-orders", "rg-sync", "rg-x", "other"];
    let roles = ["Orders.Read", "Orders.Write", "Orders.Admin"];
    ["queue:team", "queue:other"].into_iter().flat_map(move |requester| {
        roles.into_iter().flat_map(move |role| groups.map(move |group| (requester, role, group)))
    })
}

/// Whether a role is allowed, and until when.
fn decision(
    policy: &Policy,
    requester: &str,
    value: &str,
    group: &str,
) -> Option<Option<OffsetDateTime>> {
    let principal = fixtures::identity(PRINCIPAL, group);
    let api = fixtures::api(ORDERS);
    let question = Question {
        requester: &Requester::parse(requester).unwrap(),
        action: crate::request::Action::Assign,
        principal: &principal,
        api: &api,
        role: &fixtures::role(fixtures::ROLE, value),
        own: fixtures::own(),
        end: None,
        now: NOW,
    };
    policy.decide(&question).ok().map(|decision| decision.permit().end())
}
