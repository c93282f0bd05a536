//! Printing what rules say, and why a role is allowed or denied.

use app_roles::{
    code::Code,
    ids::ObjectId,
    policy::{ApprovalTerms, Gap, NearRule, Policy, RuleSummary, Unapproved},
    request::Action,
    requester::Requester,
};
use broker::rfc3339;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::verdict::{self, Ask, Facts, Verdict};
use crate::output::{Line, Screen, Tone};

/// The name of a rule's terms of approval.
const APPROVAL: &str = "approval";

/// What a rule lacks that would allow a request if it could be approved.
const TOO_FEW: &str = "\"approval\" names too few approvers who may decide on this request";

/// The limits and the descriptive fields of a rule, in the order of the columns of tables.
fn texts(rule: &RuleSummary) -> [(&'static str, Option<String>); 6] {
    let RuleSummary { max_duration, max_writes_per_hour, approval, notes, .. } = rule;
    [
        (APPROVAL, approval.as_ref().map(ToString::to_string)),
        ("maxDuration", max_duration.map(|duration| duration.to_string())),
        ("maxWritesPerHour", max_writes_per_hour.map(|most| most.to_string())),
        ("expires", notes.expires.map(|day| day.to_string())),
        ("owner", notes.owner.as_ref().map(ToString::to_string)),
        ("description", notes.description.as_ref().map(ToString::to_string)),
    ]
}

/// Returns what a rule says as JSON, without what it does not say.
pub(super) fn facts(rule: &RuleSummary) -> Map<String, Value> {
    let name = ("rule".to_owned(), json!(rule.rule));
    let stated =
        texts(rule).into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?))));
    let mut facts: Map<_, _> = std::iter::once(name).chain(stated).collect();
    if let Some(terms) = &rule.approval {
        facts.insert(APPROVAL.to_owned(), terms_of(terms));
    }
    facts
}

/// Returns what a rule says about approvals, as the policy writes it.
fn terms_of(terms: &ApprovalTerms) -> Value {
    json!({
        "by": terms.by().iter().map(name).collect::<Vec<_>>(), "count": terms.count(),
        "within": terms.within().to_string(),
    })
}

/// Returns the name of an approver in the policy.
fn name(approver: &ObjectId) -> String {
    Requester::Http(*approver).to_string()
}

/// Prints the rules that have a limit or a descriptive field.
pub(super) fn show_rules(screen: Screen, rules: &[RuleSummary]) {
    let says_something = |rule: &&RuleSummary| texts(rule).iter().any(|(_, text)| text.is_some());
    let rules: Vec<_> = rules.iter().filter(says_something).collect();
    if rules.is_empty() {
        return;
    }
    let headers =
        ["RULE", "APPROVAL", "LONGEST", "WRITES/HOUR", "LAST DAY", "OWNER", "DESCRIPTION"];
    screen.table(&headers, rules.into_iter().map(row));
}

fn row(rule: &RuleSummary) -> Vec<String> {
    let texts = texts(rule).into_iter().map(|(_, text)| text.unwrap_or_default());
    std::iter::once(rule.rule.clone()).chain(texts).collect()
}

/// The largest number of rules to show for a denial.
const MAX_NEAREST_RULES: usize = 5;

/// A decision, and the rules that are near it.
pub(super) struct Explained {
    verdict: Verdict,
    /// Nearest first.
    near: Vec<Near>,
    action: Option<Action>,
}

/// A rule, and what it lacks.
struct Near {
    summary: RuleSummary,
    lacks: Vec<String>,
    is_baseline: bool,
    /// Whether `requesters` contains the requester in question.
    names_requester: bool,
}

