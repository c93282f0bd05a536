use std::{hash::Hash, time::Duration};

use crate::{keyed_lock::KeyedLock, moment::Moment};

/// How long a caller waits for the reads of others before it reads by itself: longer than a read takes
/// unless it hangs. A read that hangs must not delay the callers after it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads that callers share if they wait for the same key.
///
/// A caller gets the result of a read that began after the call: never an older one. So callers that arrive
/// during a read wait for its end, and then share the next one.
///
/// If a reader is cancelled, the next caller reads. Results are kept only while callers wait.
#[derive(Debug)]
pub struct SharedReads<K, V> {
    /// The latest read of each key, and when it began.
    latest: KeyedLock<K, Option<(Moment, V)>>,
}

impl<K, V> Default for SharedReads<K, V> {
    fn default() -> Self {
        Self { latest: KeyedLock::default() }
    }
}

impl<K: Eq + Hash, V: Clone> SharedReads<K, V> {
    /// The result of `read`, or that of another caller's read of `key` that began after this call.
    pub async fn read(&self, key: K, read: impl AsyncFnOnce() -> V) -> V {
        let Ok(mut latest) = tokio::time::timeout(PATIENCE, self.latest.lock(key)).await else {
            return read().await;
        };
        if let Some((began, value)) = &*latest
            && *began > latest.arrived()
        {
            return value.clone();
        }
        let began = Moment::now();
        let value = read().await;
        *latest = Some((began, value.clone()));
        value
    }
}

#[cfg(test)]
mod tests;
