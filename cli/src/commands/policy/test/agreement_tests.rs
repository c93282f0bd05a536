//! Whether `policy explain` and `policy test` say the same about random policies.

use app_roles::{policy::Policy, request::Action, requester::Requester};
use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    super::{
        explanation::{self, Explained},
        verdict::Ask,
    },
    evaluation::Evaluated,
    reader,
};

const LIA: &str = "c0a70500-0000-4000-8000-0000000000e1";
const MAX: &str = "c0a70500-0000-4000-8000-0000000000e2";
const API: &str = "c0a70500-0000-4000-8000-0000000000b1";

/// Requesters, two of whom are the same person.
fn requesters() -> Vec<String> {
    let [lia, max] = [LIA, MAX].map(|id| format!("http:{id}"));
    vec!["queue:team".to_owned(), "key:ops".to_owned(), format!("cli:{LIA}"), lia, max]
}

/// A rule for these requesters, with an approval if there are approvers.
fn policy(requesters: &[String], principals: &[&str], approvers: &[&str], count: usize) -> Policy {
    let mut rule = json!({
        "name": "orders", "requesters": requesters, "principals": principals, "api": API,
        "roles": ["Orders.Read"],
    });
    if !approvers.is_empty() {
        let by: Vec<_> = approvers.iter().map(|id| format!("http:{id}")).collect();
        rule["approval"] = json!({ "by": by, "count": count.clamp(1, approvers.len()) });
    }
    let text = json!({ "version": 1, "allow": [rule] }).to_string();
    Policy::parse(text.as_bytes()).unwrap()
}

/// The decision of `policy explain`.
fn explained(policy: &Policy, requester: &Requester, test: &super::case::TestCase) -> Value {
    let ask = Ask::Change { requester: requester.clone(), action: Action::Assign, end: None };
    let explained = Explained::of(policy, &ask, &test.facts, OffsetDateTime::now_utc());
    let answer = explanation::answer(&explained);
    assert_eq!(explained.is_denied(), answer["decision"] == "denied");
    answer["decision"].clone()
}

proptest! {
    #[test]
    fn the_two_commands_decide_alike(
        allowed in subsequence(requesters(), 1..=5),
        principals in subsequence(vec![LIA, MAX], 1..=2),
        approvers in subsequence(vec![LIA, MAX], 0..=2),
        count in 1_usize..=2,
        requester in prop::sample::select(requesters()),
        principal in prop::sample::select(vec![LIA, MAX]),
        role in prop::sample::select(vec!["Orders.Read", "Orders.Admin"]),
    ) {
        let policy = policy(&allowed, &principals, &approvers, count);
        let file = json!({ "version": 1, "tests": [{
            "name": "a", "requester": requester, "principal": principal, "api": API, "role": role,
            "expect": { "decision": "allowed" } }] });
        let file = reader::parse("file", file.to_string().as_bytes()).unwrap();
        let test = &file.tests[0];
        let evaluated = Evaluated::of(&policy, test, OffsetDateTime::now_utc());
        let tested = evaluated.verdict.as_ref().unwrap().word();
        let requester = Requester::parse(&requester).unwrap();
        prop_assert_eq!(explained(&policy, &requester, test), tested);
    }
}
