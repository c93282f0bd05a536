//! The schedule of a timer ("Timer trigger for Azure Functions", NCRONTAB expressions): six fields, each of
//! which is `*`, `*/step` or one value. The host's library, `NCrontab`, knows more.

use std::ops::RangeInclusive;

use time::{Date, Duration, OffsetDateTime, Time};

/// The number of days that are searched for the next occurrence.
const DAYS_SEARCHED: u32 = 5 * 366;

/// A schedule: for each field, a bit per matching value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

impl Schedule {
    /// Parses an expression; `None` if it is invalid or not supported.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.split_whitespace().collect();
        let [seconds, minutes, hours, days, months, weekdays] = *fields else { return None };
        Some(Self {
            seconds: field(seconds, 0..=59)?,
            minutes: field(minutes, 0..=59)?,
            hours: field(hours, 0..=23)?,
            days: field(days, 1..=31)?,
            months: field(months, 1..=12)?,
            weekdays: field(weekdays, 0..=6)?,
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

    /// If days of the month and of the week are both restricted, both must match.
    fn includes(&self, date: Date) -> bool {
        has(self.months, u8::from(date.month()))
            && has(self.days, date.day())
            && has(self.weekdays, date.weekday().number_days_from_sunday())
    }

    /// The first matching time of a day, from `from` on.
    fn first_time(&self, from: Time) -> Option<Time> {
        let hours = (0..24).filter(|hour| has(self.hours, *hour));
        let minutes = hours.flat_map(|hour| (0..60).map(move |minute| (hour, minute)));
        let minutes = minutes.filter(|(_, minute)| has(self.minutes, *minute));
        let times = minutes.flat_map(|(hour, minute)| (0..60).map(move |s| (hour, minute, s)));
        let mut times = times.filter(|(_, _, second)| has(self.seconds, *second));
        let (hour, minute, second) = times.find(|time| *time >= from.as_hms())?;
        Time::from_hms(hour, minute, second).ok()
    }
}

fn has(bits: u64, value: u8) -> bool {
    bits & (1 << value) != 0
}

fn field(text: &str, allowed: RangeInclusive<u8>) -> Option<u64> {
    let (first, step) = match text.split_once('/').unwrap_or((text, "1")) {
        ("*", step) => (*allowed.start(), step.parse().ok().filter(|step| *step > 0)?),
        // One value: the next one would be out of range.
        _ => (text.parse().ok().filter(|value| allowed.contains(value))?, usize::from(u8::MAX)),
    };
    Some((first..=*allowed.end()).step_by(step).fold(0, |bits, value| bits | 1 << value))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_invalid_or_unsupported_expression_is_refused() {
        for text in ["", "* * * * *", "60 * * * * *", "* * * 0 * *", "*/0 * * * * *", "a * * * * *"]
        {
            assert_eq!(Schedule::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_next_occurrence_is_the_first_that_matches_after_now() {
        let now = datetime!(2026-01-09 3:05:00 UTC);
        for (text, expected) in [
            ("* * * * * *", Some(datetime!(2026-01-09 3:05:01 UTC))),
            ("0 */5 * * * *", Some(datetime!(2026-01-09 3:10:00 UTC))),
            ("0 0 */6 * * *", Some(datetime!(2026-01-09 6:00:00 UTC))),
            ("59 59 23 31 12 *", Some(datetime!(2026-12-31 23:59:59 UTC))),
            ("0 0 0 13 * 5", Some(datetime!(2026-02-13 0:00 UTC))),
            ("0 0 0 30 2 *", None),
        ] {
            assert_eq!(Schedule::parse(text).unwrap().next_after(now), expected, "{text}");
        }
        let nearly = datetime!(2026-01-09 3:04:59.999 UTC);
        assert_eq!(Schedule::parse("0 */5 * * * *").unwrap().next_after(nearly), Some(now));
    }
}
