//! The outcome of one test.

use app_roles::{
    directory::nearest,
    end::UnusableEnd,
    ids::ObjectId,
    policy::{Denial, NearRule, Policy, Unapproved},
    request::Request,
    requester::Requester,
};
use broker::rfc3339;
use time::OffsetDateTime;

use super::{
    super::verdict::{self, Ask, Verdict},
    case::{Expected, ExpectedEnd, Input, TestCase},
    words::{ConfirmationWord, DecisionWord},
};

/// A test, what the policy says, and what differs from the expectation.
pub(super) struct Evaluated<'a> {
    pub(super) test: &'a TestCase,
    /// `None` if the request could not be made at the time of the test.
    pub(super) verdict: Option<Verdict>,
    /// The rules with what each lacks, nearest first.
    pub(super) near: Vec<NearRule>,
    /// One sentence for each difference. Empty if the test has passed.
    pub(super) problems: Vec<String>,
}

impl<'a> Evaluated<'a> {
    /// Asks the policy. `now` is the time of a test that states none.
    pub(super) fn of(policy: &Policy, test: &'a TestCase, now: OffsetDateTime) -> Self {
        let now = test.now.unwrap_or(now);
        match ask(&test.input, now) {
            Ok(ask) => {
                let near = verdict::near(policy, &ask, &test.facts, now);
                let verdict = first_gate(policy, &ask, test, now)
                    .unwrap_or_else(|| Verdict::of(policy, &ask, &test.facts, now));
                let problems = problems(test, &verdict, &near, now);
                Self { test, verdict: Some(verdict), near, problems }
            }
            Err(error) => {
                let problem = format!("at {}, {error}; state \"now\"", rfc3339(now));
                Self { test, verdict: None, near: Vec::new(), problems: vec![problem] }
            }
        }
    }

    pub(super) fn has_passed(&self) -> bool {
        self.problems.is_empty()
    }
}

fn ask(input: &Input, now: OffsetDateTime) -> Result<Ask, UnusableEnd> {
    Ok(match input {
        Input::Change { requester, action, end } => Ask::Change {
            requester: requester.clone(),
            action: *action,
            end: end.map(|end| end.planned(now)).transpose()?,
        },
        Input::Reading { requester } => Ask::Reading { requester: requester.clone() },
        Input::Baseline => Ask::Baseline,
    })
}

/// The denial of the first gate, which sees only the names of the request. The baseline has no such gate.
fn first_gate(policy: &Policy, ask: &Ask, test: &TestCase, now: OffsetDateTime) -> Option<Verdict> {
    let (principal, api) = &test.names;
    let admitted: Result<(), Denial> = match ask {
        Ask::Change { requester, action, .. } => {
            let request = Request {
                request_id: None,
                action: *action,
                principal: principal.clone(),
                api: api.clone(),
                roles: Vec::new(),
                reason: None,
                end: None,
                not_after: None,
                dry_run: true,
            };
            policy.admit(requester, &request, now)
        }
        Ask::Reading { requester } => policy.admit_reading(requester, principal, api, now),
        Ask::Baseline => Ok(()),
    };
    admitted.err().map(|denial| Verdict::from(&denial))
}

/// What differs from the expectation, in sentences.
fn problems(
    test: &TestCase,
    verdict: &Verdict,
    near: &[NearRule],
    now: OffsetDateTime,
) -> Vec<String> {
    let expected = &test.expected;
    if expected.decision.as_str() != verdict.word() {
        return vec![format!(
            "expected {}, but it is {}",
            expected.decision.as_str(),
            described(verdict)
        )];
    }
    let of_denial = match verdict {
        Verdict::Denied { code, message } => {
            let other = expected.code.filter(|expected| expected != code);
            other.map(|other| format!("expected the code {other}, but it is {code}: {message}"))
        }
        _ => None,
    };
    let approval = match verdict {
        Verdict::NeedsApproval(unapproved) => approval_problems(expected, unapproved),
        _ => Vec::new(),
    };
    let rule = rule_problem(test, verdict, near);
    let end = end_problem(expected, verdict, now);
    let confirmation = confirmation_problem(expected, verdict);
    let problems = of_denial.into_iter().chain(rule).chain(end).chain(approval);
    problems.chain(confirmation).collect()
}