impl Explained {
    /// Asks the policy.
    pub(super) fn of(policy: &Policy, ask: &Ask, facts: &Facts, now: OffsetDateTime) -> Self {
        let is_baseline = matches!(ask, Ask::Baseline);
        let verdict = Verdict::of(policy, ask, facts, now);
        let has_too_few = matches!(verdict, Verdict::Denied { code: Code::NoApprover, .. });
        let near = |near: NearRule| {
            let mut lacks = facts.gaps(&near);
            if has_too_few && lacks.is_empty() {
                lacks.push(TOO_FEW.to_owned());
            }
            let names_requester = !near.gaps.iter().any(|gap| matches!(gap, Gap::Requester(_)));
            Near { summary: near.summary, lacks, is_baseline, names_requester }
        };
        Self {
            verdict,
            near: verdict::near(policy, ask, facts, now).into_iter().map(near).collect(),
            action: match ask {
                Ask::Change { action, .. } => Some(*action),
                Ask::Reading { .. } | Ask::Baseline => None,
            },
        }
    }

    pub(super) fn is_denied(&self) -> bool {
        matches!(self.verdict, Verdict::Denied { .. })
    }

    /// The rule that allows it.
    fn rule(&self) -> Option<&RuleSummary> {
        let name = self.verdict.rule()?;
        self.near.iter().map(|near| &near.summary).find(|summary| summary.rule == name)
    }

    /// The time when the assignment ends.
    fn end(&self) -> Option<String> {
        self.verdict.permit()?.end().map(rfc3339)
    }
}

/// Returns a decision as JSON.
pub(super) fn answer(explained: &Explained) -> Map<String, Value> {
    let mut answer = explained.rule().map(facts).unwrap_or_default();
    answer.insert("decision".to_owned(), json!(explained.verdict.word()));
    if let Some(end) = explained.end() {
        answer.insert("endDateTime".to_owned(), json!(end));
    }
    match &explained.verdict {
        Verdict::Allowed(_) | Verdict::Shown(_) => {}
        Verdict::NeedsApproval(unapproved) => {
            answer.insert(APPROVAL.to_owned(), terms_of(unapproved.terms()));
            let names = unapproved.eligible().iter().map(name).collect::<Vec<_>>();
            answer.insert("eligibleApprovers".to_owned(), json!(names));
        }
        Verdict::Denied { code, message } => {
            answer.insert("code".to_owned(), json!(code));
            answer.insert("message".to_owned(), json!(message));
            let nearest = explained.near.iter().take(MAX_NEAREST_RULES).map(|near| {
                let mut facts = facts(&near.summary);
                facts.insert("lacks".to_owned(), json!(near.lacks));
                facts
            });
            answer.insert("nearest".to_owned(), json!(nearest.collect::<Vec<_>>()));
        }
    }
    answer
}

/// Prints a decision, and what the baseline says.
pub(super) fn show(screen: Screen, explained: &Explained, baseline: Option<&Explained>) {
    match &explained.verdict {
        Verdict::Allowed(permit) => {
            let until = until(explained);
            let sentence = format!(" by rule {:?}{until}", permit.rule());
            screen.say(Line::painted(Tone::Good, "allowed").then(&sentence));
        }
        Verdict::Shown(rule) => {
            screen.say(Line::painted(Tone::Good, "shown").then(&format!(" by rule {rule:?}")));
        }
        Verdict::NeedsApproval(unapproved) => show_approval(screen, unapproved),
        Verdict::Denied { code, message } => {
            let sentence = format!(" ({code}): {message}");
            screen.say(Line::painted(Tone::Bad, "denied").then(&sentence));
        }
    }
    for (name, text) in explained.rule().map(texts).into_iter().flatten() {
        if let Some(text) = text {
            screen.say(format!("{name}: {text}"));
        }
    }
    show_baseline(screen, baseline);
    if explained.is_denied() {
        let baseline = baseline.filter(|baseline| baseline.is_denied());
        show_nearest(
            screen,
            explained.near.iter().chain(baseline.iter().flat_map(|one| &one.near)),
        );
    }
}

/// Returns until when an allowed assignment lasts.
fn until(explained: &Explained) -> String {
    match (explained.action, explained.end()) {
        (Some(Action::Assign), Some(end)) => format!(", until {end}"),
        (Some(Action::Assign), None) => ", without an end".to_owned(),
        _ => String::new(),
    }
}

