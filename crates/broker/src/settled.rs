//! Resources that were looked at a while ago, so that events which are older cost nothing.
//!
//! One deployment writes a resource several times, each of which is an event, and Event Grid may
//! deliver each more than once. What was seen after an event had come includes what it is about. What
//! comes later may not be included: an identity may have been turned on, or made anew. So what is
//! remembered is up to which moment a resource is settled, and not only that it is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{sync::OwnedMutexGuard, time::Instant};

use app_roles::{arm::ArmScope, ids::ObjectId};
use azure_rest::retry::Deadline;

/// Most resources that are remembered, with a few hundred bytes each. Beyond them the oldest
/// knowledge is dropped, and costs two reads.
const MOST: usize = 4096;

/// How far this machine's clock and Azure's may be apart.
const CLOCK_SKEW: time::Duration = time::Duration::seconds(5);

/// What is remembered of one resource. Holding its lock is holding the right to look at it.
type Slot = Arc<tokio::sync::Mutex<Option<Settled>>>;

#[derive(Debug, Clone, Copy)]
struct Settled {
    at: Instant,
    /// Whatever happened up to this moment was seen.
    up_to: OffsetDateTime,
}

/// Resources by their id, and identities by theirs.
#[derive(Default)]
pub(super) struct SettledResources(Mutex<HashMap<String, Slot>>);

/// The right to look at a resource, until it is dropped.
pub(super) struct Turn {
    slot: OwnedMutexGuard<Option<Settled>>,
    began: OffsetDateTime,
    /// Whether somebody else was at it before.
    pub(super) waited: bool,
}

impl SettledResources {
    /// Waits until nobody else looks at this resource; `None` if that is not before the deadline.
    pub(super) async fn turn(
        &self,
        resource: &ArmScope,
        deadline: Deadline,
        memory: Duration,
    ) -> Option<Turn> {
        self.turn_at(resource.key().to_owned(), deadline, memory).await
    }

    /// The same for an identity whose resource nobody has asked for.
    pub(super) async fn turn_of_identity(
        &self,
        principal: ObjectId,
        deadline: Deadline,
        memory: Duration,
    ) -> Option<Turn> {
        self.turn_at(principal.to_string(), deadline, memory).await
    }

    async fn turn_at(&self, key: String, deadline: Deadline, memory: Duration) -> Option<Turn> {
        let slot = self.slot(key, memory);
        let (slot, waited) = match slot.clone().try_lock_owned() {
            Ok(slot) => (slot, false),
            Err(_) => {
                let waiting = tokio::time::timeout_at(deadline.moment(), slot.lock_owned());
                (waiting.await.ok()?, true)
            }
        };
        Some(Turn { slot, began: OffsetDateTime::now_utc(), waited })
    }

    fn slot(&self, key: String, memory: Duration) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(&key) {
            slots.retain(|_, slot| is_worth_keeping(slot, memory));
            if slots.len() >= MOST {
                // Whoever holds a slot keeps it; at worst a few resources are looked at twice.
                slots.clear();
            }
        }
        slots.entry(key).or_default().clone()
    }
}

/// Whether somebody is at it, or it says something yet.
fn is_worth_keeping(slot: &Slot, memory: Duration) -> bool {
    slot.try_lock().map_or(true, |settled| settled.is_some_and(|one| one.at.elapsed() < memory))
}

impl Turn {
    /// Whether what happened at this moment was seen, not longer ago than `memory`.
    pub(super) fn covers(&self, event: Option<OffsetDateTime>, memory: Duration) -> bool {
        let settled = self.slot.filter(|settled| settled.at.elapsed() < memory);
        matches!((settled, event), (Some(settled), Some(event)) if event <= settled.up_to)
    }

    /// The resource has, as of this turn, all that it should have. `event` is what led to it.
    pub(super) fn settle(mut self, event: Option<OffsetDateTime>) {
        // An event that lies in the future must not silence those that come until then.
        let event = event.map(|event| event.min(self.began + CLOCK_SKEW));
        let seen = self.began - CLOCK_SKEW;
        let up_to = event.map_or(seen, |event| event.max(seen));
        *self.slot = Some(Settled { at: Instant::now(), up_to });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Duration = Duration::from_secs(600);
    const SECOND: time::Duration = time::Duration::seconds(1);

    fn resource(number: usize) -> ArmScope {
        let group = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg";
        ArmScope::parse(&format!("{group}/providers/Microsoft.Web/sites/site-{number}")).unwrap()
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(1))
    }

    async fn turn(resources: &SettledResources, number: usize) -> Turn {
        resources.turn(&resource(number), soon(), MEMORY).await.unwrap()
    }

    #[tokio::test]
    async fn what_happened_after_a_resource_was_looked_at_is_not_covered() {
        let resources = SettledResources::default();
        let event = OffsetDateTime::now_utc() - 60 * SECOND;
        assert!(!turn(&resources, 1).await.covers(Some(event), MEMORY));
        turn(&resources, 1).await.settle(Some(event));
        let turn = turn(&resources, 1).await;
        for (seconds, covered) in [(-60, true), (0, true), (40, true), (61, false), (600, false)] {
            let later = event + seconds * SECOND;
            assert_eq!(turn.covers(Some(later), MEMORY), covered, "{seconds}");
        }
        assert!(!turn.covers(None, MEMORY), "nobody knows when it happened");
    }

    #[tokio::test]
    async fn an_event_just_now_is_covered_when_it_comes_again_and_a_later_one_is_not() {
        let resources = SettledResources::default();
        let event = OffsetDateTime::now_utc();
        turn(&resources, 1).await.settle(Some(event));
        let turn = turn(&resources, 1).await;
        assert!(turn.covers(Some(event), MEMORY));
        assert!(!turn.covers(Some(event + SECOND / 10), MEMORY));
    }

    #[tokio::test]
    async fn an_event_from_the_future_silences_nothing() {
        let resources = SettledResources::default();
        let now = OffsetDateTime::now_utc();
        turn(&resources, 1).await.settle(Some(now + 3600 * SECOND));
        assert!(!turn(&resources, 1).await.covers(Some(now + 60 * SECOND), MEMORY));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_forgotten_after_a_while() {
        let resources = SettledResources::default();
        let event = OffsetDateTime::now_utc() - 60 * SECOND;
        turn(&resources, 1).await.settle(Some(event));
        tokio::time::advance(MEMORY).await;
        assert!(!turn(&resources, 1).await.covers(Some(event), MEMORY));
    }

    #[tokio::test(start_paused = true)]
    async fn one_looks_at_a_resource_and_others_wait_to_their_deadline() {
        let resources = SettledResources::default();
        let first = turn(&resources, 1).await;
        assert!(!first.waited);
        assert!(!turn(&resources, 2).await.waited);
        assert!(resources.turn(&resource(1), soon(), MEMORY).await.is_none());
        let (_, second) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                drop(first);
            },
            turn(&resources, 1)
        );
        assert!(second.waited);
    }

    #[tokio::test]
    async fn many_resources_do_not_fill_the_memory() {
        let resources = SettledResources::default();
        for number in 0..2 * MOST {
            turn(&resources, number).await.settle(None);
        }
        assert!(resources.0.lock().unwrap().len() <= MOST);
    }
}