/// The decision with its rule or its reason.
fn described(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Denied { code, message } => format!("denied ({code}): {message}"),
        other => format!("{} by rule {:?}", other.word(), other.rule().unwrap_or_default()),
    }
}

fn rule_problem(test: &TestCase, verdict: &Verdict, near: &[NearRule]) -> Option<String> {
    let expected_rule = test.expected.rule.as_deref()?;
    let Some(rule) = near.iter().find(|near| near.summary.rule == expected_rule) else {
        let similar = nearest(expected_rule, near.iter().map(|near| near.summary.rule.as_str()));
        let similar = match similar.as_slice() {
            [] => String::new(),
            similar => format!(" (did you mean {}?)", similar.join(", ")),
        };
        return Some(format!("the policy has no such rule {expected_rule:?}{similar}"));
    };
    if let Some(used) = verdict.rule() {
        return (used != expected_rule)
            .then(|| format!("expected rule {expected_rule:?}, but it is rule {used:?}"));
    }
    // A rule that lacks several things does not explain the denial.
    let gaps = test.facts.gaps(rule);
    (gaps.len() > 1).then(|| {
        format!("expected that rule {expected_rule:?} lacks one thing: {}", gaps.join("; "))
    })
}

fn end_problem(expected: &Expected, verdict: &Verdict, now: OffsetDateTime) -> Option<String> {
    let end = verdict.permit()?.end();
    let expected = match expected.end? {
        ExpectedEnd::None => None,
        ExpectedEnd::After(duration) => {
            Some(app_roles::end::PlannedEnd::after(duration, now).time())
        }
        ExpectedEnd::At(time) => Some(time),
    };
    let shown = |end: Option<OffsetDateTime>| match end {
        Some(end) => format!("the end {}", rfc3339(end)),
        None => "no end".to_owned(),
    };
    let [expected_end, end_shown] = [expected, end].map(shown);
    (expected != end).then(|| format!("expected {expected_end}, but there is {end_shown}"))
}

fn approval_problems(expected: &Expected, unapproved: &Unapproved) -> Vec<String> {
    let terms = unapproved.terms();
    let mut problems = Vec::new();
    if let Some(approvers) = &expected.approvers {
        let mut eligible = unapproved.eligible();
        eligible.sort_unstable();
        if *approvers != eligible {
            let [expected, can] = [approvers, &eligible].map(|ids| names(ids));
            problems.push(format!("expected that {expected} can approve, but {can} can"));
        }
    }
    let count = u64::try_from(terms.count()).unwrap_or(u64::MAX);
    if let Some(expected) = expected.count.filter(|expected| *expected != count) {
        problems.push(format!("expected that {expected} must approve, but {count} must"));
    }
    let within = terms.within();
    if let Some(expected) = expected.within.filter(|expected| *expected != within) {
        problems.push(format!("expected that a request waits {expected}, but it waits {within}"));
    }
    problems
}

fn names(approvers: &[ObjectId]) -> String {
    let names = approvers.iter().map(|id| Requester::Http(*id).to_string()).collect::<Vec<_>>();
    if names.is_empty() { "no approver".to_owned() } else { names.join(", ") }
}

fn confirmation_problem(expected: &Expected, verdict: &Verdict) -> Option<String> {
    let (expected, need) = (expected.confirmation?, verdict.permit()?.confirmation_need());
    let need = ConfirmationWord::from(need);
    (expected != need).then(|| {
        let [expected, need] = [expected, need].map(ConfirmationWord::as_str);
        format!("expected the confirmation {expected}, but it is {need}")
    })
}

impl Evaluated<'_> {
    /// The name of the rule that allows what the test asks for, if the test has passed.
    pub(super) fn allowing_rule(&self) -> Option<&str> {
        self.verdict.as_ref().filter(|_| self.has_passed())?.rule()
    }

    /// The rules that this test shows to deny. Each lacks exactly one thing, and the test has passed.
    pub(super) fn denying_rules(&self) -> impl Iterator<Item = &str> {
        let is_denied = self.test.expected.decision == DecisionWord::Denied && self.has_passed();
        let near = self.near.iter().filter(move |near| is_denied && near.gaps.len() == 1);
        near.map(|near| near.summary.rule.as_str())
    }
}
