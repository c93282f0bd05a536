//! A value that is found out once in a while, however many ask for it.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

/// A value and when it was found. The caller that holds the lock finds it; others wait for the result.
pub(crate) struct SingleFlight<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> SingleFlight<T> {
    /// The value if it is younger than `max_age`, otherwise the value that `find` returns. Concurrent
    /// callers cause one call of `find`.
    pub(crate) async fn get(&self, max_age: Duration, find: impl AsyncFnOnce() -> T) -> T {
        let mut cached = self.0.lock().await;
        match &*cached {
            Some((at, found)) if at.elapsed() < max_age => found.clone(),
            _ => {
                let found = find().await;
                *cached = Some((Instant::now(), found.clone()));
                found
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use futures_util::future::join_all;

    use super::*;

    const MAX_AGE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn concurrent_callers_share_one_look_up_until_its_value_is_too_old() {
        let (cached, times) = (SingleFlight::default(), AtomicU32::new(0));
        let ask = || {
            cached.get(MAX_AGE, async || {
                tokio::time::sleep(Duration::from_secs(5)).await;
                times.fetch_add(1, SeqCst) + 1
            })
        };
        assert_eq!(join_all((0..9).map(|_| ask())).await, [1; 9]);
        tokio::time::advance(MAX_AGE - Duration::from_secs(1)).await;
        assert_eq!(ask().await, 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(join_all((0..9).map(|_| ask())).await, [2; 9]);
    }
}
