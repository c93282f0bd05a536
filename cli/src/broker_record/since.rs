//! The moment from which rows are shown: a time, or how long ago it was.

use time::{
    Date, Duration, OffsetDateTime, format_description::BorrowedFormatItem,
    macros::format_description,
};

use crate::{storage::filter, timestamps};

/// The last millisecond of the year 9999, since 1970. Row keys begin with the difference to it
/// (docs/logging.md).
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// A day without a time.
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The error for a value in no known form.
const EXPECTED: &str = "expected a time, for example 2026-08-20 or 2026-08-20T10:11:12Z, or how long ago it \
                        was, for example 30m, 2h or 7d";

/// The units of durations, in seconds.
const UNITS: [(char, i64); 5] =
    [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 7 * 86_400)];

/// A moment in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since(OffsetDateTime);

impl Since {
    /// Parses a time, or a duration before now.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Self::before(OffsetDateTime::now_utc(), text)
    }

    /// The moment this long ago.
    pub(crate) fn ago(duration: Duration) -> Self {
        Self(OffsetDateTime::now_utc() - duration)
    }

    fn before(now: OffsetDateTime, text: &str) -> Result<Self, String> {
        if let Some(time) = time(text) {
            return match time <= now {
                true => Ok(Self(time.max(OffsetDateTime::UNIX_EPOCH))),
                false => Err(format!("it is in the future; {EXPECTED}")),
            };
        }
        let seconds = seconds(text).ok_or(EXPECTED)?;
        let past = now.checked_sub(Duration::seconds(seconds));
        Ok(Self(past.unwrap_or(OffsetDateTime::UNIX_EPOCH).max(OffsetDateTime::UNIX_EPOCH)))
    }

    /// A moment that is earlier by a duration.
    pub(crate) fn earlier(self, duration: Duration) -> Self {
        let earlier = self.0.checked_sub(duration).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self(earlier.max(OffsetDateTime::UNIX_EPOCH))
    }

    /// The moment.
    pub(crate) fn moment(self) -> OffsetDateTime {
        self.0
    }

    /// The condition on the keys of the audit table's rows: those of requests that began since then.
    pub(crate) fn of_keys(self) -> String {
        let milliseconds = self.0.unix_timestamp() * 1000 + i64::from(self.0.millisecond());
        // Any key with this number, whatever follows it, is below the next number.
        let next = LAST_MILLISECOND - milliseconds + 1;
        filter::text("RowKey", "lt", &format!("{next:015}"))
    }
}

/// Reads a time with a zone, or a day in UTC.
fn time(text: &str) -> Option<OffsetDateTime> {
    let day = || Date::parse(text, DAY).ok().map(|day| day.midnight().assume_utc());
    timestamps::parse(text).or_else(day)
}

/// Reads a duration: a number and its unit, or several of them in one word.
fn seconds(text: &str) -> Option<i64> {
    let (mut rest, mut total) = (text, 0_i64);
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let mut behind = behind.chars();
        let unit = behind.next()?;
        let (_, length) = UNITS.iter().find(|(known, _)| *known == unit)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*length)?)?;
        rest = behind.as_str();
    }
    Some(total).filter(|total| *total > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-08-20 10:11:12.5 UTC);

    #[test]
    fn a_value_that_is_neither_a_time_nor_a_duration_is_refused_with_examples() {
        for text in [
            "",
            " ",
            "h",
            "2",
            "2 h",
            "2x",
            "-2h",
            "+2h",
            "2.5h",
            "2hh",
            "h2",
            "0h",
            "0s",
            "²h",
            "٢h",
            "2h ",
            "yesterday",
            "2026-13-01",
            "2026-08-20T10:11:12",
            "2026-08-20 10:11",
            "10:11",
            "99999999999999999999d",
            "9223372036854775807w",
            "PT2H",
        ] {
            let refused = Since::before(NOW, text).unwrap_err();
            assert!(refused.ends_with("2h or 7d"), "{text:?}: {refused}");
        }
        let future = Since::before(NOW, "2026-08-20T10:11:13Z").unwrap_err();
        assert!(future.starts_with("it is in the future"), "{future}");
    }

    #[test]
    fn times_and_durations_name_a_moment() {
        for (text, moment) in [
            ("90s", datetime!(2026-08-20 10:09:42.5 UTC)),
            ("30m", datetime!(2026-08-20 09:41:12.5 UTC)),
            ("1h30m", datetime!(2026-08-20 08:41:12.5 UTC)),
            ("7d", datetime!(2026-08-13 10:11:12.5 UTC)),
            ("2w", datetime!(2026-08-06 10:11:12.5 UTC)),
            ("2026-08-20", datetime!(2026-08-20 00:00 UTC)),
            ("2026-08-20T12:11:12+02:00", datetime!(2026-08-20 10:11:12 UTC)),
            ("1066-10-14", OffsetDateTime::UNIX_EPOCH),
            ("999999d", OffsetDateTime::UNIX_EPOCH),
        ] {
            assert_eq!(Since::before(NOW, text), Ok(Since(moment)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_moment_in_the_past_or_a_sentence(text: String) {
            if let Ok(since) = Since::before(NOW, &text) {
                prop_assert!(since.0 <= NOW);
                prop_assert_eq!(since.of_keys().len(), "RowKey lt '253402300799999'".len());
            }
        }

        #[test]
        fn keys_since_a_moment_are_those_that_are_not_older(ms in 0..LAST_MILLISECOND, older in -2_i64..3) {
            let since = Since(OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(ms));
            let key = format!("{:015}-0a-00", LAST_MILLISECOND - ms + older);
            let condition = since.of_keys();
            let bound = condition.split('\'').nth(1).unwrap();
            prop_assert_eq!(key.as_str() < bound, older <= 0);
        }
    }
}
