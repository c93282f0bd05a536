//! Whose turn it is to write to Microsoft Graph.
//!
//! Graph accepts so many writes in so much time, and refused ones may count too. So the broker does
//! not write until it is refused: it counts ([`ledger`]), lets nobody write while Graph wants it to
//! wait, and starts gently afterwards. Turns are taken in the order in which they were asked for, except
//! that what nobody waits for ([`Priority::Low`]) goes when nobody else wants a turn, and leaves a part
//! of the quota to those who come later.
//!
//! What is counted is this process's own. With several instances Graph's refusals, and what they
//! teach, are what divides the quota.

mod ledger;

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use ledger::{Admission, Ending, Ledger};
use tokio::{sync::Notify, time::Instant};

use crate::{priority::Priority, write_quota::WriteQuota};
use azure_rest::{retry::Deadline, timing::CallTiming};

/// The turns.
pub(super) struct WritePace {
    /// Held by whoever is next.
    line: tokio::sync::Mutex<()>,
    /// The same for those of low priority.
    low_line: tokio::sync::Mutex<()>,
    /// How many of normal priority want a turn.
    waiting: AtomicUsize,
    ledger: Mutex<Ledger>,
    /// A write has ended, or somebody has stopped waiting.
    ended: Notify,
}

/// Somebody of normal priority who wants a turn, until this is dropped.
struct Waiting<'a>(&'a WritePace);

/// The right to send one write. Dropped without a word, the write counts as one without an answer.
pub(super) struct Turn<'a> {
    pace: &'a WritePace,
    ending: Ending,
}

impl WritePace {
    pub(super) fn new(quota: WriteQuota, timing: CallTiming) -> Self {
        let ledger = Mutex::new(Ledger::new(quota, timing, Instant::now()));
        Self {
            line: tokio::sync::Mutex::default(),
            low_line: tokio::sync::Mutex::default(),
            waiting: AtomicUsize::new(0),
            ledger,
            ended: Notify::new(),
        }
    }

    /// Waits for the next turn; `None` if it does not come before the deadline.
    pub(super) async fn turn(&self, deadline: Deadline, priority: Priority) -> Option<Turn<'_>> {
        tokio::time::timeout_at(deadline.moment(), self.next(priority)).await.ok()
    }

    /// Waits until somebody of low priority could have a turn; `None` if that is not before the deadline.
    pub(super) async fn lull(&self, deadline: Deadline) -> Option<()> {
        let mut turn = self.turn(deadline, Priority::Low).await?;
        turn.ending = Ending::NotSent;
        Some(())
    }

    async fn next(&self, priority: Priority) -> Turn<'_> {
        let (line, _waiting) = match priority {
            Priority::Normal => (&self.line, Some(Waiting::begin(self))),
            Priority::Low => (&self.low_line, None),
        };
        let (_next, mut waited) = match line.try_lock() {
            Ok(next) => (next, false),
            Err(_) => (line.lock().await, true),
        };
        loop {
            let ended = self.ended.notified();
            let mut ended = std::pin::pin!(ended);
            // Before the ledger is asked, so that no ending is missed in between.
            ended.as_mut().enable();
            match self.admission(priority, waited) {
                Admission::Now => return Turn { pace: self, ending: Ending::Unanswered },
                Admission::AfterAnAnswer => ended.await,
                Admission::At(moment) => {
                    let _ = tokio::time::timeout_at(moment, ended).await;
                }
            }
            waited = true;
        }
    }

    fn admission(&self, priority: Priority, waited: bool) -> Admission {
        let now = Instant::now();
        match priority {
            Priority::Normal => self.ledger().admit(now, waited),
            Priority::Low if self.waiting.load(SeqCst) > 0 => Admission::AfterAnAnswer,
            Priority::Low => self.ledger().admit_leaving_room(now, waited),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    fn begin(pace: &'a WritePace) -> Self {
        pace.waiting.fetch_add(1, SeqCst);
        Self(pace)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, SeqCst);
        self.0.ended.notify_waiters();
    }
}

impl Turn<'_> {
    /// Graph took the write, whatever came of it; `used` is the part of its limit that it says is
    /// used.
    pub(super) fn taken(mut self, used: Option<f64>) {
        self.ending = Ending::Taken { used };
    }

    /// Graph refused the write with 429.
    pub(super) fn refused(mut self, retry_after: Option<Duration>) {
        self.ending = Ending::Refused { retry_after };
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pace.ledger().end(Instant::now(), self.ending);
        self.pace.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
