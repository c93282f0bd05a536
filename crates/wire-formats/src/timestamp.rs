//! Times as .NET programs write them.
//!
//! The Functions host passes times through Newtonsoft.Json, which writes ISO 8601 or the format of a
//! culture ("Standard date and time format strings": `o`, `r`, `u`, `G` of the invariant culture and of
//! en-US).

use time::{
    Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset,
    format_description::well_known::{Rfc2822, Rfc3339},
};

/// Digits of a fraction of a second that count: nanoseconds.
const NANOSECOND_DIGITS: usize = 9;

/// The largest offset of .NET, in hours ("`DateTimeOffset` Struct").
const MOST_HOURS: i8 = 14;

/// Reads a time, in UTC. `None` if it is in no format that the host can write.
///
/// A time without an offset is in UTC, which is the time zone of Azure's hosts. Of two numbers before the
/// year, the first is the month, as in the invariant culture and in en-US.
#[must_use]
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    // Newer data of en-US has a narrow no-break space before AM and PM (Unicode CLDR, release 42).
    let text = text.trim().replace(['\u{202f}', '\u{a0}'], " ");
    let known = OffsetDateTime::parse(&text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&text, &Rfc2822))
        .ok();
    let moment = known.or_else(|| {
        let (date, rest) = text.split_once([' ', 'T'])?;
        let (time, offset) = time_of_day(rest)?;
        Some(PrimitiveDateTime::new(parse_date(date)?, time).assume_offset(offset))
    })?;
    moment.checked_to_offset(UtcOffset::UTC)
}

/// `2026-01-09` or `1/9/2026`.
fn parse_date(text: &str) -> Option<Date> {
    let (year, month, day) = match text.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => (*year, *month, *day),
        _ => match text.split('/').collect::<Vec<_>>().as_slice() {
            [month, day, year] => (*year, *month, *day),
            _ => return None,
        },
    };
    let month = Month::try_from(u8::try_from(number(month, 2)?).ok()?).ok()?;
    let day = u8::try_from(number(day, 2)?).ok()?;
    let year = (year.len() == 4).then(|| number(year, 4))??;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, day).ok()
}

/// `03:04:05`, with a fraction, with AM or PM, with an offset.
fn time_of_day(text: &str) -> Option<(Time, UtcOffset)> {
    let end = text.find(|one: char| !(one.is_ascii_digit() || ":.".contains(one)));
    let (clock, rest) = text.split_at(end.unwrap_or(text.len()));
    let (half, offset) = halves(rest.trim_start());
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>().try_into().ok()?;
    let hour = hour_of_day(number(hour, 2)?, half)?;
    let (minute, second) = (number(minute, 2)?, number(second, 2)?);
    let small = |number: u32| u8::try_from(number).ok();
    let time = Time::from_hms_nano(hour, small(minute)?, small(second)?, nanoseconds(fraction)?);
    Some((time.ok()?, parse_offset(offset.trim())?))
}

/// A half of the day.
#[derive(Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}

/// The half of the day at the beginning of a text, and the rest.
fn halves(text: &str) -> (Option<Half>, &str) {
    let word = text.get(..2).map(str::to_ascii_uppercase);
    let rest = text.get(2..).unwrap_or_default();
    match word.as_deref() {
        Some("AM") => (Some(Half::Morning), rest),
        Some("PM") => (Some(Half::Afternoon), rest),
        _ => (None, text),
    }
}

fn hour_of_day(hour: u32, half: Option<Half>) -> Option<u8> {
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some(Half::Morning), 12) => 0,
        (Some(Half::Morning), 1..=11) => hour,
        (Some(Half::Afternoon), 12) => 12,
        (Some(Half::Afternoon), 1..=11) => hour + 12,
        (Some(_), _) => return None,
    };
    u8::try_from(hour).ok()
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let digits = fraction.get(..fraction.len().min(NANOSECOND_DIGITS))?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<NANOSECOND_DIGITS$}").parse().ok()
}

