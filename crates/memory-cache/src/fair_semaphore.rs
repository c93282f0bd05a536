use std::{
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, oneshot};

use crate::round_robin::{RoundRobin, Ticket};

/// A semaphore that serves the groups of waiting callers in turn.
///
/// Within a group, the caller that has waited longest comes first. So a group with many callers delays the
/// callers of another by one turn each.
///
/// If a caller stops waiting, no permit is lost: one that it was just given passes to the next caller.
/// Clones share the permits.
pub struct FairSemaphore<G> {
    shared: Arc<Shared<G>>,
}

/// What all clones, callers and permits share.
struct Shared<G> {
    state: Mutex<State<G>>,
    /// The number of all permits.
    permits: usize,
    /// Notified when the last permit is returned.
    idle: Notify,
}

struct State<G> {
    free: usize,
    waiting: RoundRobin<G, Waiter>,
}

/// A caller that waits.
struct Waiter {
    permits: usize,
    granted: oneshot::Sender<()>,
}

/// The place of a caller among those that wait, until it is dropped.
struct Place<'a, G: Clone + Eq + Hash> {
    shared: &'a Arc<Shared<G>>,
    group: G,
    ticket: Ticket,
    permits: usize,
    /// Whether a [`FairPermit`] returns the permits.
    is_taken: bool,
}

/// Permits of a [`FairSemaphore`], until they are dropped.
#[must_use = "the permits are returned when it is dropped"]
pub struct FairPermit<G: Clone + Eq + Hash> {
    shared: Arc<Shared<G>>,
    permits: usize,
}

impl<G> Clone for FairSemaphore<G> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<G> fmt::Debug for FairSemaphore<G> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FairSemaphore").field("permits", &self.shared.permits).finish()
    }
}

impl<G: Clone + Eq + Hash> fmt::Debug for FairPermit<G> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FairPermit").field("permits", &self.permits).finish()
    }
}

impl<G: Clone + Eq + Hash> FairSemaphore<G> {
    /// A semaphore with this number of permits.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        let state = Mutex::new(State { free: permits, waiting: RoundRobin::default() });
        Self { shared: Arc::new(Shared { state, permits, idle: Notify::new() }) }
    }

    /// Takes a permit if one is free and no caller waits.
    #[must_use]
    pub fn try_acquire(&self, group: &G) -> Option<FairPermit<G>> {
        self.shared.state().try_take(group, 1).then(|| self.permit(1))
    }

    /// Waits for a number of permits. If the semaphore has fewer in total, this never completes.
    pub async fn acquire(&self, group: &G, permits: usize) -> FairPermit<G> {
        let (granted, grant) = oneshot::channel();
        let mut place = {
            let mut state = self.shared.state();
            if state.try_take(group, permits) {
                return self.permit(permits);
            }
            let ticket = state.waiting.push(group, Waiter { permits, granted });
            Place { shared: &self.shared, group: group.clone(), ticket, permits, is_taken: false }
        };
        // The sender is only dropped without a message when the semaphore is, and the caller borrows that.
        let _ = grant.await;
        place.is_taken = true;
        self.permit(permits)
    }

    /// Waits until all permits are returned.
    pub async fn all_returned(&self) {
        loop {
            let idle = self.shared.idle.notified();
            let mut idle = std::pin::pin!(idle);
            // Registered before the check, so that no return is missed in between.
            idle.as_mut().enable();
            if self.free() == self.shared.permits {
                return;
            }
            idle.await;
        }
    }

    /// The number of permits that are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.shared.state().free
    }

    fn permit(&self, permits: usize) -> FairPermit<G> {
        FairPermit { shared: self.shared.clone(), permits }
    }
}

impl<G> Shared<G> {
    fn state(&self) -> MutexGuard<'_, State<G>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<G: Clone + Eq + Hash> Shared<G> {
    fn give_back(&self, permits: usize) {
        let mut state = self.state();
        state.free += permits;
        state.grant();
        if state.free == self.permits {
            self.idle.notify_waiters();
        }
    }
}

impl<G: Clone + Eq + Hash> State<G> {
    /// Takes free permits, unless other callers are waiting: they come first.
    fn try_take(&mut self, group: &G, permits: usize) -> bool {
        let is_free = self.waiting.is_empty() && permits <= self.free;
        if is_free {
            self.free -= permits;
            self.waiting.served(group);
        }
        is_free
    }

    /// Gives free permits to the next callers.
    fn grant(&mut self) {
        while self.waiting.next().is_some_and(|next| next.permits <= self.free) {
            let Some(next) = self.waiting.pop() else { return };
            self.free -= next.permits;
            // A caller that has just stopped waiting returns them: see `Place`.
            let _ = next.granted.send(());
        }
    }
}

impl<G: Clone + Eq + Hash> Drop for Place<'_, G> {
    fn drop(&mut self) {
        if self.is_taken {
            return;
        }
        let mut state = self.shared.state();
        if state.waiting.remove(&self.group, self.ticket).is_some() {
            // The callers behind it may need fewer permits.
            state.grant();
        } else {
            drop(state);
            self.shared.give_back(self.permits);
        }
    }
}

impl<G: Clone + Eq + Hash> FairPermit<G> {
    /// Returns all permits but this many.
    pub fn keep(&mut self, permits: usize) {
        let surplus = self.permits.saturating_sub(permits);
        if surplus > 0 {
            self.permits -= surplus;
            self.shared.give_back(surplus);
        }
    }
}

impl<G: Clone + Eq + Hash> Drop for FairPermit<G> {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.shared.give_back(self.permits);
        }
    }
}

#[cfg(test)]
mod tests;
