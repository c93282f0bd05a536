//! When an instance makes its next transactions with storage.

use std::time::{Duration, Instant};

use crate::{
    budget::Budget,
    timing::{FIRST_SPACING, IDLE, LONG_IDLE, LONGEST_SPACING, RENEWAL, SCARCE, SHORTEST_SPACING},
};

/// The pace of an instance's transactions.
#[derive(Debug)]
pub(crate) struct Pace {
    budget: Budget,
    /// The start of the last exchange.
    last: Option<Instant>,
    /// The wait between the starts of two exchanges.
    spacing: Duration,
    /// Whether the last transaction failed.
    is_failing: bool,
    /// When all allowances were last given back.
    given_back: Option<Instant>,
    /// How long the instance keeps its allowances without writes.
    idle: Duration,
}

impl Pace {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            budget,
            last: None,
            spacing: SHORTEST_SPACING,
            is_failing: false,
            given_back: None,
            idle: IDLE,
        }
    }

    /// When an exchange of this number of transactions may begin for writes that have no allowance.
    /// `settled` is when allowances that become valid soon will have been used.
    pub(crate) fn next(&self, now: Instant, transactions: u8, settled: Instant) -> Instant {
        let spacing = match self.affords(now, SCARCE) {
            true => self.spacing,
            // The last transactions are kept for when they help most.
            false => self.spacing.max(FIRST_SPACING),
        };
        let at = self.after(now, spacing).max(settled.min(self.after(now, LONGEST_SPACING)));
        self.budget.ready(transactions, now).max(at)
    }

    /// As [`Self::next`], for the first write after a pause.
    pub(crate) fn first(&self, now: Instant, transactions: u8) -> Instant {
        self.budget.ready(transactions, now).max(self.retry(now))
    }

    /// When the row is renewed by this number of transactions.
    pub(crate) fn renewal(&self, now: Instant, transactions: u8) -> Instant {
        self.budget.ready(transactions, now).max(self.after(now, RENEWAL))
    }

    /// When allowances that nothing needs since then are given back.
    pub(crate) fn idle_end(&self, now: Instant, since: Instant) -> Instant {
        self.correction(now).max(since + self.idle)
    }

    /// When a row that keeps others from writes is corrected.
    pub(crate) fn correction(&self, now: Instant) -> Instant {
        self.budget.ready(1, now).max(self.retry(now))
    }

    /// Whether this number of transactions may be made now.
    pub(crate) fn affords(&self, now: Instant, transactions: u8) -> bool {
        self.budget.ready(transactions, now) <= now
    }

    /// The earliest time after a failure.
    fn retry(&self, now: Instant) -> Instant {
        if self.is_failing { self.after(now, self.spacing) } else { now }
    }

    fn after(&self, now: Instant, wait: Duration) -> Instant {
        self.last.map_or(now, |last| last + wait)
    }

    /// Whether the last transaction failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// The start of the last exchange.
    pub(crate) fn last(&self) -> Option<Instant> {
        self.last
    }

    /// A transaction is being made.
    pub(crate) fn transaction(&mut self, now: Instant) {
        self.budget.take(now);
    }

    /// An exchange begins. `is_waking` if the instance holds no allowances.
    pub(crate) fn begin(&mut self, now: Instant, is_waking: bool) {
        self.last = Some(now);
        if is_waking {
            let is_soon = self.given_back.is_some_and(|at| now < at + LONG_IDLE);
            self.idle = if is_soon { LONG_IDLE } else { IDLE };
        }
    }

    /// All allowances are given back.
    pub(crate) fn give_back(&mut self, now: Instant) {
        (self.last, self.given_back) = (Some(now), Some(now));
        self.spacing = SHORTEST_SPACING;
    }

    /// The next exchange can bring more at once.
    pub(crate) fn hurry(&mut self) {
        self.spacing = SHORTEST_SPACING;
    }

    /// An exchange has ended. `is_settled` if the next one need not follow soon. Applies until the next write.
    pub(crate) fn ended(&mut self, is_settled: bool) {
        self.spacing = if is_settled { LONGEST_SPACING } else { FIRST_SPACING };
    }

    /// A transaction has succeeded.
    pub(crate) fn succeeded(&mut self) {
        self.is_failing = false;
    }

    /// A transaction has failed.
    pub(crate) fn failed(&mut self) {
        self.is_failing = true;
        self.spacing = (self.spacing * 2).clamp(FIRST_SPACING, LONGEST_SPACING);
    }
}
