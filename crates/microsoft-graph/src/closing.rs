//! When Microsoft Graph may be asked again after it has answered 429.

use std::time::Duration;

use tokio::time::Instant;

use azure_rest::timing::CallTiming;

/// Longest `Retry-After` that is taken at its word. Graph's quotas are counted in minutes; a day is
/// longer than any request lives.
const LONGEST_CLOSING: Duration = Duration::from_secs(24 * 60 * 60);

/// Until when nothing is sent, for all at once: refused requests use quota too ("Microsoft Graph
/// throttling guidance").
#[derive(Debug, Default)]
pub(super) struct Closing {
    until: Option<Instant>,
    /// Refusals in a row that did not say how long to wait.
    silent: u32,
}

impl Closing {
    /// Closes, or keeps closed for longer. A refusal that names no time doubles the wait each time.
    pub(super) fn close(
        &mut self,
        now: Instant,
        retry_after: Option<Duration>,
        timing: &CallTiming,
    ) {
        let wait = retry_after.unwrap_or_else(|| {
            let doubled = timing.first_wait.saturating_mul(1 << self.silent.min(16));
            self.silent += 1;
            doubled.min(timing.longest_wait)
        });
        let until = now + wait.min(LONGEST_CLOSING);
        self.until = Some(self.until.map_or(until, |known| known.max(until)));
    }

    /// Something was accepted.
    pub(super) fn accepted(&mut self) {
        self.silent = 0;
    }

    /// Until when nothing may be sent, if that is yet to come.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// When the last closing ended, once.
    pub(super) fn take_end(&mut self) -> Option<Instant> {
        self.until.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_asked_for_counts() {
        let (mut closing, now, timing) =
            (Closing::default(), Instant::now(), CallTiming::default());
        closing.close(now, Some(Duration::from_secs(9)), &timing);
        closing.close(now, Some(Duration::from_secs(2)), &timing);
        assert_eq!(closing.until(now), Some(now + Duration::from_secs(9)));
        assert_eq!(closing.until(now + Duration::from_secs(9)), None);
    }

    #[test]
    fn refusals_that_name_no_time_double_the_wait_until_something_is_accepted() {
        let (mut closing, now, timing) =
            (Closing::default(), Instant::now(), CallTiming::default());
        for expected in [1, 2, 4, 8, 16, 32, 32] {
            closing.close(now, None, &timing);
            let waited = closing.until(now).unwrap() - now;
            assert_eq!(waited, expected * timing.first_wait);
        }
        closing.take_end();
        closing.accepted();
        closing.close(now, None, &timing);
        assert_eq!(closing.until(now), Some(now + timing.first_wait));
    }

    #[test]
    fn a_time_too_long_to_be_counted_is_cut() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        closing.close(now, Some(Duration::MAX), &CallTiming::default());
        assert_eq!(closing.until(now), Some(now + LONGEST_CLOSING));
    }
}
