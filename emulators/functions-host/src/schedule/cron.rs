//! Cron expressions of six fields, seconds first, or of five without seconds ("Timer trigger for Azure
//! Functions", NCRONTAB expressions).
//!
//! The dialect is that of the library `NCrontab`, which the host uses: if days of the month and days of
//! the week are both restricted, both must match. It has no `L`, `?` or weekday 7.

use std::ops::RangeInclusive;

use time::{Date, Duration, OffsetDateTime, Time};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
/// The length of the shortest abbreviation of a name.
const SHORTEST_NAME: usize = 3;
/// The number of days that are searched. 29 February falls on a given weekday every 28 years, and every
/// 40 around 2100.
const DAYS_SEARCHED: u32 = 41 * 366;

/// An expression: for each field, a bit per matching value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CronExpression {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

impl CronExpression {
    /// Parses an expression; `None` if it is invalid.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.split_whitespace().collect();
        let (seconds, rest) = match fields.split_first()? {
            (first, rest) if rest.len() == 5 => (*first, rest),
            _ => ("0", fields.as_slice()),
        };
        let [minutes, hours, days, months, weekdays] = *rest else { return None };
        Some(Self {
            seconds: field(seconds, 0..=59, &[])?,
            minutes: field(minutes, 0..=59, &[])?,
            hours: field(hours, 0..=23, &[])?,
            days: field(days, 1..=31, &[])?,
            months: field(months, 1..=12, &MONTHS)?,
            weekdays: field(weekdays, 0..=6, &WEEKDAYS)?,
        })
    }

    /// The first occurrence after `now`; `None` if there is none, as for 30 February.
    pub(crate) fn next_after(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let from = now.replace_nanosecond(0).ok()?.checked_add(Duration::SECOND)?;
        let mut date = from.date();
        let mut earliest = from.time();
        for _ in 0..DAYS_SEARCHED {
            if self.includes(date)
                && let Some(time) = self.first_time(earliest)
            {
                return Some(OffsetDateTime::new_in_offset(date, time, now.offset()));
            }
            date = date.next_day()?;
            earliest = Time::MIDNIGHT;
        }
        None
    }

    fn includes(&self, date: Date) -> bool {
        has(self.months, u8::from(date.month()))
            && has(self.days, date.day())
            && has(self.weekdays, date.weekday().number_days_from_sunday())
    }

    /// The first matching time of a day, from `from` on.
    fn first_time(&self, from: Time) -> Option<Time> {
        let (first_hour, first_minute, first_second) = from.as_hms();
        (first_hour..24).filter(|hour| has(self.hours, *hour)).find_map(|hour| {
            let first_minute = if hour == first_hour { first_minute } else { 0 };
            (first_minute..60).filter(|minute| has(self.minutes, *minute)).find_map(|minute| {
                let is_first = (hour, minute) == (first_hour, from.minute());
                let first_second = if is_first { first_second } else { 0 };
                let second = (first_second..60).find(|second| has(self.seconds, *second))?;
                Time::from_hms(hour, minute, second).ok()
            })
        })
    }
}

fn has(bits: u64, value: u8) -> bool {
    bits & (1 << value) != 0
}

/// Parses a list of values, ranges and steps.
fn field(text: &str, allowed: RangeInclusive<u8>, names: &[&str]) -> Option<u64> {
    let mut bits = 0;
    for part in text.split(',') {
        for value in part_of(part, &allowed, names)? {
            bits |= 1 << value;
        }
    }
    Some(bits)
}

