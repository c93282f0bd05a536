//! What is found out once in a while, however many ask.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

/// A finding and when it was made. Holding the lock is holding the right to find out.
pub(super) struct Remembered<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Remembered<T> {
    /// What was found less than `oldest` ago; else what `find` finds. However many ask at once, one
    /// finds out and the others wait for it.
    pub(super) async fn get(&self, oldest: Duration, find: impl AsyncFnOnce() -> T) -> T {
        let mut remembered = self.0.lock().await;
        match &*remembered {
            Some((at, found)) if at.elapsed() < oldest => found.clone(),
            _ => {
                let found = find().await;
                *remembered = Some((Instant::now(), found.clone()));
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

    const OLDEST: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn however_many_ask_one_finds_out_until_it_is_too_old() {
        let (remembered, times) = (Remembered::default(), AtomicU32::new(0));
        let ask = || {
            remembered.get(OLDEST, async || {
                tokio::time::sleep(Duration::from_secs(5)).await;
                times.fetch_add(1, SeqCst) + 1
            })
        };
        assert_eq!(join_all((0..9).map(|_| ask())).await, [1; 9]);
        tokio::time::advance(OLDEST - Duration::from_secs(1)).await;
        assert_eq!(ask().await, 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(join_all((0..9).map(|_| ask())).await, [2; 9]);
    }
}
