//! Whose turn it is to write to Microsoft Graph.
//!
//! Graph accepts so many writes in so much time, and refused ones may count too. So the broker does
//! not write until it is refused: it counts ([`ledger`]), lets nobody write while Graph wants it to
//! wait, and starts gently afterwards. Turns are taken in the order in which they were asked for.
//!
//! What is counted is this process's own. With several instances Graph's refusals, and what they
//! teach, are what divides the quota.

mod ledger;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ledger::{Admission, Ending, Ledger};
use tokio::{sync::Notify, time::Instant};

use crate::{
    domain::{pace::Pace, write_quota::WriteQuota},
    remote::retry::Deadline,
};

/// The turns.
pub(super) struct WritePace {
    /// Held by whoever is next.
    line: tokio::sync::Mutex<()>,
    ledger: Mutex<Ledger>,
    ended: Notify,
}

/// The right to send one write. Dropped without a word, the write counts as one without an answer.
pub(super) struct Turn<'a> {
    pace: &'a WritePace,
    ending: Ending,
}

impl WritePace {
    pub(super) fn new(quota: WriteQuota, pace: Pace) -> Self {
        let ledger = Mutex::new(Ledger::new(quota, pace, Instant::now()));
        Self { line: tokio::sync::Mutex::default(), ledger, ended: Notify::new() }
    }

    /// Waits for the next turn; `None` if it does not come before the deadline.
    pub(super) async fn turn(&self, deadline: Deadline) -> Option<Turn<'_>> {
        tokio::time::timeout_at(deadline.moment(), self.next()).await.ok()
    }

    async fn next(&self) -> Turn<'_> {
        let (_next, mut waited) = match self.line.try_lock() {
            Ok(next) => (next, false),
            Err(_) => (self.line.lock().await, true),
        };
        loop {
            let ended = self.ended.notified();
            let mut ended = std::pin::pin!(ended);
            // Before the ledger is asked, so that no ending is missed in between.
            ended.as_mut().enable();
            let admission = self.ledger().admit(Instant::now(), waited);
            match admission {
                Admission::Now => return Turn { pace: self, ending: Ending::Unanswered },
                Admission::AfterAnAnswer => ended.await,
                Admission::At(moment) => {
                    let _ = tokio::time::timeout_at(moment, ended).await;
                }
            }
            waited = true;
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
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
