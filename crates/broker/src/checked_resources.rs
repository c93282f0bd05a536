//! Resources and identities that were checked a while ago, so that older events about them cost nothing.
//!
//! One deployment writes a resource several times, each write is an event, and Event Grid may deliver an
//! event more than once. A check that began after an event has seen what the event is about. It may not
//! have seen what happens later: an identity may have been enabled, or replaced. So each entry says up
//! to which moment its resource was checked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use azure_rest::retry::Deadline;
use time::OffsetDateTime;
use tokio::{sync::OwnedMutexGuard, time::Instant};

/// The largest number of entries, with a few hundred bytes each. An entry that is dropped costs two
/// reads.
const CAPACITY: usize = 4096;

/// The largest expected difference between this machine's clock and Azure's.
const CLOCK_SKEW: time::Duration = time::Duration::seconds(5);

/// The entry of one resource. The invocation that holds the lock checks the resource; others wait.
type Entry = Arc<tokio::sync::Mutex<Option<Checked>>>;

#[derive(Debug, Clone, Copy)]
struct Checked {
    at: Instant,
    /// Everything up to this moment was seen.
    up_to: OffsetDateTime,
}

/// Entries by the key of a resource, or the id of an identity.
#[derive(Default)]
pub(crate) struct CheckedResources(Mutex<HashMap<String, Entry>>);

/// The right to check a resource, until it is dropped.
pub(crate) struct ResourceCheck {
    entry: OwnedMutexGuard<Option<Checked>>,
    began: OffsetDateTime,
    /// Whether another invocation was checking the resource before.
    pub(crate) waited: bool,
}

impl CheckedResources {
    /// Waits until no other invocation checks this resource; `None` at the deadline.
    pub(crate) async fn begin(
        &self,
        key: &str,
        deadline: Deadline,
        max_age: Duration,
    ) -> Option<ResourceCheck> {
        let entry = self.entry(key, max_age);
        let (entry, waited) = match entry.clone().try_lock_owned() {
            Ok(entry) => (entry, false),
            Err(_) => {
                let waiting = tokio::time::timeout_at(deadline.moment(), entry.lock_owned());
                (waiting.await.ok()?, true)
            }
        };
        Some(ResourceCheck { entry, began: OffsetDateTime::now_utc(), waited })
    }

    fn entry(&self, key: &str, max_age: Duration) -> Entry {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= CAPACITY && !entries.contains_key(key) {
            entries.retain(|_, entry| is_in_use(entry, max_age));
            if entries.len() >= CAPACITY {
                // An invocation that holds an entry keeps it. At worst, a few resources are checked twice.
                entries.clear();
            }
        }
        entries.entry(key.to_owned()).or_default().clone()
    }
}

/// Whether the resource is being checked now, or was checked recently.
fn is_in_use(entry: &Entry, max_age: Duration) -> bool {
    entry.try_lock().map_or(true, |checked| checked.is_some_and(|one| one.at.elapsed() < max_age))
}

impl ResourceCheck {
    /// Whether a check that is younger than `max_age` has seen an event of this moment.
    pub(crate) fn covers(&self, event: Option<OffsetDateTime>, max_age: Duration) -> bool {
        let checked = self.entry.filter(|checked| checked.at.elapsed() < max_age);
        matches!((checked, event), (Some(checked), Some(event)) if event <= checked.up_to)
    }

    /// Remembers that the resource has all that it should have. `event` is the moment of the event
    /// that caused the check.
    pub(crate) fn finish(mut self, event: Option<OffsetDateTime>) {
        // An event from the future must not hide the events until then.
        let event = event.map(|event| event.min(self.began + CLOCK_SKEW));
        let seen = self.began - CLOCK_SKEW;
        let up_to = event.map_or(seen, |event| event.max(seen));
        *self.entry = Some(Checked { at: Instant::now(), up_to });
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

    async fn begin(resources: &CheckedResources, number: usize) -> ResourceCheck {
        resources.begin(&number.to_string(), soon(), MAX_AGE).await.unwrap()
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
        assert!(!first.waited);
        assert!(!begin(&resources, 2).await.waited);
        assert!(resources.begin("1", soon(), MAX_AGE).await.is_none());
        let (_, second) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                drop(first);
            },
            begin(&resources, 1)
        );
        assert!(second.waited);
    }

    #[tokio::test]
    async fn many_resources_do_not_fill_the_memory() {
        let resources = CheckedResources::default();
        for number in 0..2 * CAPACITY {
            begin(&resources, number).await.finish(None);
        }
        assert!(resources.0.lock().unwrap().len() <= CAPACITY);
    }
}
