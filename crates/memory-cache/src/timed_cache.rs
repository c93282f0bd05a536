use std::{
    borrow::Borrow,
    collections::{HashMap, VecDeque},
    convert::Infallible,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::shared_reads::SharedReads;

/// A bounded cache that knows the age of its values.
///
/// Values do not expire by themselves: the caller of [`TimedCache::get`] says how old a value may be.
/// When the cache is full, the oldest value makes room.
///
/// `E` is the error of a fetch.
#[derive(Debug)]
pub struct TimedCache<K, V, E = Infallible> {
    capacity: usize,
    values: Mutex<Values<K, V>>,
    fetches: SharedReads<K, Result<V, E>>,
}

/// The values, and the order in which they were stored, so that a full cache finds its oldest value without
/// a search.
#[derive(Debug)]
struct Values<K, V> {
    by_key: HashMap<K, Stored<V>>,
    /// Oldest first. Entries of removed or replaced values stay for a while, so that none has to be
    /// searched for.
    order: VecDeque<(u64, K)>,
    next_number: u64,
}

#[derive(Debug)]
struct Stored<V> {
    value: V,
    at: Instant,
    number: u64,
}

impl<K, V> Default for Values<K, V> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), order: VecDeque::new(), next_number: 0 }
    }
}

impl<K: Eq + Hash + Clone, V> Values<K, V> {
    /// Stores a value. With more than `capacity` values, the oldest one makes room.
    fn store(&mut self, key: K, value: V, capacity: usize) {
        self.by_key.remove(&key);
        while self.by_key.len() >= capacity
            && let Some((number, oldest)) = self.order.pop_front()
        {
            if self.is_current(number, &oldest) {
                self.by_key.remove(&oldest);
            }
        }
        // At least half of the entries are dropped, so the amortized work for each stored value is
        // constant.
        if self.order.len() >= 2 * capacity {
            let mut order = std::mem::take(&mut self.order);
            order.retain(|(number, key)| self.is_current(*number, key));
            self.order = order;
        }
        let number = self.next_number;
        self.next_number += 1;
        self.order.push_back((number, key.clone()));
        self.by_key.insert(key, Stored { value, at: Instant::now(), number });
    }

    /// Whether an entry belongs to a value that is still in the cache.
    fn is_current(&self, number: u64, key: &K) -> bool {
        self.by_key.get(key).is_some_and(|stored| stored.number == number)
    }
}

impl<V> Stored<V> {
    fn is_younger_than(&self, max_age: Duration) -> bool {
        self.at.elapsed() < max_age
    }
}

impl<K: Eq + Hash + Clone, V: Clone> TimedCache<K, V> {
    /// The value of `key`, if it was stored less than `max_age` ago; otherwise the value that `fetch`
    /// returns. Concurrent callers for one key wait for one fetch.
    pub async fn get_or_fetch(
        &self,
        key: &K,
        max_age: Duration,
        fetch: impl AsyncFnOnce() -> V,
    ) -> V {
        let Ok(value) = self.get_or_try_fetch(key, max_age, async || Ok(fetch().await)).await;
        value
    }
}

