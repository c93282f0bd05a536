use super::*;
use crate::{budget::SPACING, row::Step, timing::IDLE};

const QUOTA: WriteQuota = WriteQuota { writes: 200, period: Duration::from_secs(10) };

fn share(now: Instant) -> Share {
    Share::new("a".to_owned(), QUOTA, Budget::new(SPACING, now), now)
}

/// The row of an instance, stored at a time in seconds.
fn stored(instance: &str, seconds: i64, row: Row) -> StoredRow {
    StoredRow { instance: instance.to_owned(), stored: ServerTime(seconds * 1_000_000), row }
}

/// Lets a write wait, and makes the first exchange beside the rows of others.
fn exchanged(now: Instant, others: &[StoredRow]) -> Share {
    let mut share = share(now);
    share.arrived(now, Priority::Normal);
    assert_eq!(share.due(now), Due::Exchange(now));
    let Transaction::Store(row) = share.begin(now) else {
        panic!("the first row is stored blindly")
    };
    assert_eq!(share.stored(now), Some(Transaction::Read));
    let own = stored("a", 100, row);
    assert_eq!(share.seen(now, others.iter().cloned().chain([own]).collect()), None);
    share
}

fn holder(writes: u32) -> Row {
    Row { claimed: vec![Step { at: 0, writes }], ..Row::default() }
}

#[test]
fn no_write_is_sent_before_the_first_exchange_and_then_it_is() {
    let now = Instant::now();
    assert_eq!(share(now).turn(now, Priority::Normal), Turn::Later);
    assert_eq!(exchanged(now, &[]).turn(now, Priority::Normal), Turn::Now);
}

#[test]
fn what_another_instance_holds_is_not_used() {
    let now = Instant::now();
    let share = exchanged(now, &[stored("b", 99, holder(200))]);
    assert!(matches!(share.turn(now, Priority::Normal), Turn::At(_)));
}

#[test]
fn a_claim_that_was_stored_later_gives_way() {
    let now = Instant::now();
    let share = exchanged(now, &[stored("b", 101, holder(200))]);
    assert_eq!(share.turn(now, Priority::Normal), Turn::Now);
}

#[test]
fn the_allowances_of_a_killed_instance_count_until_its_lease_and_the_period_have_passed() {
    let now = Instant::now();
    for (age, turn_now) in [(19, false), (20, true)] {
        let share = exchanged(now, &[stored("b", 100 - age, holder(200))]);
        assert_eq!(share.turn(now, Priority::Normal) == Turn::Now, turn_now, "{age}");
    }
}

#[test]
fn allowances_end_with_the_lease_and_a_failed_exchange_leaves_a_fortieth_of_the_quota() {
    let now = Instant::now();
    let mut share = exchanged(now, &[]);
    let later = now + LEASE;
    assert_eq!(share.turn(later, Priority::Normal), Turn::Later);
    let _ = share.begin(later);
    share.failed(later);
    let sent = (0..200).take_while(|_| {
        let is_now = share.turn(later, Priority::Normal) == Turn::Now;
        if is_now {
            let ticket = share.take(later, Priority::Normal);
            share.ended(later, ticket, true);
        }
        is_now
    });
    assert_eq!(sent.count(), 200 / 40);
}

#[test]
fn an_idle_instance_gives_its_allowances_back_and_leaves_storage_alone() {
    let now = Instant::now();
    let mut share = exchanged(now, &[]);
    let ticket = share.take(now, Priority::Normal);
    share.left(now, Priority::Normal);
    share.ended(now, ticket, true);
    assert_eq!(share.due(now), Due::GiveBack(now + IDLE));
    let Transaction::Store(row) = share.give_back(now + IDLE) else { panic!("a row is stored") };
    assert_eq!((row.sent.len(), row.claimed.len(), row.needed), (1, 0, 0));
    assert_eq!(share.stored(now + IDLE), None);
    assert_eq!(share.due(now + LEASE * 1000), Due::WhenNeeded);
}

#[test]
fn a_wait_of_another_instance_applies_while_its_row_is_young() {
    let now = Instant::now();
    let pause = Duration::from_secs(3600);
    let waiting = Row { pause, ..Row::default() };
    let share = exchanged(now, &[stored("b", 95, waiting.clone())]);
    assert_eq!(share.turn(now, Priority::Normal), Turn::At(now + Duration::from_secs(5)));
    let share = exchanged(now, &[stored("b", 90, waiting)]);
    assert_eq!(share.turn(now, Priority::Normal), Turn::Now);
}

#[test]
fn rows_that_nothing_depends_on_are_deleted_and_others_are_not() {
    let now = Instant::now();
    let row = |instance, age: i64| stored(instance, 100 - age, Row::default());
    let mut share = exchanged(now, &[row("old", 611), row("young", 609)]);
    assert_eq!(share.outdated(now), ["old"]);
    assert!(share.outdated(now).is_empty());
}

#[test]
fn a_row_that_was_deleted_is_stored_anew() {
    let now = Instant::now();
    let mut share = exchanged(now, &[]);
    let later = now + Duration::from_secs(5);
    assert_eq!(share.begin(later), Transaction::Read);
    let next = share.seen(later, Vec::new());
    assert!(matches!(next, Some(Transaction::Store(_))), "{next:?}");
}
