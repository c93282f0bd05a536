//! The one retry loop.

use std::{
    fmt::Display,
    time::{Duration, SystemTime},
};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

use crate::timing::CallTiming;

/// The moment by which an invocation must have answered.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline this far from now.
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The earlier of this deadline and one that far from now.
    #[must_use]
    pub fn at_most(&self, duration: Duration) -> Self {
        Self(self.0.min(Instant::now() + duration))
    }

    /// The moment itself.
    #[must_use]
    pub fn moment(&self) -> Instant {
        self.0
    }

    /// What is left of it; zero once it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// What one try came to.
#[derive(Debug)]
pub enum Attempt<T, E> {
    /// It worked.
    Done(T),
    /// It did not work and may work later.
    Again {
        /// How long the remote side asked to wait, if it said so.
        after: Option<Duration>,
        /// What to report if there is no time for another try.
        error: E,
    },
    /// It did not work and will not.
    Stop(E),
}

/// Tries `operation` until it is done, stops, or the wait before the next try would pass `deadline`;
/// then the last error is the answer, at once.
///
/// Waits double from [`CallTiming::first_wait`] to [`CallTiming::longest_wait`], with up to a fifth added by
/// chance so that many callers do not return together. What the remote side asks for is a lower
/// bound: coming back sooner would only be refused again.
pub async fn retry<T, E, F, Operation>(
    name: &'static str,
    timing: &CallTiming,
    deadline: Deadline,
    mut operation: Operation,
) -> Result<T, E>
where
    E: Display,
    F: Future<Output = Attempt<T, E>>,
    Operation: FnMut() -> F,
{
    let mut wait = timing.first_wait;
    loop {
        let (after, error) = match operation().await {
            Attempt::Done(value) => return Ok(value),
            Attempt::Stop(error) => return Err(error),
            Attempt::Again { after, error } => (after, error),
        };
        let pause = with_jitter(wait.max(after.unwrap_or_default()));
        if pause >= deadline.remaining() {
            tracing::warn!(
                event = "retry.ended",
                operation = name,
                %error,
                "no time left for another try"
            );
            return Err(error);
        }
        tracing::info!(
            event = "retry.waiting",
            operation = name,
            pause_ms = millis(pause),
            %error,
            "trying again"
        );
        tokio::time::sleep(pause).await;
        wait = (wait * 2).min(timing.longest_wait);
    }
}

fn with_jitter(wait: Duration) -> Duration {
    wait.saturating_add(wait.mul_f64(rand::random::<f64>() / 5.0))
}

/// Whole milliseconds, for logs and results.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a `Retry-After` header asks for, rounded up to whole milliseconds.
///
/// RFC 9110 allows whole seconds and a date; Graph's documented sample has a fraction ("Microsoft
/// Graph throttling guidance"). Anything else counts as absent.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        let millis = (seconds * 1000.0).ceil();
        return Duration::try_from_secs_f64(millis / 1000.0).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(text: &str) -> Option<Duration> {
        let headers = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
        retry_after(&headers, httpdate::parse_http_date("Sun, 22 Nov 2026 10:00:00 GMT").unwrap())
    }

    #[test]
    fn a_header_that_says_nothing_usable_counts_as_absent() {
        for text in ["", "soon", "-1", "NaN", "inf", "1e300", "2026-11-22"] {
            assert_eq!(header(text), None, "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), SystemTime::now()), None);
    }

    #[test]
    fn seconds_fractions_and_dates_are_understood() {
        assert_eq!(header("7"), Some(Duration::from_secs(7)));
        assert_eq!(header("2.1281"), Some(Duration::from_millis(2129)));
        assert_eq!(header("Sun, 22 Nov 2026 10:00:09 GMT"), Some(Duration::from_secs(9)));
        assert_eq!(header("Sun, 22 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
    }

    proptest! {
        #[test]
        fn no_header_makes_parsing_panic(text in "[ -~]{0,40}") {
            let _ = header(&text);
        }
    }

    /// Runs an operation that fails `failures` times, on a paused clock; answers the tries made and
    /// the time that passed.
    async fn run(failures: u32, after: Option<Duration>, limit: Duration) -> (u32, bool, Duration) {
        let start = Instant::now();
        let mut tries = 0;
        let result = retry("test", &CallTiming::default(), Deadline::after(limit), || {
            tries += 1;
            let attempt = if tries > failures {
                Attempt::Done(())
            } else {
                Attempt::Again { after, error: "busy" }
            };
            async move { attempt }
        })
        .await;
        (tries, result.is_ok(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_would_pass_the_deadline_ends_at_once() {
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(run(9, hour, Duration::from_secs(60)).await, (1, false, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_too_long_to_be_counted_ends_at_once_too() {
        let longest = header("1.8e19");
        assert!(longest.is_some());
        // Whatever chance adds to it.
        for _ in 0..50 {
            assert_eq!(run(9, longest, Duration::from_secs(60)).await, (1, false, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_remote_side_asks_for_is_waited_out() {
        let (tries, ok, elapsed) =
            run(1, Some(Duration::from_secs(7)), Duration::from_secs(60)).await;
        assert_eq!((tries, ok), (2, true));
        assert!(
            elapsed >= Duration::from_secs(7) && elapsed < Duration::from_secs(9),
            "{elapsed:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_until_the_deadline() {
        let (tries, ok, elapsed) = run(99, None, Duration::from_secs(60)).await;
        assert!(!ok && (7..=9).contains(&tries), "{tries}");
        assert!(elapsed <= Duration::from_secs(60), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_that_stops_is_not_tried_again() {
        let mut tries = 0;
        let result: Result<(), _> =
            retry("test", &CallTiming::default(), Deadline::after(Duration::from_secs(60)), || {
                tries += 1;
                async { Attempt::Stop("no") }
            })
            .await;
        assert_eq!((result, tries), (Err("no"), 1));
    }
}
