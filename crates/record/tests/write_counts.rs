//! The count of writes, against a model that remembers each write.

use proptest::prelude::*;
use record::write_counts::{Demand, OverLimit, WriteCount};
use time::{Duration, OffsetDateTime, macros::datetime};

const BEGIN: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

fn take(
    count: &mut WriteCount,
    (key, writes, limit): (&str, u32, u32),
    at: OffsetDateTime,
) -> Result<(), OverLimit> {
    count.take(Demand { key, writes, limit }, at)
}

#[test]
fn a_request_beyond_the_limit_is_refused_until_enough_writes_are_an_hour_old() {
    let mut count = WriteCount::default();
    take(&mut count, ("a", 2, 5), BEGIN).unwrap();
    take(&mut count, ("b", 3, 5), BEGIN + Duration::minutes(10)).unwrap();
    let refused = take(&mut count, ("c", 2, 5), BEGIN + Duration::minutes(20)).unwrap_err();
    assert_eq!(refused.not_before, Some(BEGIN + Duration::minutes(61)));
    let refused = take(&mut count, ("c", 3, 5), BEGIN + Duration::minutes(20)).unwrap_err();
    assert_eq!(refused.not_before, Some(BEGIN + Duration::minutes(71)));
    take(&mut count, ("c", 2, 5), BEGIN + Duration::minutes(61)).unwrap();
    assert_eq!(count.total(), 5);
}

#[test]
fn a_request_that_needs_more_than_the_limit_is_never_allowed() {
    let refused = take(&mut WriteCount::default(), ("a", 6, 5), BEGIN).unwrap_err();
    assert_eq!(refused.not_before, None);
}

#[test]
fn a_request_that_comes_again_counts_once_and_stays_allowed() {
    let mut count = WriteCount::default();
    take(&mut count, ("a", 3, 3), BEGIN).unwrap();
    // Its instance was killed, and two of its writes are left to be made.
    for writes in [3, 2] {
        take(&mut count, ("a", writes, 3), BEGIN + Duration::minutes(1)).unwrap();
        assert_eq!(count.total(), 3);
    }
    take(&mut count, ("b", 1, 3), BEGIN + Duration::minutes(1)).unwrap_err();
}

#[test]
fn writes_that_were_not_made_do_not_count() {
    let mut count = WriteCount::default();
    take(&mut count, ("a", 3, 3), BEGIN).unwrap();
    count.settle("a", 1);
    assert_eq!(count.total(), 1);
    take(&mut count, ("b", 2, 3), BEGIN).unwrap();
    // Nothing settles a request twice.
    count.settle("a", 0);
    assert_eq!(count.total(), 3);
}

/// A write that was made, or may be.
struct Made {
    at: OffsetDateTime,
    writes: u32,
}

proptest! {
    #[test]
    fn no_hour_has_more_writes_than_the_limit_and_the_stated_time_is_late_enough(
        requests in prop::collection::vec((1_u32..6, 0_i64..900, 0_u32..6), 1..80),
        limit in 1_u32..12,
    ) {
        let (mut count, mut now, mut model) = (WriteCount::default(), BEGIN, Vec::new());
        for (number, (writes, seconds, made)) in requests.into_iter().enumerate() {
            now += Duration::seconds(seconds);
            let key = format!("request-{number}");
            let allowed = take(&mut count, (&key, writes, limit), now);
            let within = |model: &[Made], since: OffsetDateTime| {
                model.iter().filter(|one| one.at > since).map(|one| one.writes).sum::<u32>()
            };
            match allowed {
                Ok(()) => {
                    let made = made.min(writes);
                    count.settle(&key, made);
                    model.push(Made { at: now, writes: made });
                    prop_assert!(within(&model, now - Duration::HOUR) <= limit);
                }
                Err(OverLimit { not_before: None }) => prop_assert!(writes > limit),
                Err(OverLimit { not_before: Some(time) }) => {
                    // It is refused for a reason: the count has a minute more than the hour.
                    let counted = within(&model, now - Duration::HOUR - Duration::MINUTE);
                    prop_assert!(counted + writes > limit);
                    prop_assert!(time > now && time <= now + Duration::HOUR + Duration::MINUTE);
                    let mut later = count.clone();
                    prop_assert_eq!(take(&mut later, (&key, writes, limit), time), Ok(()));
                }
            }
        }
    }
}

#[test]
fn a_count_with_many_open_requests_stays_small_and_loses_no_write() {
    let mut count = WriteCount::default();
    for number in 0..2000 {
        take(&mut count, (&format!("{number}"), 1, 100_000), BEGIN).unwrap();
    }
    assert_eq!(count.total(), 2000);
    // What is folded counts as made; what is open can be given back.
    for number in 0..2000 {
        count.settle(&format!("{number}"), 0);
    }
    assert_eq!(count.total(), 1500);
}
