//! APIs with their roles, remembered: Microsoft Graph's own list has 264 KB.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Lookup, error::GraphError};
use app_roles::{directory::Api, names::ApiName};

/// Most names that are remembered. A tenant has a handful of APIs; the limit is for callers who write
/// one name in many ways. Microsoft Graph's roles take a few hundred kilobytes, so all of this is below
/// 20 MB.
const MOST_NAMES: usize = 64;

/// What is remembered of one name. Holding its lock is holding the right to ask Graph.
type Slot = Arc<tokio::sync::Mutex<Option<Remembered>>>;

struct Remembered {
    api: Arc<Api>,
    read: Instant,
}

/// APIs by the names that found them.
#[derive(Default)]
pub(super) struct ApiCache {
    slots: Mutex<HashMap<ApiName, Slot>>,
}

impl ApiCache {
    /// The API of this name, no older than `oldest`; else what `read` finds. However many ask at
    /// once, one reads and the others wait for it. Only what was found is remembered.
    pub(super) async fn get<F>(
        &self,
        name: &ApiName,
        oldest: Duration,
        read: impl FnOnce() -> F,
    ) -> Result<Lookup<Arc<Api>>, GraphError>
    where
        F: Future<Output = Result<Lookup<Api>, GraphError>>,
    {
        let slot = self.slot(name);
        let mut remembered = slot.lock().await;
        if let Some(known) = remembered.as_ref().filter(|known| known.read.elapsed() < oldest) {
            return Ok(Lookup::Found(known.api.clone()));
        }
        match read().await? {
            Lookup::Found(api) => {
                let api = Arc::new(api);
                *remembered = Some(Remembered { api: api.clone(), read: Instant::now() });
                Ok(Lookup::Found(api))
            }
            Lookup::NotFound => Ok(Lookup::NotFound),
            Lookup::Ambiguous(candidates) => Ok(Lookup::Ambiguous(candidates)),
        }
    }

    /// Forgets what is remembered of a name, for instance because Graph denies it.
    pub(super) fn forget(&self, name: &ApiName) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn slot(&self, name: &ApiName) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_NAMES && !slots.contains_key(name) {
            // Whoever holds a slot keeps it; at worst a few names are read twice.
            slots.clear();
        }
        slots.entry(name.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;
    use app_roles::{
        ids::{AppId, ObjectId},
        text::DisplayName,
    };

    const HOUR: Duration = Duration::from_secs(3600);

    fn name(text: &str) -> ApiName {
        ApiName::DisplayName(DisplayName::parse(text).unwrap())
    }

    fn api() -> Api {
        let id = "11111111-1111-1111-1111-111111111111";
        Api {
            object_id: ObjectId::parse(id).unwrap(),
            app_id: AppId::parse(id).unwrap(),
            owner: None,
            identifier_uris: vec![],
            display_name: String::new(),
            roles: vec![],
        }
    }

    async fn ask(cache: &ApiCache, text: &str, oldest: Duration, reads: &AtomicUsize) {
        let name = name(text);
        let answer = cache.get(&name, oldest, || async {
            reads.fetch_add(1, SeqCst);
            tokio::task::yield_now().await;
            Ok(Lookup::Found(api()))
        });
        assert!(matches!(answer.await, Ok(Lookup::Found(_))));
    }

    #[tokio::test]
    async fn what_was_not_found_is_asked_for_again() {
        let cache = ApiCache::default();
        let found = cache.get(&name("a"), HOUR, || async { Ok(Lookup::NotFound) }).await;
        assert!(matches!(found, Ok(Lookup::NotFound)));
        let reads = AtomicUsize::new(0);
        ask(&cache, "a", HOUR, &reads).await;
        assert_eq!(reads.load(SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_api_is_read_again_when_it_is_too_old_for_the_question() {
        let (cache, reads) = (ApiCache::default(), AtomicUsize::new(0));
        let minute = Duration::from_secs(60);
        for (passes, oldest, expected) in [
            (Duration::ZERO, HOUR, 1),
            (minute, HOUR, 1),
            (Duration::ZERO, minute, 2),
            (Duration::ZERO, minute, 2),
            (HOUR, HOUR, 3),
        ] {
            tokio::time::advance(passes).await;
            ask(&cache, "a", oldest, &reads).await;
            assert_eq!(reads.load(SeqCst), expected);
        }
    }

    #[tokio::test]
    async fn however_many_ask_at_once_one_reads() {
        let (cache, reads) = (ApiCache::default(), AtomicUsize::new(0));
        let asking = (0..50).map(|_| ask(&cache, "a", HOUR, &reads));
        futures_util::future::join_all(asking).await;
        assert_eq!(reads.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn what_is_forgotten_is_read_again() {
        let (cache, reads) = (ApiCache::default(), AtomicUsize::new(0));
        ask(&cache, "a", HOUR, &reads).await;
        cache.forget(&name("a"));
        ask(&cache, "a", HOUR, &reads).await;
        assert_eq!(reads.load(SeqCst), 2);
    }

    #[tokio::test]
    async fn many_names_do_not_fill_the_memory() {
        let (cache, reads) = (ApiCache::default(), AtomicUsize::new(0));
        for number in 0..1000 {
            ask(&cache, &number.to_string(), HOUR, &reads).await;
        }
        assert!(cache.slots.lock().unwrap().len() <= MOST_NAMES);
    }
}
