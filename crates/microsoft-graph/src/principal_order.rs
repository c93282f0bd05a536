//! One write at a time for each principal.
//!
//! Microsoft Graph answers 409 to a write that meets another one on the same object. Writes for
//! different principals go on side by side.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

use app_roles::ids::ObjectId;
use azure_rest::retry::Deadline;

/// How many principals may be known before those that nobody writes to are forgotten. Above the
/// number of calls that the handler takes at once, so that forgetting is rare.
const MOST_IDLE: usize = 256;

/// A turn's lock. It lives as long as somebody holds it or waits for it.
type Lock = tokio::sync::Mutex<()>;

/// The right to write to a principal, until it is dropped.
pub(super) type PrincipalTurn = OwnedMutexGuard<()>;

/// Whose turn it is, by principal.
#[derive(Default)]
pub(super) struct PrincipalOrder(Mutex<HashMap<ObjectId, Weak<Lock>>>);

impl PrincipalOrder {
    /// Waits until nobody else writes to this principal; `None` if that is not before the deadline.
    pub(super) async fn turn(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Option<PrincipalTurn> {
        let lock = self.lock(principal);
        tokio::time::timeout_at(deadline.moment(), lock.lock_owned()).await.ok()
    }

    fn lock(&self, principal: ObjectId) -> Arc<Lock> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&principal).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() >= MOST_IDLE {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::<Lock>::default();
        locks.insert(principal, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn principal(number: usize) -> ObjectId {
        ObjectId::parse(&format!("11111111-1111-1111-1111-{number:012}")).unwrap()
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(1))
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_writer_waits_for_the_first_and_gives_up_at_its_deadline() {
        let order = PrincipalOrder::default();
        let first = order.turn(principal(1), soon()).await;
        assert!(first.is_some());
        assert!(order.turn(principal(1), soon()).await.is_none());
        drop(first);
        assert!(order.turn(principal(1), soon()).await.is_some());
    }

    #[tokio::test]
    async fn writers_to_different_principals_do_not_wait() {
        let order = PrincipalOrder::default();
        let turns =
            [order.turn(principal(1), soon()).await, order.turn(principal(2), soon()).await];
        assert!(turns.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn principals_that_nobody_writes_to_are_forgotten() {
        let order = PrincipalOrder::default();
        let held = order.turn(principal(0), soon()).await;
        for number in 1..10 * MOST_IDLE {
            assert!(order.turn(principal(number), soon()).await.is_some());
        }
        assert!(order.0.lock().unwrap().len() <= MOST_IDLE);
        assert!(order.turn(principal(0), Deadline::after(Duration::ZERO)).await.is_none());
        drop(held);
    }
}
