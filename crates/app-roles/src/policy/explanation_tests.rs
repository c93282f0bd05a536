//! The explanations agree with the decisions.

use proptest::{prelude::*, sample::select};

use super::{
    fixtures::{
        GRAPH, NOW, ORDERS, OWN, PRINCIPAL, ROLE, SUBSCRIPTION, api, application, identity, own,
        role, team,
    },
    *,
};
use crate::directory::AppRole;

/// A policy with two rules for reading, and the same rules in the baseline.
fn policy(rules: &[(&str, &str, &str, &str)]) -> Policy {
    let rule = |index: usize, more: &str| {
        let (principal, api, role, expires) = rules[index];
        format!(
            r#"{{"name":"{more}{index}","principals":["{principal}"],"api":"{api}","roles":["{role}"],"expires":"{expires}""#
        )
    };
    let reading = |index: usize| {
        let requester = if index == 0 { "queue:team" } else { "key:other" };
        let start = rule(index, "read");
        format!(r#"{start},"requesters":["{requester}","queue:third"],"actions":["read"]}}"#)
    };
    let indexes = 0..rules.len();
    let allow: Vec<_> = indexes.clone().map(reading).collect();
    let baseline: Vec<_> = indexes.map(|index| rule(index, "always") + "}").collect();
    let text = format!(
        r#"{{"version":1,"allow":[{}],"baseline":[{}]}}"#,
        allow.join(","),
        baseline.join(",")
    );
    Policy::parse(text.as_bytes()).unwrap()
}

fn principals() -> Vec<Principal> {
    let (orders, other) = (identity(PRINCIPAL, "rg-orders"), identity(PRINCIPAL, "rg-other"));
    vec![orders, other, application(PRINCIPAL), application(OWN)]
}

fn roles() -> Vec<AppRole> {
    ["Orders.Read", "Orders.Write", "User.Read.All"].map(|value| role(ROLE, value)).to_vec()
}

#[test]
fn the_requesters_of_a_policy_are_listed_once_in_their_order() {
    let rules = [(PRINCIPAL, ORDERS, "Orders.Read", "2020-01-01"); 2];
    let names: Vec<_> =
        policy(&rules).explanation().requesters().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["queue:team", "queue:third", "key:other"]);
}

#[test]
fn a_privileged_role_can_be_shown_by_a_rule_without_the_mark_and_not_assigned() {
    let policy = policy(&[(PRINCIPAL, "graph", "User.Read.All", "2099-01-01")]);
    let (principal, api, role) = (application(PRINCIPAL), api(GRAPH), role(ROLE, "User.Read.All"));
    let assignment =
        ProposedAssignment { principal: &principal, api: &api, role: &role, own: own(), now: NOW };
    let explanation = policy.explanation();
    assert_eq!(explanation.of_reading(&team(), &assignment)[0].gaps, []);
    let gaps = &explanation.of_baseline(&assignment)[0].gaps;
    assert!(matches!(gaps.as_slice(), [Gap::NotMarked(..)]), "{gaps:?}");
}

proptest! {
    #[test]
    fn a_rule_lacks_nothing_exactly_if_it_shows_or_always_assigns_the_role(
        rules in proptest::collection::vec((
            select(vec![SUBSCRIPTION, PRINCIPAL, "99999999-9999-9999-9999-999999999998"]),
            select(vec![ORDERS, "graph"]),
            select(vec!["Orders.Read", "Orders.*", "User.Read.All", "*"]),
            select(vec!["2020-01-01", "2099-01-01"]),
        ), 1..4),
        principal in select(principals()),
        app_id in select(vec![ORDERS, GRAPH]),
        role in select(roles()),
    ) {
        let (policy, api) = (policy(&rules), api(app_id));
        let assignment = ProposedAssignment {
            principal: &principal, api: &api, role: &role, own: own(), now: NOW,
        };
        let lacks_nothing = |near: &[NearRule]| near[0].gaps.is_empty();
        let visible = policy.visible_roles(&team(), (&principal, &api), own(), NOW);
        let is_shown = visible.is_ok_and(|visible| visible.rule_for(&role).is_some());
        let is_own = principal.object_id == own().object_id;
        let near = policy.explanation().of_reading(&team(), &assignment);
        prop_assert_eq!(is_shown, lacks_nothing(&near) && !is_own, "{:?}", near);
        let is_assigned = policy.decide_baseline(&assignment).is_ok();
        let near = policy.explanation().of_baseline(&assignment);
        prop_assert_eq!(is_assigned, lacks_nothing(&near) && !is_own, "{:?}", near);
    }
}
