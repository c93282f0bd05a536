//! Warnings about approvals.

use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};

use super::{
    fixtures::{NOW, ORDERS, PRINCIPAL, ROLE, SUBSCRIPTION, api, identity, own, role, sentences},
    *,
};
use crate::request::Action;

const LIA: &str = "aaaaaaaa-0000-0000-0000-00000000000a";
const MAX: &str = "bbbbbbbb-0000-0000-0000-00000000000b";
const EVE: &str = "cccccccc-0000-0000-0000-00000000000c";

fn policy(more: &Value) -> Policy {
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-orders");
    let mut rule = json!({
        "name": "orders", "requesters": ["queue:team"], "principals": [group], "api": ORDERS,
        "roles": ["Orders.Read"],
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let text = json!({ "version": 1, "allow": [rule] }).to_string();
    Policy::parse(text.as_bytes()).unwrap()
}

fn by(approvers: &[&str], count: usize) -> Value {
    let by: Vec<_> = approvers.iter().map(|id| format!("http:{id}")).collect();
    json!({ "by": by, "count": count })
}

#[test]
fn a_rule_whose_approval_is_missing_or_has_no_effect_causes_a_warning() {
    let lia = by(&[LIA], 1);
    let marked = |more: &Value| {
        let mut rule = json!({ "privileged": true, "maxDuration": "PT8H" });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    let no_effect = "\"approval\" has no effect: the rule lets requesters read only";
    let missing = "it grants privileged roles without approval; say who approves them";
    for (more, warning) in [
        (json!({}), None),
        (json!({ "approval": lia }), None),
        (json!({ "approval": lia, "actions": ["read"] }), Some(no_effect)),
        (json!({ "approval": lia, "actions": ["read", "revoke"] }), None),
        (marked(&json!({})), Some(missing)),
        (marked(&json!({ "actions": ["assign", "read"] })), Some(missing)),
        (marked(&json!({ "approval": lia })), None),
        (json!({ "privileged": true, "actions": ["revoke"] }), None),
    ] {
        let found = sentences(&policy(&more).warnings(NOW));
        assert_eq!(found.len(), usize::from(warning.is_some()), "{more}: {found:?}");
        if let (Some(expected), Some(found)) = (warning, found.first()) {
            assert!(found.starts_with(&format!("rule \"orders\": {expected}")), "{found}");
        }
    }
}

#[test]
fn a_privileged_rule_without_approval_and_without_an_end_causes_two_warnings() {
    let found = sentences(&policy(&json!({ "privileged": true })).warnings(NOW));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("without an end") && found[1].contains("without approval"));
}

#[test]
fn a_rule_whose_approvers_cannot_approve_a_request_causes_a_warning() {
    let scope = format!("{SUBSCRIPTION}/resourceGroups/rg-orders");
    let (http, cli) = (format!("http:{LIA}"), format!("cli:{LIA}"));
    let requested = "what is requested by aaaaaaaa-0000-0000-0000-00000000000a can never";
    let targeted = "what is for the principal aaaaaaaa-0000-0000-0000-00000000000a can never";
    let pair = "what is requested by aaaaaaaa-0000-0000-0000-00000000000a for the principal \
                bbbbbbbb-0000-0000-0000-00000000000b can never";
    for (requesters, principals, approval, warnings) in [
        (vec![&http], vec![scope.as_str()], by(&[LIA], 1), vec![requested]),
        (vec![&cli], vec![scope.as_str()], by(&[LIA, MAX], 2), vec![requested]),
        (vec![&http, &cli], vec![scope.as_str()], by(&[LIA], 1), vec![requested]),
        (vec![&http], vec![scope.as_str()], by(&[LIA, MAX], 1), vec![]),
        (vec![&http], vec![scope.as_str()], by(&[MAX], 1), vec![]),
        (vec![&http], vec![LIA, &scope], by(&[LIA, MAX], 2), vec![requested, targeted]),
        (vec![&http], vec![LIA], by(&[LIA, MAX], 1), vec![]),
        (vec![&http], vec![MAX], by(&[LIA, MAX], 1), vec![pair]),
        (vec![&http], vec![MAX], by(&[LIA, MAX, EVE], 1), vec![]),
    ] {
        let more =
            json!({ "requesters": requesters, "principals": principals, "approval": approval });
        let found = sentences(&policy(&more).warnings(NOW));
        assert_eq!(found.len(), warnings.len(), "{more}: {found:?}");
        for (found, expected) in found.iter().zip(warnings) {
            assert!(found.starts_with(&format!("rule \"orders\": {expected}")), "{found}");
        }
    }
}

/// Whether a policy allows something that its approvers can never approve.
fn is_stuck(policy: &Policy, requesters: &[String], principals: &[String]) -> bool {
    let (api, role) = (api(ORDERS), role(ROLE, "Orders.Read"));
    let stuck = |requester: &String, principal: &String| {
        let principal = identity(principal, "rg-orders");
        let question = Question {
            requester: &Requester::parse(requester).unwrap(),
            action: Action::Assign,
            principal: &principal,
            api: &api,
            role: &role,
            own: own(),
            end: None,
            now: NOW,
        };
        let Ok(Decision::NeedsApproval(unapproved)) = policy.decide(&question) else {
            panic!("no approval is needed")
        };
        unapproved.eligible().len() < unapproved.terms().count()
    };
    requesters.iter().any(|requester| principals.iter().any(|one| stuck(requester, one)))
}

proptest! {
    #[test]
    fn a_warning_says_exactly_that_the_approvers_cannot_approve_a_request(
        requesters in subsequence(vec!["queue:team".to_owned(), format!("http:{LIA}"), format!("cli:{MAX}")], 1..=3),
        named in subsequence(vec![LIA, MAX, EVE], 0..=3),
        approvers in subsequence(vec![LIA, MAX, EVE, "dddddddd-0000-0000-0000-00000000000d"], 1..=4),
        count in 1_usize..=4,
        in_scope: bool,
    ) {
        prop_assume!(count <= approvers.len() && (in_scope || !named.is_empty()));
        let mut principals: Vec<_> = named.iter().map(|id| (*id).to_owned()).collect();
        let mut patterns = principals.clone();
        if in_scope {
            principals.push(PRINCIPAL.to_owned());
            patterns.push(format!("{SUBSCRIPTION}/resourceGroups/rg-orders"));
        }
        let approval = by(&approvers, count);
        let more = json!({ "requesters": requesters, "principals": patterns, "approval": approval });
        let policy = policy(&more);
        let warnings = sentences(&policy.warnings(NOW));
        let is_warned = warnings.iter().any(|one| one.contains("can never be approved"));
        prop_assert_eq!(is_warned, is_stuck(&policy, &requesters, &principals), "{:?}", warnings);
    }
}
