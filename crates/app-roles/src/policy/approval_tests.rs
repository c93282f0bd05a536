//! Which rules need an approval, and who can give it.

use std::collections::BTreeSet;

use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Value, json};
use time::Duration;

use super::{
    fixtures::{
        GRAPH, NOW, ORDERS, OWN, PRINCIPAL, ROLE, api, application, object_id, own, role, team,
    },
    *,
};
use crate::{
    code::Code,
    duration::AssignmentDuration,
    end::{PlannedEnd, RequestedEnd},
    ids::ObjectId,
    request::Action,
};

const LIA: &str = "aaaaaaaa-0000-0000-0000-00000000000a";
const MAX: &str = "bbbbbbbb-0000-0000-0000-00000000000b";
const EVE: &str = "cccccccc-0000-0000-0000-00000000000c";

/// Everyone who tries to approve. No rule of the tests names the last one.
const PERSONS: [&str; 6] = [LIA, MAX, PRINCIPAL, OWN, "dddddddd-0000-0000-0000-00000000000d", EVE];

/// The number of persons whom a rule can name.
const NAMED: usize = PERSONS.len() - 1;

/// Id of Microsoft Graph's role `User.Read.All`, which is privileged.
const USER_READ_ALL: &str = "df021288-bdef-4463-88db-98f22de89214";

fn terms(approvers: &[&str], count: usize) -> Value {
    let by: Vec<_> = approvers.iter().map(|id| format!("http:{id}")).collect();
    json!({ "by": by, "count": count })
}

