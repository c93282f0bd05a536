//! The wait after Microsoft Graph has answered 429.

use std::time::Duration;

use tokio::time::Instant;

use azure_rest::timing::CallTiming;

/// The longest `Retry-After` that is respected. Graph's quotas are counted in minutes, and no request
/// lives for a day.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A wait that applies to all calls of one kind: throttled requests count against the quota too
/// ("Microsoft Graph throttling guidance").
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    until: Option<Instant>,
    /// The number of consecutive responses without `Retry-After`.
    without_retry_after: u32,
}

impl Throttle {
    /// Starts or extends the wait after a 429. Without `Retry-After`, the wait doubles each time.
    pub(crate) fn throttle(
        &mut self,
        now: Instant,
        retry_after: Option<Duration>,
        timing: &CallTiming,
    ) {
        let wait = retry_after.unwrap_or_else(|| {
            let doubled = timing.first_wait.saturating_mul(1 << self.without_retry_after.min(16));
            self.without_retry_after += 1;
            doubled.min(timing.longest_wait)
        });
        let until = now + wait.min(MAX_WAIT);
        self.until = Some(self.until.map_or(until, |known| known.max(until)));
    }

    /// Resets the doubling, because a call was accepted.
    pub(crate) fn accepted(&mut self) {
        self.without_retry_after = 0;
    }

    /// The end of the wait, if it is in the future.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// The end of the last wait. It is returned once.
    pub(crate) fn take_end(&mut self) -> Option<Instant> {
        self.until.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_retry_after_applies() {
        let (mut throttle, now, timing) =
            (Throttle::default(), Instant::now(), CallTiming::default());
        throttle.throttle(now, Some(Duration::from_secs(9)), &timing);
        throttle.throttle(now, Some(Duration::from_secs(2)), &timing);
        assert_eq!(throttle.until(now), Some(now + Duration::from_secs(9)));
        assert_eq!(throttle.until(now + Duration::from_secs(9)), None);
    }

    #[test]
    fn without_retry_after_the_wait_doubles_until_a_call_is_accepted() {
        let (mut throttle, now, timing) =
            (Throttle::default(), Instant::now(), CallTiming::default());
        for expected in [1, 2, 4, 8, 16, 32, 32] {
            throttle.throttle(now, None, &timing);
            let waited = throttle.until(now).unwrap() - now;
            assert_eq!(waited, expected * timing.first_wait);
        }
        throttle.take_end();
        throttle.accepted();
        throttle.throttle(now, None, &timing);
        assert_eq!(throttle.until(now), Some(now + timing.first_wait));
    }

    #[test]
    fn the_wait_is_bounded() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        throttle.throttle(now, Some(Duration::MAX), &CallTiming::default());
        assert_eq!(throttle.until(now), Some(now + MAX_WAIT));
    }
}
