use std::{
    collections::HashMap,
    hash::Hash,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::{sync::OwnedMutexGuard, time::Instant};

use crate::{
    fair_semaphore::{FairPermit, FairSemaphore},
    moment::Moment,
};

/// The number of keys above which the locks that are not in use are removed. It is larger than the
/// number of requests that run at the same time, so that cleaning up is rare.
const MAX_IDLE_LOCKS: usize = 256;

/// A lock, and whose turn it is to take it.
#[derive(Debug)]
struct Lock<V, G> {
    value: Arc<tokio::sync::Mutex<V>>,
    turn: FairSemaphore<G>,
}

/// One asynchronous lock for each key. Callers belong to groups, which are served in turn. The callers of a
/// group are served in the order of their arrival.
///
/// A lock protects a value, which passes from one waiting caller to the next. It starts as its default, and
/// is dropped when no caller holds the lock or waits for it.
#[derive(Debug)]
pub struct KeyedLock<K, V = (), G = ()> {
    /// A lock lives as long as it is held or waited for.
    locks: Mutex<HashMap<K, Weak<Lock<V, G>>>>,
}

/// Exclusive access to a key and its value, until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is released when the guard is dropped"]
pub struct KeyGuard<V = (), G: Clone + Eq + Hash = ()> {
    // Fields are dropped in this order: the next caller finds the value unlocked.
    value: OwnedMutexGuard<V>,
    _turn: FairPermit<G>,
    /// Keeps the value for the next caller.
    _lock: Arc<Lock<V, G>>,
    arrived: Moment,
    waited: bool,
}

impl<V, G: Clone + Eq + Hash> KeyGuard<V, G> {
    /// When the caller asked for the lock.
    #[must_use]
    pub fn arrived(&self) -> Moment {
        self.arrived
    }

    /// Whether another caller held the lock when this one asked for it.
    #[must_use]
    pub fn waited(&self) -> bool {
        self.waited
    }
}

impl<V, G: Clone + Eq + Hash> Deref for KeyGuard<V, G> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.value
    }
}

impl<V, G: Clone + Eq + Hash> DerefMut for KeyGuard<V, G> {
    fn deref_mut(&mut self) -> &mut V {
        &mut self.value
    }
}

impl<K, V, G> Default for KeyedLock<K, V, G> {
    fn default() -> Self {
        Self { locks: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Default> KeyedLock<K, V> {
    /// Waits for exclusive access to `key`.
    pub async fn lock(&self, key: K) -> KeyGuard<V> {
        self.lock_in_turn(key, &()).await
    }

    /// Waits for exclusive access to `key`; `None` if `deadline` passes first.
    pub async fn lock_before(&self, key: K, deadline: Instant) -> Option<KeyGuard<V>> {
        tokio::time::timeout_at(deadline, self.lock(key)).await.ok()
    }
}

impl<K: Eq + Hash, V: Default, G: Clone + Eq + Hash> KeyedLock<K, V, G> {
    /// Waits for exclusive access to `key`, in the turn of this group.
    pub async fn lock_in_turn(&self, key: K, group: &G) -> KeyGuard<V, G> {
        let arrived = Moment::now();
        let lock = self.lock_of(key);
        let (turn, waited) = match lock.turn.try_acquire(group) {
            Some(turn) => (turn, false),
            None => (lock.turn.acquire(group, 1).await, true),
        };
        // It is free, because only the one caller whose turn it is takes it.
        let value = lock.value.clone().lock_owned().await;
        KeyGuard { value, _turn: turn, _lock: lock, arrived, waited }
    }

    fn lock_of(&self, key: K) -> Arc<Lock<V, G>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() >= MAX_IDLE_LOCKS {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::new(Lock { value: Arc::default(), turn: FairSemaphore::new(1) });
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
    async fn a_group_with_many_callers_delays_another_by_one_turn() {
        let locks = KeyedLock::<u32, Vec<&str>, &str>::default();
        let first = locks.lock_in_turn(1, &"many").await;
        let take = async |group| locks.lock_in_turn(1, &group).await.push(group);
        let callers = ["many", "many", "many", "one"].map(take);
        let release = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        // A caller that comes last holds the value until it was looked at.
        let look = async {
            tokio::task::yield_now().await;
            locks.lock_in_turn(1, &"many").await.clone()
        };
        let (_, (), order) = tokio::join!(futures_util::future::join_all(callers), release, look);
        assert_eq!(order, ["one", "many", "many", "many"]);
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
