//! How long rules let an assignment last.

use proptest::{collection::vec, option, prelude::*, sample::select};
use time::Duration;

use super::{
    fixtures::{GRAPH, NOW, ORDERS, PRINCIPAL, api, identity, own, role, team},
    *,
};
use crate::{
    code::Code,
    directory::AppRole,
    duration::AssignmentDuration,
    end::{PlannedEnd, RequestedEnd},
    request::Action,
};

/// Id of Microsoft Graph's role `User.Read.All`, which is privileged.
const USER_READ_ALL: &str = "df021288-bdef-4463-88db-98f22de89214";

const ORDERS_READ: &str = "33333333-3333-3333-3333-333333333333";

/// A rule of a policy for the tests.
#[derive(Debug, Clone)]
struct TestRule {
    name: usize,
    grants: bool,
    privileged: bool,
    max_duration: Option<&'static str>,
    expires: Option<&'static str>,
}

impl TestRule {
    fn is_in_force(&self) -> bool {
        self.expires.is_none_or(|day| day >= "2026-11-26")
    }

    /// Whether it grants the role if that is privileged or not.
    fn grants(&self, is_privileged: bool) -> bool {
        self.grants && self.is_in_force() && (self.privileged || !is_privileged)
    }

    fn max_duration(&self) -> Option<Duration> {
        self.max_duration.map(|text| AssignmentDuration::parse(text).unwrap().into())
    }

    fn json(&self, (api, role): (&str, &str)) -> serde_json::Value {
        let Self { name, privileged, max_duration, expires, .. } = self;
        serde_json::json!({
            "name": format!("rule {name}"), "requesters": ["queue:team"], "principals": [PRINCIPAL],
            "api": api, "roles": [if self.grants { role } else { "Other" }],
            "actions": ["assign", "revoke"], "privileged": privileged,
            "maxDuration": max_duration, "expires": expires,
        })
    }
}

const DURATIONS: [&str; 4] = ["PT1H", "PT8H", "P7D", "P30D"];

fn rules() -> impl Strategy<Value = Vec<TestRule>> {
    let expires = select(vec!["2026-11-25", "2026-11-26", "2027-01-01"]);
    let one = (
        proptest::bool::weighted(0.8),
        any::<bool>(),
        option::weighted(0.7, select(&DURATIONS[..])),
        option::weighted(0.4, expires),
    );
    vec(one, 0..6).prop_map(|rules| {
        let rules = rules.into_iter().enumerate();
        let rules = rules.map(|(name, (grants, privileged, max_duration, expires))| TestRule {
            name,
            grants,
            privileged,
            max_duration,
            expires,
        });
        rules.collect()
    })
}

/// The end that a request states: one that some rules allow, exactly or nearly, and others do not.
fn ends() -> impl Strategy<Value = Option<PlannedEnd>> {
    let off = select(vec![-1_i64, 0, 1]);
    option::of((select(&DURATIONS[..]), off).prop_map(|(text, seconds)| {
        let duration = Duration::from(AssignmentDuration::parse(text).unwrap());
        RequestedEnd::At(NOW + duration + Duration::seconds(seconds)).planned(NOW).unwrap()
    }))
}

fn policy_of(rules: &[TestRule], is_privileged: bool) -> Policy {
    let target = if is_privileged { (GRAPH, USER_READ_ALL) } else { (ORDERS, ORDERS_READ) };
    let allow: Vec<_> = rules.iter().map(|rule| rule.json(target)).collect();
    let text = serde_json::json!({ "version": 1, "allow": allow }).to_string();
    Policy::parse(text.as_bytes()).unwrap()
}

/// A decision: whether it is allowed and when the assignment ends, or the code of the denial.
type Decision = Result<Option<OffsetDateTime>, Code>;

fn decide(
    policy: &Policy,
    action: Action,
    end: Option<PlannedEnd>,
    is_privileged: bool,
) -> Result<Permit, Denial> {
    let (app_id, id) = if is_privileged { (GRAPH, USER_READ_ALL) } else { (ORDERS, ORDERS_READ) };
    let (principal, api): (Principal, Api) = (identity(PRINCIPAL, "rg-orders"), api(app_id));
    let role: AppRole = role(id, "");
    let decision = policy.decide(&Question {
        requester: &team(),
        action,
        principal: &principal,
        api: &api,
        role: &role,
        own: own(),
        end,
        now: NOW,
    });
    decision.map(|decision| decision.allowed().unwrap())
}

