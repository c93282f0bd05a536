//! On which terms a role is allowed, in words.

use app_roles::{
    duration::AssignmentDuration,
    ids::ObjectId,
    policy::{AccessTerms, ApprovalTerms, LastDay},
    requester::Requester,
};

use super::phrase::Phrase;

/// The terms of a newly allowed access, as a part of its sentence. Empty for the usual terms: no approval,
/// no limit and no last day.
pub(super) fn conditions(terms: &[AccessTerms]) -> Phrase {
    match terms {
        [only] if *only == AccessTerms::default() => Phrase::default(),
        terms => Phrase::default().words(", ").then(listed(terms, false)),
    }
}

/// All terms, in full.
pub(super) fn in_full(terms: &[AccessTerms]) -> Phrase {
    listed(terms, true)
}

fn listed(terms: &[AccessTerms], in_full: bool) -> Phrase {
    terms.iter().enumerate().fold(Phrase::default(), |phrase, (index, one)| {
        let phrase = if index == 0 { phrase } else { phrase.words("; or ") };
        phrase.then(of(one, in_full))
    })
}

fn of(terms: &AccessTerms, in_full: bool) -> Phrase {
    let approval = match &terms.approval {
        Some(terms) => Some(approval(terms)),
        None => in_full.then(|| Phrase::default().words("without approval")),
    };
    let duration = match terms.max_duration {
        Some(longest) => Some(format!("for {longest} at most")),
        None => in_full.then(|| "without a limit of time".to_owned()),
    };
    let writes =
        terms.max_writes_per_hour.map(|most| format!("with {most} writes an hour at most"));
    let last_day = terms.last_day.map(|day| format!("until the rule's last day {day}"));
    let texts = [duration, writes, last_day].into_iter().flatten();
    let texts = texts.map(|text| Phrase::default().words(&text));
    let parts = approval.into_iter().chain(texts);
    parts.enumerate().fold(Phrase::default(), |phrase, (index, part)| {
        let phrase = if index == 0 { phrase } else { phrase.words(", ") };
        phrase.then(part)
    })
}

fn approval(terms: &ApprovalTerms) -> Phrase {
    let approvers: Vec<_> = terms.by().iter().map(approver).collect();
    let (count, within) = (terms.count(), terms.within());
    let phrase = Phrase::default();
    let phrase = if approvers.len() == 1 {
        phrase.words("once ").names(&approvers).words(" has approved it")
    } else {
        let verb = if count == 1 { "has" } else { "have" };
        phrase
            .words(&format!("once {count} of "))
            .names(&approvers)
            .words(&format!(" {verb} approved it"))
    };
    phrase.words(&format!(" within {within}"))
}

/// The name of an approver in the policy.
fn approver(id: &ObjectId) -> String {
    Requester::Http(*id).to_string()
}

/// What has changed about the terms, in a few words each.
pub(super) fn changes(before: &[AccessTerms], now: &[AccessTerms]) -> Vec<&'static str> {
    let mut changes = Vec::new();
    let is_free = |terms: &[AccessTerms]| terms.iter().any(|one| one.approval.is_none());
    match (is_free(before), is_free(now)) {
        (true, false) => changes.push("it needs approval now"),
        (false, true) => changes.push("it needs no approval any more"),
        (false, false) if approvals(before) != approvals(now) => {
            changes.push("it needs another approval");
        }
        (true, true) if approvals(before) != approvals(now) => {
            changes.push("its approvals have changed");
        }
        _ => {}
    }
    match longest(before).cmp(&longest(now)) {
        std::cmp::Ordering::Less => changes.push("it may last for a longer time"),
        std::cmp::Ordering::Greater => changes.push("it may last for a shorter time"),
        std::cmp::Ordering::Equal => {}
    }
    match most_writes(before).cmp(&most_writes(now)) {
        std::cmp::Ordering::Less => changes.push("it allows more writes an hour"),
        std::cmp::Ordering::Greater => changes.push("it allows fewer writes an hour"),
        std::cmp::Ordering::Equal => {}
    }
    match latest(before).cmp(&latest(now)) {
        std::cmp::Ordering::Less => changes.push("it is allowed until a later day"),
        std::cmp::Ordering::Greater => changes.push("it is allowed until an earlier day"),
        std::cmp::Ordering::Equal => {}
    }
    if changes.is_empty() {
        changes.push("its limits have changed");
    }
    changes
}

/// The approvals, with the approvers of each in one order.
fn approvals(terms: &[AccessTerms]) -> Vec<(Vec<ObjectId>, usize, AssignmentDuration)> {
    let approvals = terms.iter().filter_map(|one| one.approval.as_ref());
    let mut approvals: Vec<_> = approvals
        .map(|terms| {
            let mut by = terms.by().to_vec();
            by.sort_unstable();
            (by, terms.count(), terms.within())
        })
        .collect();
    approvals.sort_unstable();
    approvals
}

/// The longest time: `(true, None)` without a limit.
fn longest(terms: &[AccessTerms]) -> (bool, Option<AssignmentDuration>) {
    let limits = terms.iter().map(|one| one.max_duration);
    limits.map(|limit| (limit.is_none(), limit)).max().unwrap_or_default()
}

/// The highest limit of writes: `(true, None)` without one.
fn most_writes(terms: &[AccessTerms]) -> (bool, Option<u32>) {
    let limits = terms.iter().map(|one| one.max_writes_per_hour);
    limits.map(|limit| (limit.is_none(), limit)).max().unwrap_or_default()
}

/// The latest last day: `(true, None)` without one.
fn latest(terms: &[AccessTerms]) -> (bool, Option<LastDay>) {
    let days = terms.iter().map(|one| one.last_day);
    days.map(|day| (day.is_none(), day)).max().unwrap_or_default()
}