/// Parses `*`, `a` or `a-b`, each with an optional `/step`. A single value with a step is a range to the
/// end.
fn part_of(text: &str, allowed: &RangeInclusive<u8>, names: &[&str]) -> Option<Vec<u8>> {
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, Some(number(step).filter(|step| *step > 0)?)),
        None => (text, None),
    };
    let value = |text| value(text, allowed, names);
    let (first, last) = match range.split_once('-') {
        _ if range == "*" => (*allowed.start(), *allowed.end()),
        Some((first, last)) => (value(first)?, value(last)?),
        None => {
            let only = value(range)?;
            (only, if step.is_some() { *allowed.end() } else { only })
        }
    };
    let values: Vec<_> = (first..=last).step_by(usize::from(step.unwrap_or(1))).collect();
    (!values.is_empty()).then_some(values)
}

fn value(text: &str, allowed: &RangeInclusive<u8>, names: &[&str]) -> Option<u8> {
    let lower = text.to_ascii_lowercase();
    let named = |name: &&str| lower.len() >= SHORTEST_NAME && name.starts_with(&lower);
    let index = names.iter().position(named).and_then(|index| u8::try_from(index).ok());
    let value = index.map_or_else(|| number(text), |index| Some(index + allowed.start()));
    value.filter(|value| allowed.contains(value))
}

fn number(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Weekday, macros::datetime};

    use super::*;

    fn next(expression: &str, now: OffsetDateTime) -> OffsetDateTime {
        CronExpression::parse(expression).unwrap().next_after(now).unwrap()
    }

    #[test]
    fn expressions_that_the_hosts_library_rejects_are_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * * *",
            "60 * * * * *",
            "* * * 0 * *",
            "* * * * * 7",
            "*/0 * * * * *",
            "5-1 * * * * *",
            "a * * * * *",
            "0 0 0 L * *",
            "0 0 0 * * mo",
            "0 0 0 ? * *",
            ", * * * * *",
        ] {
            assert_eq!(CronExpression::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_that_does_not_exist_has_no_next_occurrence() {
        let never = CronExpression::parse("0 0 0 30 2 *").unwrap();
        assert_eq!(never.next_after(datetime!(2026-01-01 0:00 UTC)), None);
    }

    #[test]
    fn the_next_occurrence_is_later_than_now() {
        let now = datetime!(2026-01-09 3:05:00 UTC);
        assert_eq!(next("0 */5 * * * *", now), datetime!(2026-01-09 3:10:00 UTC));
        assert_eq!(next("*/5 * * * *", now), datetime!(2026-01-09 3:10:00 UTC));
        assert_eq!(next("* * * * * *", now), datetime!(2026-01-09 3:05:01 UTC));
        let nearly = datetime!(2026-01-09 3:04:59.999 UTC);
        assert_eq!(next("0 */5 * * * *", nearly), now);
        assert_eq!(next("0 0 9-17/4 * * MON-Friday", now), datetime!(2026-01-09 9:00 UTC));
        assert_eq!(next("10/20 0 0 1 jan,Mar *", now), datetime!(2026-03-01 0:00:10 UTC));
        assert_eq!(next("59 59 23 31 12 *", now), datetime!(2026-12-31 23:59:59 UTC));
    }

    #[test]
    fn days_of_the_month_and_of_the_week_must_both_match() {
        let now = datetime!(2026-01-09 0:00 UTC);
        assert_eq!(next("0 0 0 13 * 5", now), datetime!(2026-02-13 0:00 UTC));
        let leap = datetime!(2072-03-01 0:00 UTC);
        assert_eq!(next("0 0 0 29 2 1", leap).date().weekday(), Weekday::Monday);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in r"\PC*", few in "[0-9*/, a-z-]{9,20}") {
            CronExpression::parse(&text);
            CronExpression::parse(&few);
        }

        #[test]
        fn an_occurrence_is_the_first_that_matches(
            second in 0_u8..60, minute in 0_u8..60, hour in 0_u8..24, now in 0_i64..4_000_000_000,
        ) {
            let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
            let found = next(&format!("{second} {minute} {hour} * * *"), now);
            prop_assert_eq!(found.time().as_hms(), (hour, minute, second));
            prop_assert!(found > now && found - now <= Duration::DAY);
        }
    }
}
