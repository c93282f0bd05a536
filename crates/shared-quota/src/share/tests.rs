use super::*;
use crate::{
    budget::SPACING,
    row::Step,
    timing::{IDLE, LONG_IDLE},
};

const QUOTA: WriteQuota = WriteQuota { writes: 200, period: Duration::from_secs(10) };

fn share(now: Instant) -> Share {
    Share::new("a".to_owned(), QUOTA, Budget::new(SPACING, now), now)
}

/// The row of an instance, stored at a time in seconds.
fn stored(instance: &str, seconds: i64, row: Row) -> StoredRow {
    StoredRow { instance: instance.to_owned(), stored: ServerTime(seconds * 1_000_000), row }
}

/// The rows in storage.
struct Storage(Vec<StoredRow>);

impl Storage {
    /// Makes a whole exchange. Storage's clock stands at a time in seconds.
    fn exchange(&mut self, share: &mut Share, now: Instant, seconds: i64) {
        let mut next = Some(share.begin(now));
        while let Some(transaction) = next {
            next = match transaction {
                Transaction::Read => share.seen(now, self.0.clone()),
                Transaction::Store(row) => {
                    self.0.retain(|row| row.instance != "a");
                    self.0.push(stored("a", seconds, row));
                    share.stored(now)
                }
            };
        }
    }
}

/// Lets a write wait, and makes the first exchange beside the rows of others.
fn exchanged(now: Instant, others: &[StoredRow]) -> Share {
    let mut share = share(now);
    share.arrived(now, Priority::Normal);
    assert_eq!(share.due(now), Due::Exchange(now));
    Storage(others.to_vec()).exchange(&mut share, now, 100);
    share
}

/// As [`exchanged`], but the rows of others are stored after the first read.
fn exchanged_beside(now: Instant, others: Vec<StoredRow>) -> Share {
    let mut share = share(now);
    share.arrived(now, Priority::Normal);
    assert_eq!(share.begin(now), Transaction::Read);
    let Some(Transaction::Store(row)) = share.seen(now, Vec::new()) else {
        panic!("a row is stored")
    };
    assert_eq!(share.stored(now), Some(Transaction::Read));
    let rows = others.into_iter().chain([stored("a", 100, row)]).collect();
    assert_eq!(share.seen(now, rows), None);
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
    let share = exchanged_beside(now, vec![stored("b", 101, holder(200))]);
    assert_eq!(share.turn(now, Priority::Normal), Turn::Now);
}

#[test]
fn a_claim_that_was_not_confirmed_is_given_back_in_one_transaction() {
    let now = Instant::now();
    let mut share = exchanged_beside(now, vec![stored("b", 99, holder(200))]);
    assert_eq!(share.due(now), Due::GiveBack(now));
    let Transaction::Store(row) = share.give_back(now) else { panic!("a row is stored") };
    assert_eq!((row.claimed.len(), row.needed), (0, 1));
    assert_eq!(share.stored(now), None);
    assert!(matches!(share.due(now), Due::Exchange(at) if at > now));
}

#[test]
fn the_allowances_of_a_killed_instance_count_until_its_lease_and_the_period_have_passed() {
    let now = Instant::now();
    for (age, turn_now) in [(19, false), (20, true)] {
        let mut storage = Storage(vec![stored("b", 100 - age, holder(200))]);
        let mut share = share(now);
        share.arrived(now, Priority::Normal);
        // The first exchange tells the time on storage's clock.
        for _ in 0..2 {
            storage.exchange(&mut share, now, 100);
        }
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
fn an_instance_that_soon_needs_again_what_it_gave_back_keeps_it_longer() {
    for (pause, idle) in [(LONG_IDLE / 2, LONG_IDLE), (LONG_IDLE * 2, IDLE)] {
        let now = Instant::now();
        let mut share = exchanged(now, &[]);
        share.left(now, Priority::Normal);
        let _ = share.give_back(now);
        let _ = share.stored(now);
        let later = now + pause;
        share.arrived(later, Priority::Normal);
        Storage(Vec::new()).exchange(&mut share, later, 105);
        share.left(later, Priority::Normal);
        assert_eq!(share.due(later), Due::GiveBack(later + idle));
    }
}

#[test]
fn an_instance_that_knows_of_no_other_one_stores_its_claim_first() {
    let now = Instant::now();
    for (others, stores_first) in [(vec![], true), (vec![stored("b", 99, holder(1))], false)] {
        let mut share = exchanged(now, &others);
        share.left(now, Priority::Normal);
        let _ = share.give_back(now);
        let _ = share.stored(now);
        let later = now + LEASE * 2;
        share.arrived(later, Priority::Normal);
        let first = share.begin(later);
        assert_eq!(matches!(first, Transaction::Store(_)), stores_first, "{others:?}");
    }
}

#[test]
fn an_exchange_that_would_change_nothing_ends_with_its_first_transaction() {
    let now = Instant::now();
    let others = [stored("b", 99, holder(200))];
    let mut share = exchanged(now, &others);
    let later = now + Duration::from_secs(1);
    assert_eq!(share.begin(later), Transaction::Read);
    let own = stored("a", 100, Row { sequence: 1, needed: 1, ..Row::default() });
    let rows = || others.iter().cloned().chain([own.clone()]).collect();
    assert_eq!(share.seen(later, rows()), None);
    // After a while, the others must know that it still waits.
    let later = now + RENEWAL;
    assert_eq!(share.begin(later), Transaction::Read);
    assert!(matches!(share.seen(later, rows()), Some(Transaction::Store(_))));
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
