use std::{
    collections::HashMap,
    hash::Hash,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::{sync::OwnedMutexGuard, time::Instant};

use crate::moment::Moment;

/// The number of keys above which the locks that are not in use are removed. It is larger than the
/// number of requests that run at the same time, so that cleaning up is rare.
const MAX_IDLE_LOCKS: usize = 256;

type Lock<V> = tokio::sync::Mutex<V>;

/// One asynchronous lock for each key. Callers are served in the order of their arrival.
///
/// A lock protects a value, which callers that wait for one another pass on. The value starts as its
/// default, and is dropped when no caller holds the lock or waits for it.
#[derive(Debug)]
pub struct KeyedLock<K, V = ()> {
    /// A lock lives as long as it is held or waited for.
    locks: Mutex<HashMap<K, Weak<Lock<V>>>>,
}

/// Exclusive access to a key and its value, until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is released when the guard is dropped"]
pub struct KeyGuard<V = ()> {
    value: OwnedMutexGuard<V>,
    arrived: Moment,
    waited: bool,
}

impl<V> KeyGuard<V> {
    /// When the caller asked for the lock.
    #[must_use]
    pub fn arrived(&self) -> Moment {
        self.arrived
    }

    /// Whether the lock was held by another caller first.
    #[must_use]
    pub fn waited(&self) -> bool {
        self.waited
    }
}

impl<V> Deref for KeyGuard<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.value
    }
}

impl<V> DerefMut for KeyGuard<V> {
    fn deref_mut(&mut self) -> &mut V {
        &mut self.value
    }
}

impl<K, V> Default for KeyedLock<K, V> {
    fn default() -> Self {
        Self { locks: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Default> KeyedLock<K, V> {
    /// Waits for exclusive access to `key`.
    pub async fn lock(&self, key: K) -> KeyGuard<V> {
        let arrived = Moment::now();
        let lock = self.lock_of(key);
        match lock.clone().try_lock_owned() {
            Ok(value) => KeyGuard { value, arrived, waited: false },
            Err(_) => KeyGuard { value: lock.lock_owned().await, arrived, waited: true },
        }
    }

    /// Waits for exclusive access to `key`; `None` if `deadline` passes first.
    pub async fn lock_before(&self, key: K, deadline: Instant) -> Option<KeyGuard<V>> {
        tokio::time::timeout_at(deadline, self.lock(key)).await.ok()
    }

    fn lock_of(&self, key: K) -> Arc<Lock<V>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() >= MAX_IDLE_LOCKS {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::<Lock<V>>::default();
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

    fn locks() -> KeyedLock<u32, u32> {
        KeyedLock::default()
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_caller_waits_for_the_first_and_gives_up_at_its_deadline() {
        let locks = locks();
        let first = locks.lock_before(1, soon()).await;
        assert!(first.as_ref().is_some_and(|guard| !guard.waited()));
        assert!(locks.lock_before(1, soon()).await.is_none());
        drop(first);
        assert!(locks.lock_before(1, soon()).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_waited_is_told_so_and_gets_the_value_of_the_one_before() {
        let locks = locks();
        let mut first = locks.lock(1).await;
        let (left, second) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                *first = 7;
                let left = Moment::now();
                drop(first);
                left
            },
            locks.lock(1)
        );
        assert!(second.waited());
        assert!(second.arrived() < left);
        assert_eq!(*second, 7);
    }

    #[tokio::test]
    async fn a_value_is_dropped_when_nobody_waits() {
        let locks = locks();
        *locks.lock(1).await = 7;
        assert_eq!(*locks.lock(1).await, 0);
    }

    #[tokio::test]
    async fn different_keys_do_not_wait_for_each_other() {
        let locks = locks();
        let guards = [locks.lock_before(1, soon()).await, locks.lock_before(2, soon()).await];
        assert!(guards.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn locks_that_are_not_in_use_are_removed_and_a_held_one_is_kept() {
        let locks = locks();
        let held = locks.lock_before(0, soon()).await;
        for key in 1..10 * u32::try_from(MAX_IDLE_LOCKS).unwrap() {
            assert!(locks.lock_before(key, soon()).await.is_some());
        }
        assert!(locks.locks.lock().unwrap().len() <= MAX_IDLE_LOCKS);
        assert!(locks.lock_before(0, Instant::now()).await.is_none());
        drop(held);
    }
}
