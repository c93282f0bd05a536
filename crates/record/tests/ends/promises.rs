//! Ends that were promised while several writes were in progress.

use app_roles::{directory::Assignment, ids::InvocationId};
use record::ends::{
    EndRow,
    rules::{NewEnd, Now, RowChange, Step, next},
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::{invocation::details, world::key};

const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

/// The end of a message, whose write may take a minute.
fn end(message: u8, seconds: i64) -> NewEnd {
    NewEnd {
        end: NOW + Duration::seconds(seconds),
        since: NOW,
        until: NOW + Duration::minutes(1),
        details: details(InvocationId::random(), message),
    }
}

/// Takes a step, and returns the end that it promises.
fn take(row: &mut Option<EndRow>, step: &Step<'_>) -> Option<OffsetDateTime> {
    let now = Now { at: NOW + Duration::seconds(10), list_lag: Duration::minutes(5) };
    let taken = next(key(), row.as_ref(), step, now);
    match taken.row {
        RowChange::Keep => {}
        RowChange::Put(changed) => *row = Some(*changed),
        RowChange::Remove => *row = None,
    }
    taken.end.unwrap()
}

#[test]
fn a_later_end_that_was_promised_while_others_wrote_survives_the_write_that_made_the_assignment() {
    let created = Some("2026-11-26T10:00:05Z".to_owned());
    let made = Assignment { id: "made".to_owned(), api: key().api, role: key().role, created };
    let (shorter, later) = (end(1, 100), end(2, 200));
    for announced_first in [&shorter, &later] {
        let mut row = None;
        let announced_next = if announced_first == &shorter { &later } else { &shorter };
        take(&mut row, &Step::Announced(announced_first));
        // The handler of the later end dies. Its message comes back and finds what the other one made.
        take(&mut row, &Step::Announced(announced_next));
        let again = NewEnd { details: details(InvocationId::random(), 2), ..later.clone() };
        assert_eq!(take(&mut row, &Step::Found(&made, Some(&again))), Some(later.end));
        assert_eq!(take(&mut row, &Step::Created(&made, Some(&shorter))), Some(later.end));
        assert_eq!(row.unwrap().end_of(&made), Some(later.end));
    }
}
