//! The order of the writes that wait for a slot.

use app_roles::requester::Requester;
use memory_cache::{FairPermit, FairSemaphore};
use shared_quota::priority::Priority;

use crate::caller::Caller;

/// The writes that wait for a slot. One of each priority has the turn at a time, and waits for its slot.
///
/// Writes of normal priority take turns by requester: one write of each, and those of one requester in the
/// order of their arrival. So the first write of a requester waits for at most one slot of each other
/// requester, after the write that has the turn. The ends of assignments and the baseline have turns like
/// any requester, by the function that asks for them. Writes of low priority have a queue of their own; the
/// caller makes it wait.
pub(super) struct WaitingWrites {
    normal: FairSemaphore<Requester>,
    low: FairSemaphore<Requester>,
}

/// The turn of a write, until it is dropped.
pub(super) type WriteTurn = FairPermit<Requester>;

impl Default for WaitingWrites {
    fn default() -> Self {
        Self { normal: FairSemaphore::new(1), low: FairSemaphore::new(1) }
    }
}

impl WaitingWrites {
    /// Waits for the turn of a write. The flag says whether others came first.
    pub(super) async fn turn(&self, caller: &Caller) -> (WriteTurn, bool) {
        let queue = match caller.priority {
            Priority::Normal => &self.normal,
            Priority::Low => &self.low,
        };
        match queue.try_acquire(&caller.requester) {
            Some(turn) => (turn, false),
            None => (queue.acquire(&caller.requester, 1).await, true),
        }
    }
}
