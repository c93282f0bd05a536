//! The rate limiter for writes to Microsoft Graph.
//!
//! Graph accepts a number of writes per period, and throttled writes may count too. So the broker stays
//! below the quota: it counts its writes ([`ledger`]), sends none while Graph asks it to wait, and
//! starts slowly afterwards. Writes are sent in the order of their arrival. Writes of low priority
//! ([`Priority::Low`]) wait until no write of normal priority is waiting, and leave a part of the quota to
//! later ones.
//!
//! Only the writes of this process are counted. With several instances, Graph's 429 responses divide the
//! quota among them.

mod ledger;

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use ledger::{Admission, Ledger, WriteEnd};
use tokio::{sync::Notify, time::Instant};

use crate::{priority::Priority, write_quota::WriteQuota};
use azure_rest::{retry::Deadline, timing::CallTiming};

/// The rate limiter.
pub(crate) struct WriteRateLimiter {
    /// Held by the next write of normal priority.
    queue: tokio::sync::Mutex<()>,
    /// Held by the next write of low priority.
    low_priority_queue: tokio::sync::Mutex<()>,
    /// The number of waiting writes of normal priority.
    waiting: AtomicUsize,
    ledger: Mutex<Ledger>,
    is_stopped: AtomicBool,
    /// Notified when a write has ended, when a caller has stopped waiting, and by [`Self::stop`].
    changed: Notify,
}

/// A waiting write of normal priority, until it is dropped.
struct Waiting<'a>(&'a WriteRateLimiter);

/// The permission to send one write. If it is dropped, the write counts as unanswered.
pub(crate) struct WriteSlot<'a> {
    limiter: &'a WriteRateLimiter,
    end: WriteEnd,
}

impl WriteRateLimiter {
    pub(crate) fn new(quota: WriteQuota, timing: CallTiming) -> Self {
        let ledger = Mutex::new(Ledger::new(quota, timing, Instant::now()));
        Self {
            queue: tokio::sync::Mutex::default(),
            low_priority_queue: tokio::sync::Mutex::default(),
            waiting: AtomicUsize::new(0),
            ledger,
            is_stopped: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// Stops all writes that have no slot yet, for good.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, SeqCst);
        self.changed.notify_waiters();
    }

    /// Whether [`Self::stop`] was called.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(SeqCst)
    }

    /// Waits for a slot; `None` if the deadline passes first, or after [`Self::stop`].
    pub(crate) async fn acquire(
        &self,
        deadline: Deadline,
        priority: Priority,
    ) -> Option<WriteSlot<'_>> {
        tokio::time::timeout_at(deadline.moment(), self.next(priority)).await.ok().flatten()
    }

    /// A slot, if there is one without waiting; none after [`Self::stop`].
    pub(crate) fn acquire_now(&self, priority: Priority) -> Option<WriteSlot<'_>> {
        let is_admitted = !self.is_stopped() && self.admission(priority, false) == Admission::Now;
        is_admitted.then(|| WriteSlot { limiter: self, end: WriteEnd::Unanswered })
    }

    /// Waits until a write of low priority could be sent; `None` if the deadline passes first, or after
    /// [`Self::stop`].
    pub(crate) async fn wait_for_capacity(&self, deadline: Deadline) -> Option<()> {
        self.acquire(deadline, Priority::Low).await?.not_sent();
        Some(())
    }

    async fn next(&self, priority: Priority) -> Option<WriteSlot<'_>> {
        let (queue, _waiting) = match priority {
            Priority::Normal => (&self.queue, Some(Waiting::start(self))),
            Priority::Low => (&self.low_priority_queue, None),
        };
        let (_next, mut waited) = match queue.try_lock() {
            Ok(next) => (next, false),
            Err(_) => (queue.lock().await, true),
        };
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // Before the ledger is asked, so that no change is missed in between.
            changed.as_mut().enable();
            if self.is_stopped() {
                return None;
            }
            match self.admission(priority, waited) {
                Admission::Now => {
                    return Some(WriteSlot { limiter: self, end: WriteEnd::Unanswered });
                }
                Admission::AfterNextResponse => changed.await,
                Admission::At(moment) => {
                    let _ = tokio::time::timeout_at(moment, changed).await;
                }
            }
            waited = true;
        }
    }

    fn admission(&self, priority: Priority, waited: bool) -> Admission {
        let now = Instant::now();
        match priority {
            Priority::Normal => self.ledger().admit(now, waited),
            Priority::Low if self.waiting.load(SeqCst) > 0 => Admission::AfterNextResponse,
            Priority::Low => self.ledger().admit_low_priority(now, waited),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    fn start(limiter: &'a WriteRateLimiter) -> Self {
        limiter.waiting.fetch_add(1, SeqCst);
        Self(limiter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, SeqCst);
        self.0.changed.notify_waiters();
    }
}

impl WriteSlot<'_> {
    /// Graph did not throttle the write. `used` is the share of its limit that Graph reports.
    pub(crate) fn accepted(mut self, used: Option<f64>) {
        self.end = WriteEnd::Accepted { used };
    }

    /// The write was not sent.
    pub(crate) fn not_sent(mut self) {
        self.end = WriteEnd::NotSent;
    }

    /// Graph answered 429.
    pub(crate) fn throttled(mut self, retry_after: Option<Duration>) {
        self.end = WriteEnd::Throttled { retry_after };
    }
}

impl Drop for WriteSlot<'_> {
    fn drop(&mut self) {
        self.limiter.ledger().end(Instant::now(), self.end);
        self.limiter.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
