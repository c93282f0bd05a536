//! The schedule of a timer ("Timer trigger for Azure Functions", configuration).

mod cron;

use std::time::Duration;

use cron::CronExpression;

use time::OffsetDateTime;

use crate::time_span;

const MINUTE: Duration = Duration::from_secs(60);

/// A schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    Cron(CronExpression),
    /// An interval from the start of the previous run.
    Constant(Duration),
}

impl Schedule {
    /// Parses a cron expression or a positive time span; `None` if the text is neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let constant =
            || time_span::parse(text).filter(|span| *span > Duration::ZERO).map(Self::Constant);
        CronExpression::parse(text).map(Self::Cron).or_else(constant)
    }

    /// The first occurrence after `now`, if there is one.
    pub(crate) fn next_after(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self {
            Self::Cron(expression) => expression.next_after(now),
            Self::Constant(interval) => now.checked_add(time::Duration::try_from(*interval).ok()?),
        }
    }

    /// Whether the timer fires so often that the host keeps no status.
    pub(crate) fn is_more_often_than_each_minute(&self, now: OffsetDateTime) -> bool {
        match self {
            Self::Cron(expression) => {
                let second =
                    expression.next_after(now).and_then(|next| expression.next_after(next));
                second.is_some_and(|second| second < now + MINUTE)
            }
            Self::Constant(interval) => *interval < MINUTE,
        }
    }

    /// The property `AdjustForDST` of the envelope.
    pub(crate) fn adjusts_for_dst(&self) -> bool {
        matches!(self, Self::Cron(_))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-09 3:04:31 UTC);

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "soon", "00:00:00", "0 0 0 0 0 0"] {
            assert_eq!(Schedule::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_span_is_counted_from_now() {
        let schedule = Schedule::parse("00:01:30").unwrap();
        assert_eq!(schedule.next_after(NOW), Some(datetime!(2026-01-09 3:06:01 UTC)));
        assert!(!schedule.adjusts_for_dst());
    }

    #[test]
    fn a_timer_that_fires_twice_a_minute_has_no_status() {
        let is_often = |text| Schedule::parse(text).unwrap().is_more_often_than_each_minute(NOW);
        for text in ["*/30 * * * * *", "00:00:59.9"] {
            assert!(is_often(text), "{text}");
        }
        for text in ["0 * * * * *", "* * * * *", "00:01:00", "0 0 0 30 2 *"] {
            assert!(!is_often(text), "{text}");
        }
    }
}
