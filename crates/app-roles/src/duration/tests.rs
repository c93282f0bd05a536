//! Tests of durations.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<i64, InvalidDuration> {
    AssignmentDuration::parse(text).map(|duration| Duration::from(duration).whole_seconds())
}

#[test]
fn weeks_days_hours_minutes_and_seconds_are_read() {
    for (text, expected, shown) in [
        ("PT5M", SHORTEST, "PT5M"),
        ("PT300S", SHORTEST, "PT5M"),
        ("PT4M60S", SHORTEST, "PT5M"),
        ("PT301S", SHORTEST + 1, "PT5M1S"),
        ("PT8H", 8 * HOUR, "PT8H"),
        ("PT08H00M", 8 * HOUR, "PT8H"),
        ("PT90M", 90 * MINUTE, "PT1H30M"),
        ("P1D", DAY, "P1D"),
        ("PT24H", DAY, "P1D"),
        ("P0DT8H", 8 * HOUR, "PT8H"),
        ("P1DT12H30M15S", DAY + 12 * HOUR + 30 * MINUTE + 15, "P1DT12H30M15S"),
        ("P1DT1S", DAY + 1, "P1DT1S"),
        ("P2W", 14 * DAY, "P14D"),
        ("P1W2DT3H", 9 * DAY + 3 * HOUR, "P9DT3H"),
        ("P365D", LONGEST, "P365D"),
        ("PT31536000S", LONGEST, "P365D"),
        ("P000000000000000000000030D", 30 * DAY, "P30D"),
    ] {
        assert_eq!(read(text), Ok(expected), "{text}");
        assert_eq!(AssignmentDuration::parse(text).unwrap().to_string(), shown);
    }
}

#[test]
fn any_other_text_is_refused_with_the_reason() {
    use InvalidDuration::{Empty, Form, Fraction, LowerCase, Signed, YearsOrMonths};
    for (text, why) in [
        ("", Empty),
        ("pt8h", LowerCase),
        ("Pt8H", LowerCase),
        ("PT8h", LowerCase),
        ("p30d", LowerCase),
        ("8 hours", Form),
        ("eight", Form),
        ("2026-12-01", Form),
        ("2026-12-01T18:00:00Z", Form),
        ("1.5", Form),
        ("P-1M", YearsOrMonths),
        ("p1m", YearsOrMonths),
        ("pt0.5h", Fraction),
        ("-PT8H", Signed),
        ("PT-8H", Signed),
        ("+PT8H", Signed),
        ("PT0.5H", Fraction),
        ("PT1,5H", Fraction),
        ("P1Y", YearsOrMonths),
        ("P1M", YearsOrMonths),
        ("P5M", YearsOrMonths),
        ("P1Y2M3DT4H", YearsOrMonths),
        ("PT1Y", YearsOrMonths),
        ("P", Form),
        ("PT", Form),
        ("P1DT", Form),
        ("T8H", Form),
        ("8H", Form),
        ("P8H", Form),
        ("PT8D", Form),
        ("PT1W", Form),
        ("P1D1D", Form),
        ("PT1H1H", Form),
        ("P1D1W", Form),
        ("PT1M1H", Form),
        ("PTH", Form),
        ("PT8", Form),
        ("PT8HT5M", Form),
        ("PP1D", Form),
        (" PT8H", Form),
        ("PT8H ", Form),
        ("PT8H\n", Form),
        ("PT 8H", Form),
        ("PT٨H", Form),
        ("8:00", Form),
        ("480", Form),
    ] {
        assert_eq!(read(text), Err(why), "{text:?}");
    }
}

#[test]
fn a_duration_out_of_range_is_refused_with_the_limit() {
    use InvalidDuration::{TooLong, TooShort};
    for (text, why) in [
        ("PT0S", TooShort),
        ("P0D", TooShort),
        ("PT4M59S", TooShort),
        ("PT299S", TooShort),
        ("P365DT1S", TooLong),
        ("P366D", TooLong),
        ("P53W", TooLong),
        ("P99999999999999999999D", TooLong),
        ("P9223372036854775807W9223372036854775807D", TooLong),
        ("PT18446744073709551617S", TooLong),
    ] {
        assert_eq!(read(text), Err(why), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(text in ".*", near in "[-P]?[PTWDHMSYpt0-9.,]{0,24}") {
        let _ = (read(&text), read(&near));
    }

    #[test]
    fn a_duration_is_read_back_as_it_is_displayed(whole in SHORTEST..=LONGEST) {
        let duration = AssignmentDuration(whole);
        prop_assert_eq!(AssignmentDuration::parse(&duration.to_string()), Ok(duration));
    }

    #[test]
    fn a_duration_is_the_sum_of_its_units(
        weeks in 0..60_i64, days in 0..400_i64, hours in 0..9000_i64, minutes in 0..9000_i64,
        rest in 0..9000_i64,
    ) {
        let text = format!("P{weeks}W{days}DT{hours}H{minutes}M{rest}S");
        let sum = weeks * WEEK + days * DAY + hours * HOUR + minutes * MINUTE + rest;
        let expected = match sum {
            ..SHORTEST => Err(InvalidDuration::TooShort),
            SHORTEST..=LONGEST => Ok(sum),
            _ => Err(InvalidDuration::TooLong),
        };
        prop_assert_eq!(read(&text), expected);
    }
}