impl<K: Eq + Hash + Clone, V: Clone, E: Clone> TimedCache<K, V, E> {
    /// An empty cache for at most `capacity` values.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, values: Mutex::default(), fetches: SharedReads::default() }
    }

    /// The value of `key`, if it was stored less than `max_age` ago.
    pub fn get<Q>(&self, key: &Q, max_age: Duration) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let values = self.values();
        let stored = values.by_key.get(key).filter(|stored| stored.is_younger_than(max_age))?;
        Some(stored.value.clone())
    }

    /// The value of `key`, like [`TimedCache::get_or_fetch`], from a fetch that can fail.
    ///
    /// An error is not cached. It answers the callers that waited for this fetch, if it began after
    /// their calls; a later caller fetches again.
    pub async fn get_or_try_fetch(
        &self,
        key: &K,
        max_age: Duration,
        fetch: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        if let Some(value) = self.get(key, max_age) {
            return Ok(value);
        }
        let fetch = async || {
            // Another caller may have fetched it while this one waited.
            if let Some(value) = self.get(key, max_age) {
                return Ok(value);
            }
            let value = fetch().await?;
            self.insert(key.clone(), value.clone());
            Ok(value)
        };
        self.fetches.read(key.clone(), fetch).await
    }

    /// Stores a value.
    pub fn insert(&self, key: K, value: V) {
        self.values().store(key, value, self.capacity);
    }

    /// Stores a value, unless one was stored less than `max_age` ago. Returns whether it was stored.
    pub fn insert_if_absent(&self, key: K, value: V, max_age: Duration) -> bool {
        let mut values = self.values();
        let is_absent =
            values.by_key.get(&key).is_none_or(|stored| !stored.is_younger_than(max_age));
        if is_absent {
            values.store(key, value, self.capacity);
        }
        is_absent
    }

    /// Removes the value of `key`.
    pub fn remove<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.values().by_key.remove(key);
    }

    fn values(&self) -> MutexGuard<'_, Values<K, V>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use futures_util::future::join_all;
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const MINUTE: Duration = Duration::from_secs(60);

    fn cache() -> TimedCache<u32, u32> {
        TimedCache::new(3)
    }

    /// Asks for key 1 and returns the number of the fetch that the value came from.
    async fn ask(cache: &TimedCache<u32, u32>, max_age: Duration, fetches: &AtomicU32) -> u32 {
        let fetch = async || {
            tokio::task::yield_now().await;
            fetches.fetch_add(1, SeqCst) + 1
        };
        cache.get_or_fetch(&1, max_age, fetch).await
    }

    #[tokio::test]
    async fn concurrent_callers_for_one_key_cause_one_fetch() {
        let (cache, fetches) = (cache(), AtomicU32::new(0));
        assert_eq!(join_all((0..50).map(|_| ask(&cache, HOUR, &fetches))).await, [1; 50]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_fetched_again_when_it_is_too_old_for_the_caller() {
        let (cache, fetches) = (cache(), AtomicU32::new(0));
        for (passes, max_age, expected) in [
            (Duration::ZERO, HOUR, 1),
            (MINUTE, HOUR, 1),
            (Duration::ZERO, MINUTE, 2),
            (Duration::ZERO, MINUTE, 2),
            (HOUR, HOUR, 3),
        ] {
            tokio::time::advance(passes).await;
            assert_eq!(ask(&cache, max_age, &fetches).await, expected);
        }
    }

    #[tokio::test]
    async fn a_failed_fetch_is_not_cached() {
        let cache = TimedCache::<u32, u32, &str>::new(3);
        assert_eq!(cache.get_or_try_fetch(&1, HOUR, async || Err("down")).await, Err("down"));
        assert_eq!(cache.get_or_try_fetch(&1, HOUR, async || Ok(7)).await, Ok(7));
    }

    #[tokio::test]
    async fn callers_that_wait_for_one_key_share_a_failed_fetch() {
        let (cache, fetches) = (TimedCache::<u32, u32, &str>::new(3), AtomicU32::new(0));
        let fetch = async || {
            fetches.fetch_add(1, SeqCst);
            tokio::task::yield_now().await;
            Err("down")
        };
        let calls = (0..50).map(|_| cache.get_or_try_fetch(&1, HOUR, fetch));
        assert_eq!(join_all(calls).await, [Err("down"); 50]);
        assert_eq!(fetches.load(SeqCst), 2, "that of the first caller, and one for all others");
    }

    #[tokio::test]
    async fn a_removed_value_is_fetched_again() {
        let (cache, fetches) = (cache(), AtomicU32::new(0));
        ask(&cache, HOUR, &fetches).await;
        cache.remove(&1);
        assert_eq!(ask(&cache, HOUR, &fetches).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_value_makes_room_for_a_new_one() {
        let cache = cache();
        for key in 0..4 {
            cache.insert(key, key);
            tokio::time::advance(MINUTE).await;
        }
        assert_eq!(
            [0, 1, 2, 3].map(|key| cache.get(&key, HOUR)),
            [None, Some(1), Some(2), Some(3)]
        );
        cache.insert(1, 10);
        cache.insert(4, 4);
        assert_eq!(cache.get(&2, HOUR), None, "1 was stored again and is younger");
    }

    proptest! {
        /// The model searches: it keeps the values in the order in which they were stored.
        #[test]
        fn the_cache_keeps_what_was_stored_last_in_bounded_memory(
            capacity in 1_usize..5,
            steps in prop::collection::vec((0_u32..8, any::<bool>()), 0..200),
        ) {
            let cache = TimedCache::<u32, usize>::new(capacity);
            let mut model = Vec::new();
            for (step, (key, is_stored)) in steps.into_iter().enumerate() {
                model.retain(|(known, _)| *known != key);
                if is_stored {
                    cache.insert(key, step);
                    model.push((key, step));
                    model.drain(..model.len().saturating_sub(capacity));
                } else {
                    cache.remove(&key);
                }
                for key in 0..8 {
                    let expected = model.iter().find(|(known, _)| *known == key);
                    prop_assert_eq!(cache.get(&key, HOUR), expected.map(|(_, value)| *value));
                }
                let values = cache.values();
                prop_assert_eq!(values.by_key.len(), model.len());
                prop_assert!(values.order.len() <= 2 * capacity);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_inserted_once_until_it_is_too_old() {
        let cache = cache();
        assert!(cache.insert_if_absent(1, 1, HOUR));
        assert!(!cache.insert_if_absent(1, 2, HOUR));
        tokio::time::advance(HOUR).await;
        assert!(cache.insert_if_absent(1, 3, HOUR));
        assert_eq!(cache.get(&1, HOUR), Some(3));
    }
}