fn assign(rules: &[TestRule], end: Option<PlannedEnd>, is_privileged: bool) -> Decision {
    let permit = decide(&policy_of(rules, is_privileged), Action::Assign, end, is_privileged);
    permit.map(|permit| permit.end()).map_err(|denial| denial.code())
}

/// What the decision must be.
fn model(
    rules: &[TestRule],
    end: Option<PlannedEnd>,
    is_privileged: bool,
) -> Result<Option<OffsetDateTime>, ()> {
    let granting: Vec<_> = rules.iter().filter(|rule| rule.grants(is_privileged)).collect();
    if granting.is_empty() {
        return Err(());
    }
    let is_limited = granting.iter().all(|rule| rule.max_duration().is_some());
    let longest = granting.iter().filter_map(|rule| rule.max_duration()).max();
    let latest = longest.filter(|_| is_limited).map(|longest| NOW + longest);
    match (end.map(PlannedEnd::time), latest) {
        (Some(end), Some(latest)) if end > latest => Err(()),
        (Some(end), _) => Ok(Some(end)),
        (None, latest) => Ok(latest),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_role_is_granted_until_the_requested_end_or_else_as_long_as_any_rule_allows(
        rules in rules(), end in ends(), is_privileged: bool,
    ) {
        let decision = assign(&rules, end, is_privileged);
        prop_assert_eq!(decision.map_err(drop), model(&rules, end, is_privileged));
    }

    #[test]
    fn the_order_of_the_rules_changes_neither_the_decision_nor_the_end(
        (rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        end in ends(), is_privileged: bool,
    ) {
        let decisions = [&rules, &shuffled].map(|rules| assign(rules, end, is_privileged));
        prop_assert_eq!(decisions[0], decisions[1]);
    }

    #[test]
    fn without_a_rule_nothing_more_is_allowed_and_nothing_for_longer(
        rules in rules(), end in ends(), is_privileged: bool, gone: prop::sample::Index,
    ) {
        prop_assume!(!rules.is_empty());
        let mut fewer = rules.clone();
        fewer.remove(gone.index(rules.len()));
        match (assign(&rules, end, is_privileged), assign(&fewer, end, is_privileged)) {
            (_, Err(_)) | (Ok(None), Ok(_)) => {}
            (Ok(Some(end)), Ok(Some(shorter))) => prop_assert!(shorter <= end),
            (all, without) => prop_assert!(false, "{:?} became {:?}", all, without),
        }
    }

    #[test]
    fn a_rule_that_has_expired_is_the_same_as_no_rule(
        rules in rules(), end in ends(), is_privileged: bool, revokes: bool,
    ) {
        let in_force: Vec<_> = rules.iter().filter(|rule| rule.is_in_force()).cloned().collect();
        let action = if revokes { Action::Revoke } else { Action::Assign };
        let decisions = [&rules, &in_force].map(|rules| {
            let permit = decide(&policy_of(rules, is_privileged), action, end, is_privileged);
            permit.map(|permit| (permit.rule().to_owned(), permit.end()))
        });
        prop_assert_eq!(&decisions[0], &decisions[1]);
    }

    #[test]
    fn the_rule_on_record_allows_the_end_by_itself(
        rules in rules(), end in ends(), is_privileged: bool,
    ) {
        let permit = decide(&policy_of(&rules, is_privileged), Action::Assign, end, is_privileged);
        if let Ok(permit) = permit {
            let rule = rules.iter().find(|rule| format!("rule {}", rule.name) == permit.rule());
            let alone = assign(&[rule.unwrap().clone()], end, is_privileged);
            prop_assert_eq!(alone, Ok(permit.end()));
        }
    }

    #[test]
    fn a_permit_to_revoke_has_no_end(rules in rules(), end in ends(), is_privileged: bool) {
        let permit = decide(&policy_of(&rules, is_privileged), Action::Revoke, end, is_privileged);
        if let Ok(permit) = permit {
            prop_assert_eq!(permit.end(), None);
        }
    }
}

fn granting(name: usize, max_duration: Option<&'static str>) -> TestRule {
    TestRule { name, grants: true, privileged: false, max_duration, expires: None }
}

#[test]
fn a_request_beyond_every_limit_is_told_the_longest_time() {
    let rules = [granting(0, Some("PT1H")), granting(1, Some("PT8H"))];
    let end = RequestedEnd::After(AssignmentDuration::parse("P1D").unwrap()).planned(NOW).unwrap();
    let denial = decide(&policy_of(&rules, false), Action::Assign, Some(end), false).unwrap_err();
    assert_eq!(denial.code().to_string(), "durationTooLong");
    let sentence = denial.for_requester();
    assert!(sentence.contains("PT8H") && sentence.contains("2026-11-26T18:00:00Z"), "{sentence}");
}

#[test]
fn the_end_that_a_denial_names_is_allowed() {
    let rules = [granting(0, Some("PT8H"))];
    let moment = time::macros::datetime!(2026-11-26 18:00 UTC);
    let end = RequestedEnd::At(moment).planned(NOW).unwrap();
    assert_eq!(assign(&rules, Some(end), false), Ok(Some(moment)));
}

#[test]
fn a_request_with_an_end_uses_the_first_rule_that_allows_it() {
    let rules = [granting(0, Some("PT1H")), granting(1, None), granting(2, Some("PT8H"))];
    let eight_hours = RequestedEnd::After(AssignmentDuration::parse("PT8H").unwrap());
    for (end, expected) in [(Some(eight_hours.planned(NOW).unwrap()), "rule 1"), (None, "rule 1")] {
        let permit = decide(&policy_of(&rules, false), Action::Assign, end, false).unwrap();
        assert_eq!(permit.rule(), expected);
    }
}

#[test]
fn the_nearest_rules_say_what_their_times_lack() {
    let expired = TestRule { expires: Some("2026-11-25"), ..granting(1, Some("PT8H")) };
    let policy = policy_of(&[granting(0, Some("PT1H")), expired, granting(2, None)], false);
    let end = RequestedEnd::After(AssignmentDuration::parse("PT8H").unwrap()).planned(NOW).unwrap();
    let (principal, api, role) = (identity(PRINCIPAL, "rg"), api(ORDERS), role(ORDERS_READ, ""));
    let question = Question {
        requester: &team(),
        action: Action::Assign,
        principal: &principal,
        api: &api,
        role: &role,
        own: own(),
        end: Some(end),
        now: NOW,
    };
    let near = policy.explanation().of_change(&question);
    let lacks = |rule: &NearRule| rule.gaps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let found: Vec<_> = near.iter().map(|rule| (rule.summary.rule.as_str(), lacks(rule))).collect();
    assert_eq!(
        found,
        [
            ("rule 2", vec![]),
            ("rule 0", vec!["\"maxDuration\" is only PT1H".to_owned()]),
            ("rule 1", vec!["\"expires\" is 2026-11-25, which has passed".to_owned()]),
        ]
    );
    let revocation = Question { action: Action::Revoke, ..question };
    assert_eq!(policy.explanation().of_change(&revocation)[1].gaps, []);
}

#[test]
fn an_end_is_permitted_from_its_time_on_whatever_the_rules_say() {
    let due = DueEnd {
        principal: fixtures::object_id(PRINCIPAL),
        api: fixtures::object_id(ORDERS),
        role: role(ORDERS_READ, "").id,
        rule: "a rule that is gone".to_owned(),
        end: NOW,
    };
    let second = Duration::SECOND;
    assert!(Policy::permit_end(&due, NOW - second).is_none());
    for now in [NOW, NOW + second, NOW + Duration::days(3650)] {
        let permit = Policy::permit_end(&due, now).unwrap();
        assert_eq!((permit.action(), permit.principal()), (Action::Revoke, due.principal));
        assert_eq!((permit.api(), permit.role()), (due.api, due.role));
        assert_eq!((permit.rule(), permit.end()), (due.rule.as_str(), None));
        assert_eq!(permit.confirmation_need(), ConfirmationNeed::Never);
    }
}
