//! Remembers resources and identities that were checked recently, so that older events about them cost
//! nothing.
//!
//! One deployment writes a resource several times, each write is an event, and Event Grid may deliver an
//! event more than once. A check that began after an event has seen the change. It may not have seen later
//! ones, such as an identity that was enabled or replaced. So each entry states the moment up to which its
//! resource was checked.

use std::time::Duration;

use azure_rest::retry::Deadline;
use memory_cache::{KeyGuard, KeyedLock, TimedCache};
use time::OffsetDateTime;

/// The largest number of entries, with a few hundred bytes each. An entry that is dropped costs two
/// reads.
const CAPACITY: usize = 4096;

/// The largest expected difference between this machine's clock and Azure's.
const CLOCK_SKEW: time::Duration = time::Duration::seconds(5);

/// The checks by the key of a resource, or the id of an identity.
pub(crate) struct CheckedResources {
    in_progress: KeyedLock<String>,
    /// The moment up to which each resource was checked.
    seen: TimedCache<String, OffsetDateTime>,
}

/// The exclusive right to check a resource, until it is dropped.
pub(crate) struct ResourceCheck<'a> {
    resources: &'a CheckedResources,
    key: String,
    guard: KeyGuard,
    began: OffsetDateTime,
}

impl Default for CheckedResources {
    fn default() -> Self {
        Self { in_progress: KeyedLock::default(), seen: TimedCache::new(CAPACITY) }
    }
}

impl CheckedResources {
    /// Waits until no other invocation checks this resource; `None` at the deadline.
    pub(crate) async fn begin(&self, key: &str, deadline: Deadline) -> Option<ResourceCheck<'_>> {
        let key = key.to_owned();
        let guard = self.in_progress.lock_before(key.clone(), deadline.moment()).await?;
        Some(ResourceCheck { resources: self, key, guard, began: OffsetDateTime::now_utc() })
    }
}

impl ResourceCheck<'_> {
    /// Whether another invocation was checking the resource before.
    pub(crate) fn waited(&self) -> bool {
        self.guard.waited()
    }

    /// Whether a check younger than `max_age` has already seen the change of an event of this moment.
    pub(crate) fn covers(&self, event: Option<OffsetDateTime>, max_age: Duration) -> bool {
        let seen = self.resources.seen.get(&self.key, max_age);
        matches!((seen, event), (Some(seen), Some(event)) if event <= seen)
    }

    /// Remembers that the resource has everything that it should have. `event` is the moment of the event
    /// that caused the check.
    pub(crate) fn finish(self, event: Option<OffsetDateTime>) {
        // An event from the future must not hide the events until then.
        let event = event.map(|event| event.min(self.began + CLOCK_SKEW));
        let seen = self.began - CLOCK_SKEW;
        let seen = event.map_or(seen, |event| event.max(seen));
        self.resources.seen.insert(self.key, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_AGE: Duration = Duration::from_secs(600);
    const SECOND: time::Duration = time::Duration::seconds(1);

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(1))
    }

    async fn begin(resources: &CheckedResources, number: usize) -> ResourceCheck<'_> {
        resources.begin(&number.to_string(), soon()).await.unwrap()
    }

    #[tokio::test]
    async fn an_event_after_the_check_is_not_covered() {
        let resources = CheckedResources::default();
        let event = OffsetDateTime::now_utc() - 60 * SECOND;
        assert!(!begin(&resources, 1).await.covers(Some(event), MAX_AGE));
        begin(&resources, 1).await.finish(Some(event));
        let check = begin(&resources, 1).await;
        for (seconds, covered) in [(-60, true), (0, true), (40, true), (61, false), (600, false)] {
            let later = event + seconds * SECOND;
            assert_eq!(check.covers(Some(later), MAX_AGE), covered, "{seconds}");
        }
        assert!(!check.covers(None, MAX_AGE), "an event without a time");
    }

    #[tokio::test]
    async fn a_redelivered_event_is_covered_and_a_later_one_is_not() {
        let resources = CheckedResources::default();
        let event = OffsetDateTime::now_utc();
        begin(&resources, 1).await.finish(Some(event));
        let check = begin(&resources, 1).await;
        assert!(check.covers(Some(event), MAX_AGE));
        assert!(!check.covers(Some(event + SECOND / 10), MAX_AGE));
    }

    #[tokio::test]
    async fn an_event_from_the_future_hides_no_other_event() {
        let resources = CheckedResources::default();
        let now = OffsetDateTime::now_utc();
        begin(&resources, 1).await.finish(Some(now + 3600 * SECOND));
        assert!(!begin(&resources, 1).await.covers(Some(now + 60 * SECOND), MAX_AGE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_is_forgotten_after_a_while() {
        let resources = CheckedResources::default();
        let event = OffsetDateTime::now_utc() - 60 * SECOND;
        begin(&resources, 1).await.finish(Some(event));
        tokio::time::advance(MAX_AGE).await;
        assert!(!begin(&resources, 1).await.covers(Some(event), MAX_AGE));
    }

    #[tokio::test(start_paused = true)]
    async fn one_invocation_checks_a_resource_and_others_wait_until_their_deadline() {
        let resources = CheckedResources::default();
        let first = begin(&resources, 1).await;
        assert!(!first.waited());
        assert!(!begin(&resources, 2).await.waited());
        assert!(resources.begin("1", soon()).await.is_none());
        let (_, second) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                drop(first);
            },
            begin(&resources, 1)
        );
        assert!(second.waited());
    }
}