/// A rule with these fields in addition, or in place of its own.
fn rule(name: &str, more: &Value) -> Value {
    let mut rule = json!({
        "name": name, "requesters": ["queue:team"], "principals": [PRINCIPAL], "api": ORDERS,
        "roles": [ROLE], "actions": ["assign", "revoke"],
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

fn policy(rules: &[Value]) -> Policy {
    let text = json!({ "version": 1, "allow": rules }).to_string();
    Policy::parse(text.as_bytes()).unwrap()
}

/// What is asked, beside the principal and the role.
#[derive(Debug, Clone)]
struct Asked {
    requester: Requester,
    action: Action,
    end: Option<PlannedEnd>,
    is_privileged: bool,
}

impl Asked {
    fn by(requester: Requester) -> Self {
        Self { requester, action: Action::Assign, end: None, is_privileged: false }
    }
}

fn decide(policy: &Policy, asked: &Asked) -> Result<Decision, Denial> {
    let (app_id, id) = if asked.is_privileged { (GRAPH, USER_READ_ALL) } else { (ORDERS, ROLE) };
    policy.decide(&Question {
        requester: &asked.requester,
        action: asked.action,
        principal: &application(PRINCIPAL),
        api: &api(app_id),
        role: &role(id, ""),
        own: own(),
        end: asked.end,
        now: NOW,
    })
}

/// The decision about a rule with approval, which the requester may use.
fn unapproved(requester: &Requester, approval: &Value) -> Unapproved {
    let more = json!({ "requesters": [requester], "approval": approval });
    match decide(&policy(&[rule("orders", &more)]), &Asked::by(requester.clone())) {
        Ok(Decision::NeedsApproval(unapproved)) => unapproved,
        other => panic!("{other:?}"),
    }
}

fn ids(approvers: &[&str]) -> BTreeSet<ObjectId> {
    approvers.iter().map(|id| object_id(id)).collect()
}

#[test]
fn the_requester_the_principal_the_broker_and_strangers_approve_nothing() {
    let approval = terms(&[LIA, MAX, PRINCIPAL, OWN], 1);
    for requester in [Requester::Http(object_id(LIA)), Requester::Cli(object_id(LIA))] {
        for (approver, obstacle) in [
            (LIA, Some(ApproverObstacle::IsRequester)),
            (PRINCIPAL, Some(ApproverObstacle::IsPrincipal)),
            (OWN, Some(ApproverObstacle::IsBroker)),
            (EVE, Some(ApproverObstacle::NotNamed)),
            (MAX, None),
        ] {
            let decided = unapproved(&requester, &approval);
            assert_eq!(decided.obstacle(object_id(approver)), obstacle, "{approver}");
            assert_eq!(decided.eligible(), [object_id(MAX)]);
            let approved = decided.approve(&ids(&[approver]));
            assert_eq!(approved.is_ok(), obstacle.is_none(), "{requester} {approver}");
        }
        let all_others = ids(&[LIA, PRINCIPAL, OWN, EVE]);
        assert!(unapproved(&requester, &approval).approve(&all_others).is_err());
    }
}

#[test]
fn a_permit_names_its_approvers_in_a_stable_order_and_each_once() {
    let by_max_first = terms(&[MAX, EVE, LIA], 2);
    let given = [MAX, LIA, &LIA.to_uppercase(), OWN].map(object_id).into_iter().collect();
    let permit = unapproved(&team(), &by_max_first).approve(&given).unwrap();
    let names = format!("http:{LIA}, http:{MAX}");
    assert_eq!(permit.approved_by(), Some(names.as_str()));
    let one_twice = [LIA, &LIA.to_uppercase()].map(object_id).into_iter().collect();
    assert!(unapproved(&team(), &by_max_first).approve(&one_twice).is_err());
}

#[test]
fn a_permit_says_what_stands_behind_it() {
    let text = json!({
        "version": 1, "allow": [rule("orders", &json!({}))],
        "baseline": [{ "name": "always", "principals": [PRINCIPAL], "api": ORDERS, "roles": [ROLE] }],
    });
    let policy = Policy::parse(text.to_string().as_bytes()).unwrap();
    let on_request = decide(&policy, &Asked::by(team())).unwrap().allowed().unwrap();
    assert_eq!(on_request.approved_by(), Some("policy"));
    let (principal, api, role, own) = (application(PRINCIPAL), api(ORDERS), role(ROLE, ""), own());
    let proposed =
        ProposedAssignment { principal: &principal, api: &api, role: &role, own, now: NOW };
    assert_eq!(policy.decide_baseline(&proposed).unwrap().approved_by(), Some("policy"));
    let due = DueEnd {
        principal: object_id(PRINCIPAL),
        api: api.object_id,
        role: role.id,
        rule: "orders".to_owned(),
        end: NOW,
    };
    assert_eq!(Policy::permit_end(&due, NOW).unwrap().approved_by(), None);
}

#[test]
fn nothing_stands_behind_a_permit_before_its_approval() {
    let waiting = unapproved(&team(), &terms(&[LIA, MAX], 2));
    assert_eq!(waiting.permit().approved_by(), None);
    let waiting = waiting.approve(&ids(&[LIA])).unwrap_err();
    assert_eq!(waiting.permit().approved_by(), None);
    assert!(Decision::NeedsApproval(waiting).allowed().is_none());
}

#[test]
fn a_request_beyond_every_limit_is_denied_before_approvers_are_asked() {
    let limited = json!({ "maxDuration": "PT8H", "approval": terms(&[LIA], 1) });
    let policy =
        policy(&[rule("short", &json!({ "maxDuration": "PT1H" })), rule("long", &limited)]);
    let lasting = |text: &str| {
        let end = RequestedEnd::After(AssignmentDuration::parse(text).unwrap());
        Asked { end: Some(end.planned(NOW).unwrap()), ..Asked::by(team()) }
    };
    let denial = decide(&policy, &lasting("P1D")).unwrap_err();
    assert_eq!(denial.code(), Code::DurationTooLong);
    assert!(denial.for_requester().contains("PT8H"), "{}", denial.for_requester());
    for (text, rule) in [("PT1H", None), ("PT2H", Some("long"))] {
        let decision = decide(&policy, &lasting(text)).unwrap();
        let waits = matches!(decision, Decision::NeedsApproval(_));
        assert_eq!(waits.then(|| decision.permit().rule()), rule, "{text}");
    }
}

#[test]
fn reading_and_the_expectation_of_an_assignment_need_no_approval() {
    let more = json!({ "actions": ["assign", "read"], "approval": terms(&[LIA], 1) });
    let policy = policy(&[rule("orders", &more)]);
    let (principal, api, role, own) = (application(PRINCIPAL), api(ORDERS), role(ROLE, ""), own());
    assert!(policy.visible_roles(&team(), (&principal, &api), own, NOW).is_ok());
    assert!(policy.is_expected(&ProposedAssignment {
        principal: &principal,
        api: &api,
        role: &role,
        own,
        now: NOW
    }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_permit_needs_enough_distinct_approvers_who_may_decide(
        named in subsequence((0..NAMED).collect::<Vec<_>>(), 1..=NAMED).prop_shuffle(),
        count in 1..=NAMED,
        given in btree_set(0..PERSONS.len(), 0..=PERSONS.len()),
        requester in (0..PERSONS.len(), 0..3),
    ) {
        prop_assume!(count <= named.len());
        let person = object_id(PERSONS[requester.0]);
        let requester_person = (requester.1 > 0).then_some(requester.0);
        let requester = match requester.1 {
            0 => team(),
            1 => Requester::Http(person),
            _ => Requester::Cli(person),
        };
        let named_ids: Vec<_> = named.iter().map(|n| PERSONS[*n]).collect();
        let decided = unapproved(&requester, &terms(&named_ids, count));

        // The model: numbers of persons, among which the principal and the broker are fixed.
        let counts = |n: &usize| named.contains(n) && Some(*n) != requester_person && *n != 2 && *n != 3;
        let counted: BTreeSet<usize> = given.iter().copied().filter(counts).collect();

        let approvers = given.iter().map(|n| object_id(PERSONS[*n])).collect();
        prop_assert_eq!(decided.is_approved_by(&approvers), counted.len() >= count);
        match decided.approve(&approvers) {
            Ok(permit) => {
                prop_assert!(counted.len() >= count);
                let mut names: Vec<_> = counted.iter().map(|n| format!("http:{}", PERSONS[*n])).collect();
                names.sort();
                let names = names.join(", ");
                prop_assert_eq!(permit.approved_by(), Some(names.as_str()));
                prop_assert_eq!(permit.principal(), object_id(PRINCIPAL));
                prop_assert_eq!(permit.rule(), "orders");
            }
            Err(still) => {
                prop_assert!(counted.len() < count);
                prop_assert_eq!(still.terms().count(), count);
                prop_assert_eq!(still.terms().by(), named_ids.iter().map(|id| object_id(id)).collect::<Vec<_>>());
            }
        }
    }
}

/// A rule of a random policy.
#[derive(Debug, Clone)]
struct TestRule {
    name: usize,
    grants: bool,
    privileged: bool,
    max_duration: Option<&'static str>,
    is_expired: bool,
    /// The number of approvals. The count tells rules with approval apart.
    approvals: Option<usize>,
}

impl TestRule {
    fn grants(&self, asked: &Asked) -> bool {
        self.grants && !self.is_expired && (self.privileged || !asked.is_privileged)
    }

    /// The latest end that it allows.
    fn latest(&self) -> Option<OffsetDateTime> {
        self.max_duration.map(|text| NOW + Duration::from(AssignmentDuration::parse(text).unwrap()))
    }

    fn allows(&self, end: OffsetDateTime) -> bool {
        self.latest().is_none_or(|latest| end <= latest)
    }

    fn json(&self, is_privileged: bool) -> Value {
        let (api, role) = if is_privileged { (GRAPH, USER_READ_ALL) } else { (ORDERS, ROLE) };
        let approval = self.approvals.map(|count| terms(&[LIA, MAX, EVE], count));
        let more = json!({
            "api": api, "roles": [if self.grants { role } else { "Other" }],
            "privileged": self.privileged, "maxDuration": self.max_duration, "approval": approval,
            "expires": if self.is_expired { "2026-11-25" } else { "2026-11-26" },
        });
        rule(&format!("rule {}", self.name), &more)
    }
}

const DURATIONS: [&str; 3] = ["PT1H", "PT8H", "P7D"];

fn rules() -> impl Strategy<Value = Vec<TestRule>> {
    let one = (
        proptest::bool::weighted(0.9),
        any::<bool>(),
        option::weighted(0.7, select(&DURATIONS[..])),
        proptest::bool::weighted(0.2),
        option::of(1..=3_usize),
    );
    vec(one, 0..6).prop_map(|rules| {
        let rules = rules.into_iter().enumerate();
        let rules =
            rules.map(|(name, (grants, privileged, max_duration, is_expired, approvals))| {
                TestRule { name, grants, privileged, max_duration, is_expired, approvals }
            });
        rules.collect()
    })
}

fn questions() -> impl Strategy<Value = Asked> {
    let ends = option::of((select(&DURATIONS[..]), -1..=1_i64).prop_map(|(text, seconds)| {
        let duration = Duration::from(AssignmentDuration::parse(text).unwrap());
        RequestedEnd::At(NOW + duration + Duration::seconds(seconds)).planned(NOW).unwrap()
    }));
    let actions = select(vec![Action::Assign, Action::Assign, Action::Revoke]);
    (actions, ends, any::<bool>()).prop_map(|(action, end, is_privileged)| Asked {
        action,
        end,
        is_privileged,
        ..Asked::by(team())
    })
}

/// A decision: whether it needs an approval and when the assignment ends, or that it is denied.
type Kind = Result<(bool, Option<OffsetDateTime>), ()>;

fn ask(rules: &[TestRule], asked: &Asked) -> Result<Decision, Denial> {
    let rules: Vec<_> = rules.iter().map(|rule| rule.json(asked.is_privileged)).collect();
    decide(&policy(&rules), asked)
}

fn kind(decision: &Result<Decision, Denial>) -> Kind {
    let decision = decision.as_ref().map_err(drop)?;
    Ok((matches!(decision, Decision::NeedsApproval(_)), decision.permit().end()))
}

/// What the decision must be.
fn model(rules: &[TestRule], asked: &Asked) -> Kind {
    let granting = rules.iter().filter(|rule| rule.grants(asked));
    let (waiting, free): (Vec<_>, Vec<_>) = granting.partition(|rule| rule.approvals.is_some());
    let kinds = [(false, free), (true, waiting)];
    let mut usable = kinds.into_iter().filter(|(_, rules)| !rules.is_empty());
    match (asked.action, asked.end.map(PlannedEnd::time)) {
        (Action::Revoke, _) => usable.next().map(|(waits, _)| (waits, None)).ok_or(()),
        (Action::Assign, Some(end)) => {
            let found = usable.find(|(_, rules)| rules.iter().any(|rule| rule.allows(end)));
            found.map(|(waits, _)| (waits, Some(end))).ok_or(())
        }
        (Action::Assign, None) => {
            let (waits, rules) = usable.next().ok_or(())?;
            let is_limited = rules.iter().all(|rule| rule.max_duration.is_some());
            let longest = rules.iter().filter_map(|rule| rule.latest()).max();
            Ok((waits, longest.filter(|_| is_limited)))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_approval_is_needed_only_if_no_rule_without_one_allows_the_request(
        rules in rules(), asked in questions(),
    ) {
        prop_assert_eq!(kind(&ask(&rules, &asked)), model(&rules, &asked));
    }

    #[test]
    fn the_order_of_the_rules_decides_neither_the_need_for_an_approval_nor_the_end(
        (rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        asked in questions(),
    ) {
        prop_assert_eq!(kind(&ask(&rules, &asked)), kind(&ask(&shuffled, &asked)));
    }

    #[test]
    fn the_terms_are_those_of_the_rule_on_record(rules in rules(), asked in questions()) {
        let decided = ask(&rules, &asked);
        if let Ok(decision) = &decided {
            let on_record = |rule: &&TestRule| format!("rule {}", rule.name) == decision.permit().rule();
            let rule = rules.iter().find(on_record).unwrap();
            prop_assert_eq!(kind(&ask(std::slice::from_ref(rule), &asked)), kind(&decided));
            let approvals = match decision {
                Decision::Allowed(_) => None,
                Decision::NeedsApproval(unapproved) => Some(unapproved.terms().count()),
            };
            prop_assert_eq!(rule.approvals, approvals);
        }
    }

    #[test]
    fn a_rule_with_approval_never_takes_away_what_another_rule_allows(
        rules in rules(), asked in questions(),
    ) {
        let free: Vec<_> = rules.iter().filter(|rule| rule.approvals.is_none()).cloned().collect();
        let without = kind(&ask(&free, &asked));
        prop_assert!(without.is_err() || without == kind(&ask(&rules, &asked)), "{:?}", without);
    }
}
