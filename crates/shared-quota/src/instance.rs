//! The share of this instance, used by several tasks: those that write, and the one that exchanges rows.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::{
    budget::Budget,
    priority::Priority,
    row::StoredRow,
    share::Share,
    transaction::{Due, Transaction},
    turn::{Ticket, Turn},
    write_quota::WriteQuota,
};

/// The share of this instance in a quota.
#[derive(Debug)]
pub struct InstanceShare {
    quota: WriteQuota,
    share: Mutex<Share>,
    /// Notified when an exchange may be due earlier than before.
    demand: Notify,
    /// Notified when more writes may be sent than before.
    changed: Arc<Notify>,
}

impl InstanceShare {
    /// The share of the instance with this id, which no other instance has ever had. `spacing` is the time
    /// between two transactions with storage on average, usually [`SPACING`](crate::budget::SPACING).
    #[must_use]
    pub fn new(instance: String, quota: WriteQuota, spacing: Duration) -> Self {
        let budget = Budget::new(spacing, now());
        let share = Mutex::new(Share::new(instance, quota, budget, now()));
        Self { quota, share, demand: Notify::new(), changed: Arc::default() }
    }

    /// The whole quota.
    #[must_use]
    pub fn quota(&self) -> WriteQuota {
        self.quota
    }

    /// Notified when more writes may be sent than before.
    #[must_use]
    pub fn changed(&self) -> Arc<Notify> {
        self.changed.clone()
    }

    /// A write begins to wait.
    pub fn arrived(&self, priority: Priority) {
        self.lock().arrived(now(), priority);
        self.demand.notify_one();
    }

    /// A write waits no longer: it is sent, or its caller has given up.
    pub fn left(&self, priority: Priority) {
        self.lock().left(now(), priority);
    }

    /// Whether a write may be sent. If so, call [`Self::take`] before anything else may be asked.
    #[must_use]
    pub fn turn(&self, priority: Priority) -> Turn {
        self.lock().turn(now(), priority)
    }

    /// A write is being sent.
    #[must_use]
    pub fn take(&self, priority: Priority) -> Ticket {
        self.lock().take(now(), priority)
    }

    /// A write has ended. `was_sent` is false only if Graph cannot have counted it.
    pub fn ended(&self, ticket: Ticket, was_sent: bool) {
        self.lock().ended(now(), ticket, was_sent);
        self.demand.notify_one();
    }

    /// Until when Graph has asked this instance to wait, if it has.
    pub fn paused(&self, pause_end: Option<Instant>) {
        self.lock().paused(pause_end);
        self.demand.notify_one();
    }

    /// Waits until an exchange is due, and begins it.
    pub(crate) async fn next_exchange(&self) -> Transaction {
        loop {
            let demand = self.demand.notified();
            let at = {
                let (mut share, now) = (self.lock(), now());
                match share.due(now) {
                    Due::Exchange(at) if at <= now => return share.begin(now),
                    Due::GiveBack(at) if at <= now => return share.give_back(now),
                    Due::Exchange(at) | Due::GiveBack(at) => Some(at),
                    Due::WhenNeeded => None,
                }
            };
            match at {
                Some(at) => drop(tokio::time::timeout_at(at.into(), demand).await),
                None => demand.await,
            }
        }
    }

    /// Storage has stored the row. Returns what follows in this exchange.
    pub(crate) fn stored(&self) -> Option<Transaction> {
        self.lock().stored(now())
    }

    /// Storage has answered the rows of all. Returns what follows in this exchange.
    pub(crate) fn seen(&self, rows: Vec<StoredRow>) -> Option<Transaction> {
        let next = self.lock().seen(now(), rows);
        self.changed.notify_waiters();
        next
    }

    /// A transaction has failed.
    pub(crate) fn failed(&self) {
        self.lock().failed(now());
        self.changed.notify_waiters();
    }

    /// The instances on whose rows nothing depends any more.
    pub(crate) fn outdated(&self) -> Vec<String> {
        self.lock().outdated(now())
    }

    /// A panic elsewhere leaves the share consistent.
    fn lock(&self) -> MutexGuard<'_, Share> {
        self.share.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of tokio's clock, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
