//! The one retry loop.

use std::{
    fmt::Display,
    time::{Duration, SystemTime},
};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

use crate::{
    timing::CallTiming,
    traffic::{self, Event},
};

/// The latest time for the answer to an invocation.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline that passes after `duration`.
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The earlier of this deadline and one that passes after `duration`.
    #[must_use]
    pub fn at_most(&self, duration: Duration) -> Self {
        Self(self.0.min(Instant::now() + duration))
    }

    /// The later of this deadline and one that passes after `duration`.
    #[must_use]
    pub fn at_least(&self, duration: Duration) -> Self {
        Self(self.0.max(Instant::now() + duration))
    }

    /// The deadline as a point in time.
    #[must_use]
    pub fn moment(&self) -> Instant {
        self.0
    }

    /// The time until the deadline; zero once it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// The result of one attempt.
#[derive(Debug)]
pub enum Attempt<T, E> {
    /// It succeeded.
    Done(T),
    /// It failed, and a retry may succeed.
    Again {
        /// How long the service asked to wait, if it did.
        after: Option<Duration>,
        /// The error to return if there is no time for a retry.
        error: E,
    },
    /// It failed, and a retry would fail too.
    Stop(E),
}

/// What the retry loop needs to know about an error of a service.
pub trait ServiceError: Display {
    /// Whether a retry within seconds may succeed.
    fn is_transient(&self) -> bool;

    /// Whether the service refused the token. The request is sent once more with a new one.
    fn is_token_refused(&self) -> bool;

    /// Whether the error is a response of the service.
    fn is_response(&self) -> bool;

    /// How long the service asked to wait, if it did.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// Runs `attempt` until it succeeds, fails permanently, or the next wait would pass the deadline of
/// `backoff`.
///
/// Transient errors are retried. After a refused token the attempt is repeated, once. If the deadline cuts off
/// the last attempt, the error is the last response: that the service did not answer would be misleading.
pub(crate) async fn with_retries<T, E: ServiceError, F>(
    mut backoff: Backoff,
    attempt: impl Fn() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut has_new_token = false;
    let mut last_response = None;
    loop {
        let error = match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let needs_new_token = error.is_token_refused() && !has_new_token;
        has_new_token |= needs_new_token;
        if !error.is_transient() && !needs_new_token {
            return Err(error);
        }
        let Some(pause) = backoff.next_pause(error.retry_after(), &error) else {
            let is_cut_off = !error.is_response() && backoff.is_over();
            return Err(last_response.filter(|_| is_cut_off).unwrap_or(error));
        };
        backoff.pause(pause).await;
        last_response = Some(error).filter(ServiceError::is_response).or(last_response);
    }
}

/// Runs `operation` until it succeeds, fails permanently, or the next wait would pass `deadline`. In
/// that case it returns the last error without waiting.
pub async fn retry<T, E, F>(
    name: &'static str,
    timing: &CallTiming,
    deadline: Deadline,
    mut operation: impl FnMut() -> F,
) -> Result<T, E>
where
    E: Display,
    F: Future<Output = Attempt<T, E>>,
{
    let mut backoff = Backoff::new(name, timing, deadline);
    loop {
        if let Some(result) = backoff.after(operation().await).await {
            return result;
        }
    }
}

/// The waits between the attempts of one operation.
///
/// They double from [`CallTiming::first_wait`] to [`CallTiming::longest_wait`]. Up to a fifth is added as
/// jitter, so that many callers do not return together. The wait that the service asks for is a lower
/// bound: an earlier retry would be refused again.
#[derive(Debug)]
pub struct Backoff {
    operation: &'static str,
    deadline: Deadline,
    next_wait: Duration,
    longest_wait: Duration,
}

impl Backoff {
    /// The backoff of an operation. Its name appears in the log.
    #[must_use]
    pub fn new(operation: &'static str, timing: &CallTiming, deadline: Deadline) -> Self {
        let (next_wait, longest_wait) = (timing.first_wait, timing.longest_wait);
        Self { operation, deadline, next_wait, longest_wait }
    }

    /// The final result after an attempt; `None` if there has been a wait and a retry should follow.
    pub async fn after<T, E: Display>(&mut self, attempt: Attempt<T, E>) -> Option<Result<T, E>> {
        match attempt {
            Attempt::Done(value) => Some(Ok(value)),
            Attempt::Stop(error) => Some(Err(error)),
            Attempt::Again { after, error } => self.wait(after, error).await.err().map(Err),
        }
    }

