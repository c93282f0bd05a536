//! Ends that were announced to people.

use app_roles::{
    directory::Assignment,
    ids::{AppRoleId, InvocationId, ObjectId},
};
use proptest::{prelude::TestCaseError, prop_assert};
use record::ends::{
    EndKey, EndRow,
    rules::{NewEnd, Now, RowChange, Step, next},
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::invocation::details;

const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

/// The moment until which an end comes soon.
const SOON: OffsetDateTime = datetime!(2026-11-26 10:15 UTC);

fn key() -> EndKey {
    let id = "c0a70500-0000-4000-8000-0000000000b0";
    EndKey {
        principal: ObjectId::parse(id).unwrap(),
        api: ObjectId::parse(id).unwrap(),
        role: AppRoleId::parse(id).unwrap(),
    }
}

/// An end in this many minutes.
fn end_in(minutes: i64) -> NewEnd {
    NewEnd {
        end: NOW + Duration::minutes(minutes),
        since: NOW - Duration::minutes(2),
        until: NOW - Duration::minutes(1),
        details: details(InvocationId::random(), 0),
    }
}

fn assignment() -> Assignment {
    let created = Some("2026-11-26T09:58:30Z".to_owned());
    Assignment { id: "an-id".to_owned(), api: key().api, role: key().role, created }
}

fn after(row: Option<&EndRow>, step: &Step<'_>) -> EndRow {
    let now = Now { at: NOW, list_lag: Duration::minutes(5) };
    match next(key(), row, step, now).row {
        RowChange::Keep => row.unwrap().clone(),
        RowChange::Put(row) => *row,
        RowChange::Remove => panic!("the row is gone"),
    }
}

/// The row of an assignment that ends in this many minutes.
fn row(minutes: i64) -> EndRow {
    let new = end_in(minutes);
    let announced = after(None, &Step::Announced(&new));
    after(Some(&announced), &Step::Created(&assignment(), Some(&new)))
}

/// Marks the end that must be announced now, if there is one, in a row with a version.
pub(crate) fn tell(
    stored: &mut Option<(EndRow, u64)>,
    etags: &mut u64,
    seconds: i64,
) -> Result<(), TestCaseError> {
    let now = OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds);
    let until = now + Duration::minutes(15);
    let Some((row, etag)) = stored else { return Ok(()) };
    let Some(end) = row.to_announce(now, until).map(|claim| claim.end) else { return Ok(()) };
    prop_assert!(now < end && end <= until);
    row.announced_end = Some(end);
    let next = row.to_announce(now, until).map(|claim| claim.end);
    prop_assert!(next.is_none_or(|next| end < next), "{end} is announced again: {row:?}");
    *etags += 1;
    *etag = *etags;
    Ok(())
}

fn told(row: &EndRow) -> EndRow {
    let announced_end = row.to_announce(NOW, SOON).map(|claim| claim.end);
    assert!(announced_end.is_some(), "{row:?}");
    EndRow { announced_end, ..row.clone() }
}

#[test]
fn an_end_that_comes_soon_is_announced_once() {
    for (minutes, is_soon) in [(16, false), (15, true), (5, true), (0, false), (-1, false)] {
        assert_eq!(row(minutes).to_announce(NOW, SOON).is_some(), is_soon, "{minutes}");
    }
    assert_eq!(told(&row(15)).to_announce(NOW, SOON), None);
}

#[test]
fn the_table_keeps_which_end_was_announced() {
    let told = told(&row(15));
    assert_eq!(EndRow::of_entity(&told.to_entity()), Ok(told.clone()));
    let entity = told.to_entity();
    assert_eq!(entity["announcedEnd"], "2026-11-26T10:15:00Z");
    assert_eq!(entity["announcedEnd@odata.type"], "Edm.DateTime");
}

#[test]
fn a_step_that_keeps_the_end_does_not_announce_it_again() {
    let told = told(&row(10));
    for step in [
        Step::Found(&assignment(), Some(&end_in(8))),
        Step::Announced(&end_in(10)),
        Step::EndBegins(SOON),
        Step::NotWritten(InvocationId::random()),
        Step::Listed(Some(&assignment()), NOW),
    ] {
        assert_eq!(after(Some(&told), &step).to_announce(NOW, SOON), None, "{step:?}");
    }
}

#[test]
fn a_later_end_is_announced_again() {
    let told = told(&row(10));
    let extended = after(Some(&told), &Step::Found(&assignment(), Some(&end_in(60))));
    assert_eq!(extended.to_announce(NOW, SOON), None);
    let later = NOW + Duration::minutes(50);
    let announced = extended.to_announce(later, SOON + Duration::minutes(50));
    assert_eq!(announced.map(|claim| claim.end), Some(NOW + Duration::minutes(60)));
}

#[test]
fn a_remaining_end_is_announced_although_a_later_one_was() {
    let told = told(&row(14));
    let two = after(Some(&told), &Step::Announced(&end_in(12)));
    let left = after(Some(&two), &Step::Gone("an-id"));
    let announced = left.to_announce(NOW, SOON).map(|claim| claim.end);
    assert_eq!(announced, Some(NOW + Duration::minutes(12)));
}

#[test]
fn a_write_that_may_be_in_progress_or_have_made_nothing_is_not_announced() {
    let open = NewEnd { until: NOW + Duration::minutes(1), ..end_in(5) };
    assert_eq!(after(None, &Step::Announced(&open)).to_announce(NOW, SOON), None);
    let cut = after(Some(&row(60)), &Step::Announced(&end_in(5)));
    assert_eq!(cut.to_announce(NOW, SOON), None, "the assignment ends an hour later");
    let only = after(None, &Step::Announced(&end_in(5)));
    assert!(only.to_announce(NOW, SOON).is_some(), "no other end is known");
}
