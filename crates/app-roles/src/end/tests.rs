//! Tests of ends.

use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-26 10:00:00.5 UTC);

#[test]
fn an_end_is_a_whole_second_between_now_and_365_days() {
    for (end, expected) in [
        (datetime!(2026-11-26 10:00:01 UTC), Ok(datetime!(2026-11-26 10:00:01 UTC))),
        (datetime!(2026-11-26 12:30:00.75 +02), Ok(datetime!(2026-11-26 10:30 UTC))),
        (datetime!(2027-11-26 10:00:00 UTC), Ok(datetime!(2027-11-26 10:00 UTC))),
        (datetime!(2027-11-26 10:00:01 UTC), Err(UnusableEnd::TooFar)),
        (datetime!(9999-12-31 23:59:59 -23:59), Err(UnusableEnd::TooFar)),
        (datetime!(2026-11-26 10:00:00.9 UTC), Err(UnusableEnd::Passed)),
        (NOW, Err(UnusableEnd::Passed)),
        (datetime!(2026-11-26 10:00:02 +00:01), Err(UnusableEnd::Passed)),
        (datetime!(0000-01-01 00:00 +23:59), Err(UnusableEnd::Passed)),
    ] {
        let planned = RequestedEnd::At(end).planned(NOW).map(PlannedEnd::time);
        assert_eq!(planned, expected, "{end}");
    }
}

#[test]
fn a_duration_counts_from_the_second_of_the_decision() {
    let duration = AssignmentDuration::parse("PT8H").unwrap();
    let planned = RequestedEnd::After(duration).planned(NOW).map(PlannedEnd::time);
    assert_eq!(planned, Ok(datetime!(2026-11-26 18:00 UTC)));
}

proptest! {
    #[test]
    fn every_planned_end_is_later_than_now_and_within_the_longest_duration(
        seconds in -400 * 86_400_i64..400 * 86_400, nanoseconds in 0..1_000_000_000_i64, hours in -23..=23_i8,
    ) {
        let offset = UtcOffset::from_hms(hours, 0, 0).unwrap();
        let end = NOW + Duration::seconds(seconds) + Duration::nanoseconds(nanoseconds);
        if let Ok(planned) = RequestedEnd::At(end.to_offset(offset)).planned(NOW) {
            let time = planned.time();
            prop_assert!(time > NOW && time - NOW <= Duration::from(AssignmentDuration::MAX));
            prop_assert!(time <= end && end - time < Duration::SECOND);
            prop_assert_eq!((time.offset(), time.nanosecond()), (UtcOffset::UTC, 0));
        }
    }
}
