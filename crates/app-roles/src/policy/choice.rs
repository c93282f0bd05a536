//! The choice among rules that grant an assignment: which one is used, and when the assignment ends.

use time::OffsetDateTime;

use super::{denial::Denial, matching_rule::Granting, rule::Grant};
use crate::{duration::AssignmentDuration, end::PlannedEnd};

/// The rule to use, and the end of the assignment.
///
/// Rules without approval come first, so that no approver is asked for something that the policy allows
/// anyway.
///
/// A request with an end uses a rule that allows that end. A request without one uses a rule that allows
/// the longest time and gets that time: no end if a rule has no limit. Of several such rules, the one that
/// allows the most writes in an hour is used, or else the first. So the order of the rules decides neither
/// whether the assignment is allowed nor when it ends.
pub(super) fn choose<'a>(
    granting: &Granting<'a>,
    end: Option<PlannedEnd>,
    now: OffsetDateTime,
) -> Result<(&'a Grant, Option<PlannedEnd>), Denial> {
    let without_approval = granting.without_approval();
    let chosen = without_approval.and_then(|granting| choose_among(&granting, end, now).ok());
    chosen.map_or_else(|| choose_among(granting, end, now), Ok)
}

/// The rule to use for a removal.
pub(super) fn choose_for_removal<'a>(granting: &Granting<'a>) -> &'a Grant {
    let most = |granting: &Granting<'a>| most_writes(granting.iter()).unwrap_or(granting.first());
    granting.without_approval().map_or_else(|| most(granting), |granting| most(&granting))
}

fn choose_among<'a>(
    granting: &Granting<'a>,
    end: Option<PlannedEnd>,
    now: OffsetDateTime,
) -> Result<(&'a Grant, Option<PlannedEnd>), Denial> {
    let (longest, limit) = longest(granting);
    match (end, limit) {
        (None, limit) => Ok((longest, limit.map(|limit| PlannedEnd::after(limit, now)))),
        (Some(end), Some(limit)) if end.is_beyond(limit, now) => Err(Denial::too_long(limit, now)),
        (Some(end), _) => {
            let allowing = granting.iter().filter(|grant| allows(grant, end, now));
            Ok((most_writes(allowing).unwrap_or(longest), Some(end)))
        }
    }
}

/// Whether a rule allows an assignment to last until this end.
pub(super) fn allows(grant: &Grant, end: PlannedEnd, now: OffsetDateTime) -> bool {
    !grant.max_duration.is_some_and(|limit| end.is_beyond(limit, now))
}

/// The first of the rules that allow the most writes in an hour.
fn most_writes<'a>(mut rules: impl Iterator<Item = &'a Grant>) -> Option<&'a Grant> {
    let first = rules.next()?;
    Some(rules.fold(first, |known, next| {
        let is_more = match (known.max_writes_per_hour, next.max_writes_per_hour) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(known), Some(next)) => next > known,
        };
        if is_more { next } else { known }
    }))
}

/// The rule among those that allow the longest time, and that time: `None` without a limit.
fn longest<'a>(granting: &Granting<'a>) -> (&'a Grant, Option<AssignmentDuration>) {
    let longest = granting.iter().fold(granting.first(), |known, next| {
        let is_longer = match (known.max_duration, next.max_duration) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(known), Some(next)) => next > known,
        };
        if is_longer { next } else { known }
    });
    let limit = longest.max_duration;
    let as_long = granting.iter().filter(|grant| grant.max_duration == limit);
    (most_writes(as_long).unwrap_or(longest), limit)
}
