//! The wait after Microsoft Graph has answered 429.

use std::time::Duration;

use tokio::time::Instant;

use azure_rest::timing::CallTiming;

/// The longest `Retry-After` that is respected. Graph's quotas are counted in minutes, and no request
/// lives for a day.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A wait that applies to all calls of one kind: throttled requests count against the quota too
/// ("Microsoft Graph throttling guidance").
///
/// One call may be sent every [`CallTiming::probe`] during the wait. Its response decides whether the wait
/// continues, so that one wrong `Retry-After` does not stop all calls for a day.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    until: Option<Instant>,
    /// When the next probe may be sent.
    next_probe: Option<Instant>,
    /// Whether a probe was sent since the last 429.
    is_probing: bool,
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
        // The response to a probe is newer than what was known before.
        let known = self.until.filter(|_| !self.is_probing);
        self.until = Some(known.map_or(until, |known| known.max(until)));
        self.next_probe = Some(now + timing.probe);
        self.is_probing = false;
    }

    /// Notes an accepted call: the doubling starts again, and the wait ends if a probe was sent.
    pub(crate) fn accepted(&mut self, now: Instant) {
        self.without_retry_after = 0;
        if std::mem::take(&mut self.is_probing) {
            self.until = self.until.map(|until| until.min(now));
        }
    }

    /// When to ask again; `None` if a call may be sent now.
    pub(crate) fn wait(&self, now: Instant) -> Option<Instant> {
        let until = self.until.filter(|until| *until > now)?;
        let next = self.next_probe.map_or(until, |probe| until.min(probe));
        (next > now).then_some(next)
    }

    /// Counts a call that is being sent. During the wait it is a probe.
    pub(crate) fn sent(&mut self, now: Instant, timing: &CallTiming) {
        if self.is_waiting(now) {
            self.next_probe = Some(now + timing.probe);
            self.is_probing = true;
        }
    }

    /// Takes back the call that was counted last, because it was not sent. Another one may be the probe.
    pub(crate) fn not_sent(&mut self, now: Instant) {
        if std::mem::take(&mut self.is_probing) {
            self.next_probe = Some(now);
        }
    }

    /// Whether the wait is not over.
    pub(crate) fn is_waiting(&self, now: Instant) -> bool {
        self.end(now).is_some()
    }

    /// The end of the wait, if it is not over.
    pub(crate) fn end(&self, now: Instant) -> Option<Instant> {
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
        assert_eq!(throttle.wait(now), Some(now + Duration::from_secs(9)));
        assert_eq!(throttle.wait(now + Duration::from_secs(9)), None);
    }

    #[test]
    fn without_retry_after_the_wait_doubles_until_a_call_is_accepted() {
        let (mut throttle, now, timing) =
            (Throttle::default(), Instant::now(), CallTiming::default());
        for expected in [1, 2, 4, 8, 16, 32, 32] {
            throttle.throttle(now, None, &timing);
            let waited = throttle.wait(now).unwrap() - now;
            assert_eq!(waited, expected * timing.first_wait);
        }
        throttle.take_end();
        throttle.accepted(now);
        throttle.throttle(now, None, &timing);
        assert_eq!(throttle.wait(now), Some(now + timing.first_wait));
    }

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn a_wait_of_any_length_lets_one_call_through_each_minute() {
        let timing = CallTiming::default();
        for retry_after in [DAY, Duration::MAX, timing.probe * 3] {
            let (mut throttle, mut now) = (Throttle::default(), Instant::now());
            throttle.throttle(now, Some(retry_after), &timing);
            for _ in 0..2 {
                assert_eq!(throttle.wait(now), Some(now + timing.probe), "{retry_after:?}");
                now += timing.probe;
                assert_eq!(throttle.wait(now), None, "a probe");
                throttle.sent(now, &timing);
            }
            assert_eq!(throttle.wait(now), Some(now + timing.probe), "no other call");
        }
    }

    #[test]
    fn the_response_to_a_probe_decides_how_the_wait_goes_on() {
        let (mut throttle, start, timing) =
            (Throttle::default(), Instant::now(), CallTiming::default());
        throttle.throttle(start, Some(DAY), &timing);
        throttle.accepted(start);
        assert!(throttle.wait(start).is_some(), "the response to an earlier call ends no wait");
        let now = start + timing.probe;
        throttle.sent(now, &timing);
        throttle.throttle(now, Some(Duration::from_secs(5)), &timing);
        assert_eq!(throttle.wait(now), Some(now + Duration::from_secs(5)));
        throttle.throttle(now, Some(DAY), &timing);
        let now = now + timing.probe;
        throttle.sent(now, &timing);
        throttle.accepted(now);
        assert_eq!(throttle.wait(now), None);
    }

    #[test]
    fn a_probe_that_was_not_sent_is_sent_by_the_next_caller() {
        let (mut throttle, start, timing) =
            (Throttle::default(), Instant::now(), CallTiming::default());
        throttle.throttle(start, Some(DAY), &timing);
        let now = start + timing.probe;
        throttle.sent(now, &timing);
        throttle.not_sent(now);
        assert_eq!(throttle.wait(now), None);
    }
}