    /// Waits before a retry, or returns the error if the wait would pass the deadline.
    pub async fn wait<E: Display>(&mut self, after: Option<Duration>, error: E) -> Result<(), E> {
        let Some(pause) = self.next_pause(after, &error) else { return Err(error) };
        self.pause(pause).await;
        Ok(())
    }

    async fn pause(&self, pause: Duration) {
        traffic::tell(Event::Retry { operation: self.operation, after: pause });
        tokio::time::sleep(pause).await;
    }

    /// Whether the deadline has passed.
    fn is_over(&self) -> bool {
        self.deadline.remaining().is_zero()
    }

    /// The wait before a retry; `None` if it would pass the deadline. Not generic, so that the package
    /// has it once.
    fn next_pause(&mut self, after: Option<Duration>, error: &dyn Display) -> Option<Duration> {
        let pause = with_jitter(self.next_wait.max(after.unwrap_or_default()));
        if pause >= self.deadline.remaining() {
            tracing::warn!(
                event = "retry.ended",
                operation = self.operation,
                %error,
                "no time left for a retry"
            );
            return None;
        }
        tracing::info!(
            event = "retry.waiting",
            operation = self.operation,
            pause_ms = millis(pause),
            %error,
            "trying again"
        );
        self.next_wait = (self.next_wait * 2).min(self.longest_wait);
        Some(pause)
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

/// The wait that a `Retry-After` header asks for, rounded up to whole milliseconds.
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
    use std::{
        fmt,
        sync::atomic::{AtomicU32, Ordering::Relaxed},
    };

    use proptest::prelude::*;

    use super::*;

    fn header(text: &str) -> Option<Duration> {
        let headers = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
        retry_after(&headers, httpdate::parse_http_date("Sun, 22 Nov 2026 10:00:00 GMT").unwrap())
    }

    #[test]
    fn an_unusable_header_counts_as_absent() {
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
        fn no_header_makes_the_parser_panic(text in "[ -~]{0,40}") {
            let _ = header(&text);
        }
    }

    /// An error, and whether it is a response.
    #[derive(Debug, PartialEq)]
    struct Failed(u32, bool);

    impl Display for Failed {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "failure {}", self.0)
        }
    }

    impl ServiceError for Failed {
        fn is_transient(&self) -> bool {
            true
        }

        fn is_token_refused(&self) -> bool {
            false
        }

        fn is_response(&self) -> bool {
            self.1
        }
    }

    /// The error of an operation whose attempts fail one after the other, on a paused clock. What is no
    /// response takes this long.
    async fn last_error(are_responses: &[bool], no_response_takes: Duration) -> Failed {
        let (timing, limit) = (CallTiming::default(), Duration::from_secs(60));
        let deadline = Deadline::after(limit);
        let tries = AtomicU32::new(0);
        let attempt = || async {
            let number = tries.fetch_add(1, Relaxed);
            let is_response = are_responses.get(number as usize).copied().unwrap_or_default();
            if !is_response {
                tokio::time::sleep(no_response_takes.min(deadline.remaining())).await;
            }
            Err::<(), _>(Failed(number, is_response))
        };
        with_retries(Backoff::new("test", &timing, deadline), attempt).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_the_deadline_cuts_off_does_not_hide_the_last_response() {
        let limit = Duration::from_secs(60);
        assert_eq!(last_error(&[true], limit).await, Failed(0, true));
        assert_eq!(last_error(&[true, true, false], limit).await, Failed(1, true));
        assert_eq!(last_error(&[true, false, true, false], limit / 3).await, Failed(2, true));
        // There was no response.
        assert_eq!(last_error(&[], limit).await, Failed(0, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_no_longer_answers_is_told_from_one_that_refuses() {
        let Failed(last, is_response) = last_error(&[true], Duration::ZERO).await;
        assert!(last > 2 && !is_response);
    }

    /// Runs an operation that fails `failures` times, on a paused clock. Returns the number of attempts,
    /// whether it succeeded, and the time that passed.
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
    async fn a_wait_that_would_pass_the_deadline_is_not_started() {
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(run(9, hour, Duration::from_secs(60)).await, (1, false, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn neither_is_the_longest_wait_that_can_be_expressed() {
        let longest = header("1.8e19");
        assert!(longest.is_some());
        // With any jitter.
        for _ in 0..50 {
            assert_eq!(run(9, longest, Duration::from_secs(60)).await, (1, false, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_that_the_service_asks_for_is_respected() {
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
    async fn a_permanent_failure_is_not_retried() {
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
