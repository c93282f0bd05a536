//! A time limit for the caller that does not end the work.

use std::time::Duration;

/// Waits for `work` up to `limit`. The work continues after that: a write that has begun must be finished
/// and recorded.
pub(super) async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T>
where
    T: Send + 'static,
{
    match tokio::time::timeout(limit, tokio::spawn(work)).await {
        Ok(Ok(done)) => Some(done),
        // The server handles a panic.
        Ok(Err(failure)) => match failure.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(25);

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_not_waited_for_and_goes_on() {
        let (release, finished) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (released, done) = (release.clone(), finished.clone());
        let work = async move {
            released.notified().await;
            done.notify_one();
        };
        let began = tokio::time::Instant::now();
        assert_eq!(in_time(LIMIT, work).await, None);
        assert_eq!(began.elapsed(), LIMIT);
        release.notify_one();
        finished.notified().await;
    }

    #[tokio::test]
    #[should_panic(expected = "a use case that crashes")]
    async fn a_crash_stays_a_crash() {
        in_time(LIMIT, async { panic!("a use case that crashes") }).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_ends_is_the_answer() {
        assert_eq!(in_time(LIMIT, async { 7 }).await, Some(7));
    }
}
