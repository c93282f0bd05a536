use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::{sync::OwnedMutexGuard, time::Instant};

/// The number of keys above which the locks that are not in use are removed. It is larger than the
/// number of requests that run at the same time, so that cleaning up is rare.
const MAX_IDLE_LOCKS: usize = 256;

type Lock = tokio::sync::Mutex<()>;

/// One asynchronous lock for each key. Waiters are served in the order of their arrival.
#[derive(Debug)]
pub struct KeyedLock<K> {
    /// A lock lives as long as it is held or waited for.
    locks: Mutex<HashMap<K, Weak<Lock>>>,
}

/// Exclusive access to a key, until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is released when the guard is dropped"]
pub struct KeyGuard {
    _guard: OwnedMutexGuard<()>,
    waited: bool,
}

impl KeyGuard {
    /// Whether the lock was held by another caller first.
    #[must_use]
    pub fn waited(&self) -> bool {
        self.waited
    }
}

impl<K> Default for KeyedLock<K> {
    fn default() -> Self {
        Self { locks: Mutex::default() }
    }
}

impl<K: Eq + Hash> KeyedLock<K> {
    /// Waits for exclusive access to `key`.
    pub async fn lock(&self, key: K) -> KeyGuard {
        let lock = self.lock_of(key);
        match lock.clone().try_lock_owned() {
            Ok(guard) => KeyGuard { _guard: guard, waited: false },
            Err(_) => KeyGuard { _guard: lock.lock_owned().await, waited: true },
        }
    }

    /// Waits for exclusive access to `key`; `None` if `deadline` passes first.
    pub async fn lock_before(&self, key: K, deadline: Instant) -> Option<KeyGuard> {
        tokio::time::timeout_at(deadline, self.lock(key)).await.ok()
    }

    fn lock_of(&self, key: K) -> Arc<Lock> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() >= MAX_IDLE_LOCKS {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::<Lock>::default();
        locks.insert(key, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_caller_waits_for_the_first_and_gives_up_at_its_deadline() {
        let locks = KeyedLock::default();
        let first = locks.lock_before(1, soon()).await;
        assert!(first.as_ref().is_some_and(|guard| !guard.waited()));
        assert!(locks.lock_before(1, soon()).await.is_none());
        drop(first);
        assert!(locks.lock_before(1, soon()).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_waited_is_told_so() {
        let locks = KeyedLock::default();
        let first = locks.lock(1).await;
        let (_, second) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                drop(first);
            },
            locks.lock(1)
        );
        assert!(second.waited());
    }

    #[tokio::test]
    async fn different_keys_do_not_wait_for_each_other() {
        let locks = KeyedLock::default();
        let guards = [locks.lock_before(1, soon()).await, locks.lock_before(2, soon()).await];
        assert!(guards.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn locks_that_are_not_in_use_are_removed_and_a_held_one_is_kept() {
        let locks = KeyedLock::default();
        let held = locks.lock_before(0, soon()).await;
        for key in 1..10 * MAX_IDLE_LOCKS {
            assert!(locks.lock_before(key, soon()).await.is_some());
        }
        assert!(locks.locks.lock().unwrap().len() <= MAX_IDLE_LOCKS);
        assert!(locks.lock_before(0, Instant::now()).await.is_none());
        drop(held);
    }
}