fn show_approval(screen: Screen, unapproved: &Unapproved) {
    let (terms, permit) = (unapproved.terms(), unapproved.permit());
    let needs = Line::painted(Tone::Warning, "needs approval");
    let needs = needs.then(&format!(" by rule {:?}: ", permit.rule()));
    screen.say(needs.then(&once_approved(terms.count(), &unapproved.eligible())));
    for approver in terms.by() {
        if let Some(obstacle) = unapproved.obstacle(*approver) {
            screen.say(format!("{} does not count: {obstacle}", name(approver)));
        }
    }
}

/// Returns which approvals are needed.
fn once_approved(count: usize, eligible: &[ObjectId]) -> String {
    let names = eligible.iter().map(name).collect::<Vec<_>>().join(", ");
    let have = if count == 1 { "has" } else { "have" };
    format!("allowed once {count} of {names} {have} approved it")
}

/// Prints that the baseline assigns the role, if it does.
fn show_baseline(screen: Screen, baseline: Option<&Explained>) {
    if let Some(rule) = baseline.and_then(|baseline| baseline.verdict.rule()) {
        let line = Line::painted(Tone::Good, "baseline:");
        screen.say(line.then(&format!(" rule {rule:?} assigns it without a request")));
    }
}

/// Prints what the nearest rules lack.
fn show_nearest<'a>(screen: Screen, near: impl Iterator<Item = &'a Near>) {
    let mut near: Vec<_> = near.collect();
    near.sort_by_key(|near| near.lacks.len());
    near.truncate(MAX_NEAREST_RULES);
    let rows = near.iter().map(|near| {
        let missing = match near.lacks.as_slice() {
            [] => "nothing; no rule can allow this".to_owned(),
            gaps => gaps.join("; "),
        };
        let list = if near.is_baseline { "baseline" } else { "" };
        let mut row = row(&near.summary);
        row.splice(1..1, [list.to_owned(), missing]);
        row
    });
    if !near.is_empty() {
        let headers = [
            "NEAREST RULES",
            "LIST",
            "MISSING",
            "APPROVAL",
            "LONGEST",
            "WRITES/HOUR",
            "LAST DAY",
            "OWNER",
            "DESCRIPTION",
        ];
        screen.table(&headers, rows);
    }
}

/// Prints the decisions for all requesters, and what the baseline says.
pub(super) fn show_all(
    screen: Screen,
    decisions: &[(Explained, Requester)],
    baseline: Option<&Explained>,
) {
    if decisions.is_empty() {
        screen.say("no rule of the policy names a requester");
    } else {
        let headers = ["REQUESTER", "DECISION", "RULE", "UNTIL", "APPROVAL", "MISSING"];
        screen.table(&headers, decisions.iter().map(row_of_decision));
    }
    show_baseline(screen, baseline);
}

fn row_of_decision((explained, requester): &(Explained, Requester)) -> Vec<String> {
    let decision = match &explained.verdict {
        Verdict::Allowed(_) => "allowed",
        Verdict::Shown(_) => "shown",
        Verdict::NeedsApproval(_) => "needs approval",
        Verdict::Denied { .. } => "denied",
    };
    // The rule of another requester does not apply to this one.
    let own = explained.near.iter().find(|near| near.names_requester);
    let missing = match (&explained.verdict, own) {
        (Verdict::Denied { message, .. }, near) => match near {
            Some(near) if !near.lacks.is_empty() => {
                format!("rule {:?}: {}", near.summary.rule, near.lacks.join("; "))
            }
            _ => message.clone(),
        },
        _ => String::new(),
    };
    let approval = match &explained.verdict {
        Verdict::NeedsApproval(unapproved) => unapproved.terms().to_string(),
        _ => String::new(),
    };
    vec![
        requester.to_string(),
        decision.to_owned(),
        explained.verdict.rule().unwrap_or_default().to_owned(),
        explained.end().unwrap_or_default(),
        approval,
        missing,
    ]
}
