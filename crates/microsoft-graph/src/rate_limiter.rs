//! The rate limiter for writes to Microsoft Graph.
//!
//! Graph accepts a number of writes per period, and throttled writes may count too. So the broker stays
//! below the quota: it counts its writes ([`ledger`]), sends none while Graph asks it to wait, and
//! starts slowly afterwards. Slots go round by requester, so that many writes of one requester delay a write
//! of another by one slot each; the writes of one requester are sent in the order of their arrival. Writes of
//! low priority ([`Priority::Low`]) wait until no write of normal priority is waiting, and leave a part of
//! the quota to later ones.
//!
//! The ledger counts the writes of this process. The quota that all instances share is divided among them by
//! [`InstanceShare`], and a write needs the permission of both.

mod ledger;
mod waiting;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use ledger::{Admission, Ledger, WriteEnd};
use tokio::{sync::Notify, time::Instant};
use waiting::WaitingWrites;

use crate::caller::Caller;
use azure_rest::{retry::Deadline, timing::CallTiming};
use shared_quota::{
    instance::InstanceShare,
    priority::Priority,
    turn::{Ticket, Turn},
    write_quota::WriteQuota,
};

/// The rate limiter.
pub(crate) struct WriteRateLimiter {
    /// Whose turn it is.
    queue: WaitingWrites,
    /// The number of waiting writes of normal priority.
    waiting: AtomicUsize,
    ledger: Mutex<Ledger>,
    /// The share of this instance in the quota, if there are several instances.
    share: Option<Arc<InstanceShare>>,
    is_stopped: AtomicBool,
    /// Notified when a write has ended, when a caller has stopped waiting, when the share has changed, and by
    /// [`Self::stop`].
    changed: Arc<Notify>,
}

/// A waiting write, until it is dropped.
struct Waiting<'a> {
    limiter: &'a WriteRateLimiter,
    priority: Priority,
}

/// The permission to send one write. If it is dropped, the write counts as unanswered.
pub(crate) struct WriteSlot<'a> {
    limiter: &'a WriteRateLimiter,
    end: WriteEnd,
    ticket: Option<Ticket>,
}

impl WriteRateLimiter {
    /// A limiter for the only process that uses the quota.
    pub(crate) fn new(quota: WriteQuota, timing: CallTiming) -> Self {
        Self::of(quota, timing, None)
    }

    /// A limiter for one of several instances.
    pub(crate) fn with_share(share: Arc<InstanceShare>, timing: CallTiming) -> Self {
        Self::of(share.quota(), timing, Some(share))
    }

    fn of(quota: WriteQuota, timing: CallTiming, share: Option<Arc<InstanceShare>>) -> Self {
        let changed = share.as_ref().map_or_else(Arc::default, |share| share.changed());
        let ledger = Mutex::new(Ledger::new(quota, timing, Instant::now()));
        Self {
            queue: WaitingWrites::default(),
            waiting: AtomicUsize::new(0),
            ledger,
            share,
            is_stopped: AtomicBool::new(false),
            changed,
        }
    }

    /// Refuses all writes that have no slot yet, and all later ones.
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
        caller: &Caller,
    ) -> Option<WriteSlot<'_>> {
        tokio::time::timeout_at(deadline.moment(), self.next(caller)).await.ok().flatten()
    }

    /// A slot, if there is one without waiting; none after [`Self::stop`].
    pub(crate) fn acquire_now(&self, priority: Priority) -> Option<WriteSlot<'_>> {
        let is_admitted = !self.is_stopped() && self.admission(priority, false) == Admission::Now;
        is_admitted.then(|| self.slot(priority))
    }

    /// Waits until a write of low priority could be sent; `None` if the deadline passes first, or after
    /// [`Self::stop`].
    pub(crate) async fn wait_for_capacity(
        &self,
        deadline: Deadline,
        caller: &Caller,
    ) -> Option<()> {
        let caller = Caller { priority: Priority::Low, ..caller.clone() };
        self.acquire(deadline, &caller).await?.not_sent();
        Some(())
    }

    async fn next(&self, caller: &Caller) -> Option<WriteSlot<'_>> {
        let priority = caller.priority;
        let _waiting = Waiting::start(self, priority);
        let (_next, mut waited) = self.queue.turn(caller).await;
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // Registered before the ledger is checked, so that no change is missed in between.
            changed.as_mut().enable();
            if self.is_stopped() {
                return None;
            }
            match self.admission(priority, waited) {
                Admission::Now => return Some(self.slot(priority)),
                Admission::AfterNextResponse => changed.await,
                Admission::At(moment) => {
                    let _ = tokio::time::timeout_at(moment, changed).await;
                }
            }
            waited = true;
        }
    }

    /// Whether a write may be sent. If so, call [`Self::slot`] at once.
    fn admission(&self, priority: Priority, waited: bool) -> Admission {
        if priority == Priority::Low && self.waiting.load(SeqCst) > 0 {
            return Admission::AfterNextResponse;
        }
        match self.share.as_ref().map(|share| share.turn(priority)) {
            None | Some(Turn::Now) => {}
            Some(Turn::At(moment)) => return Admission::At(moment.into()),
            Some(Turn::Later) => return Admission::AfterNextResponse,
        }
        let now = Instant::now();
        match priority {
            Priority::Normal => self.ledger().admit(now, waited),
            Priority::Low => self.ledger().admit_low_priority(now, waited),
        }
    }

    /// The slot of a write that was admitted.
    fn slot(&self, priority: Priority) -> WriteSlot<'_> {
        let ticket = self.share.as_ref().map(|share| share.take(priority));
        WriteSlot { limiter: self, end: WriteEnd::Unanswered, ticket }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    fn start(limiter: &'a WriteRateLimiter, priority: Priority) -> Self {
        if priority == Priority::Normal {
            limiter.waiting.fetch_add(1, SeqCst);
        }
        if let Some(share) = &limiter.share {
            share.arrived(priority);
        }
        Self { limiter, priority }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Self { limiter, priority } = self;
        if let Some(share) = &limiter.share {
            share.left(*priority);
        }
        if *priority == Priority::Normal {
            limiter.waiting.fetch_sub(1, SeqCst);
            limiter.changed.notify_waiters();
        }
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
        let throttled_until = {
            let (mut ledger, now) = (self.limiter.ledger(), Instant::now());
            ledger.end(now, self.end);
            ledger.throttled_until(now)
        };
        if let (Some(share), Some(ticket)) = (&self.limiter.share, self.ticket) {
            share.ended(ticket, self.end != WriteEnd::NotSent);
            share.paused(throttled_until.map(Instant::into_std));
        }
        self.limiter.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