/// Nothing, `Z`, `GMT`, `UTC` or `+01:00`.
fn parse_offset(text: &str) -> Option<UtcOffset> {
    if matches!(text, "" | "Z" | "GMT" | "UTC") {
        return Some(UtcOffset::UTC);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text.get(1..)?.split(':').collect();
    let hours = i8::try_from(number(digits.get(..2)?, 2)?).ok()?;
    let minutes = match digits.get(2..)? {
        "" => 0,
        minutes => i8::try_from((minutes.len() == 2).then(|| number(minutes, 2))??).ok()?,
    };
    if hours > MOST_HOURS {
        return None;
    }
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

/// A number with at most `most_digits` digits.
fn number(text: &str, most_digits: usize) -> Option<u32> {
    let is_number = !text.is_empty()
        && text.len() <= most_digits
        && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn every_form_of_one_moment_is_read_as_that_moment() {
        let moment = datetime!(2020-12-18 14:01:35 UTC);
        for text in [
            "2020-12-18T14:01:35Z",
            "2020-12-18T14:01:35+00:00",
            "2020-12-18T15:01:35+01:00",
            "2020-12-18T14:01:35.0000000Z",
            "2020-12-18T14:01:35.0000000+00:00",
            "2020-12-18T14:01:35.0000000",
            "2020-12-18T14:01:35",
            "2020-12-18 14:01:35Z",
            "2020-12-18 14:01:35",
            "2020-12-18 14:01:35 +00:00",
            "Fri, 18 Dec 2020 14:01:35 GMT",
            "12/18/2020 14:01:35",
            "12/18/2020 14:01:35 +00:00",
            "12/18/2020 16:01:35 +02:00",
            "12/18/2020 09:01:35 -0500",
            "12/18/2020 2:01:35 PM",
            "12/18/2020 02:01:35 pm",
            "12/18/2020 2:01:35\u{202f}PM",
            "12/18/2020 2:01:35 PM +00:00",
            " 12/18/2020 14:01:35 ",
        ] {
            assert_eq!(parse(text), Some(moment), "{text}");
        }
    }

    #[test]
    fn midnight_and_noon_have_the_hour_12() {
        assert_eq!(parse("1/2/2026 12:03:04 AM"), Some(datetime!(2026-01-02 00:03:04 UTC)));
        assert_eq!(parse("1/2/2026 12:03:04 PM"), Some(datetime!(2026-01-02 12:03:04 UTC)));
    }

    #[test]
    fn a_fraction_counts_to_the_nanosecond() {
        let moment = datetime!(2026-01-02 03:04:05.1234567 UTC);
        assert_eq!(parse("2026-01-02T03:04:05.1234567"), Some(moment));
        assert_eq!(parse("01/02/2026 03:04:05.12345670000"), Some(moment));
    }

    #[test]
    fn a_text_in_another_form_is_no_time() {
        for text in [
            "",
            "yesterday",
            "1768000000",
            "2020-12-18",
            "18.12.2020 02:01:35",
            "18/12/2020 02:01:35",
            "12/18/20 02:01:35",
            "2020-13-18T02:01:35Z",
            "2020-12-18T24:01:35",
            "2020-12-18T02:01",
            "2020-12-18T02:01:35.",
            "12/18/2020 13:01:35 PM",
            "12/18/2020 0:01:35 AM",
            "12/18/2020 02:01:35 CET",
            "12/18/2020 02:01:35 +1",
            "12/18/2020 02:01:35 +25:00",
            "12/18/2020 ٠2:01:35",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in ".*", near in "[0-9/:. TZ+AMP-]{0,30}") {
            let _ = (parse(&text), parse(&near));
        }

        #[test]
        fn the_round_trip_format_is_read_back(seconds in 0_i64..253_402_300_799, ticks in 0_i64..10_000_000) {
            let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap()
                + time::Duration::nanoseconds(ticks * 100);
            prop_assert_eq!(parse(&moment.format(&Rfc3339).unwrap()), Some(moment));
        }
    }
}
