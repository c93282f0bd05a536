//! The last day of a rule.

use std::fmt;

use time::{Date, Month, OffsetDateTime, UtcOffset};

/// The last day on which a rule allows anything, in UTC.
///
/// In the file: `"2027-06-30"` (RFC 3339, `full-date`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastDay(Date);

impl LastDay {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        read(text).map(Self).ok_or("expected the rule's last day as a date, such as 2027-06-30")
    }

    /// Whether the last day is over at `now`.
    #[must_use]
    pub fn is_over(self, now: OffsetDateTime) -> bool {
        self.days_left(now) < 0
    }

    /// The number of days from `now` to the last day: 0 on it, and negative after it.
    pub(super) fn days_left(self, now: OffsetDateTime) -> i64 {
        let today = now.checked_to_offset(UtcOffset::UTC).unwrap_or(now).date();
        i64::from(self.0.to_julian_day() - today.to_julian_day())
    }
}

fn read(text: &str) -> Option<Date> {
    let number = |digits: usize, text: &str| {
        let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok())?
    };
    let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
    let month = Month::try_from(u8::try_from(number(2, month)?).ok()?).ok()?;
    let day = u8::try_from(number(2, day)?).ok()?;
    Date::from_calendar_date(number(4, year)?.into(), month, day).ok()
}

impl fmt::Display for LastDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(formatter, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_day_of_the_calendar_is_read_and_displayed() {
        for text in ["2027-06-30", "2028-02-29", "0000-01-01", "9999-12-31"] {
            assert_eq!(LastDay::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_day() {
        for text in [
            "",
            "2027-6-30",
            "2027-06-31",
            "2027-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "27-06-30",
            "12027-06-30",
            "-2027-06-30",
            "+2027-06-30",
            "2027-06-30 ",
            "2027-06-30T00:00:00Z",
            "2027/06/30",
            "20270630",
            "30.06.2027",
            "٢٠٢٧-06-30",
            "never",
        ] {
            assert!(LastDay::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_last_day_counts_whole_in_utc() {
        let last = LastDay::parse("2027-06-30").unwrap();
        for (now, days) in [
            (datetime!(2027-06-29 23:59:59 UTC), 1),
            (datetime!(2027-06-30 00:00:00 UTC), 0),
            (datetime!(2027-06-30 23:59:59.999 UTC), 0),
            (datetime!(2027-07-01 01:59:59 +02), 0),
            (datetime!(2027-07-01 00:00:00 UTC), -1),
            (datetime!(2027-06-30 22:00:00 -02), -1),
        ] {
            assert_eq!((last.days_left(now), last.is_over(now)), (days, days < 0), "{now}");
        }
        assert!(last.is_over(datetime!(9999-12-31 23:59:59 -23)));
    }
}
