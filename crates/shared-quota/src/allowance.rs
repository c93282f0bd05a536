//! The allowances that an instance holds, and the ones that it has used.

use std::time::{Duration, Instant};

use crate::priority::Priority;

/// Allowances, and from when each is valid.
#[derive(Debug)]
pub(crate) struct Allowances {
    steps: Steps,
    /// The part of them that writes of low priority may use.
    low_steps: Steps,
    /// When the steps were set. Steps that begin later are used one slot late, because the plans of others
    /// may use slots that end within it.
    set: Instant,
    delay: Duration,
    /// Whether a row with these steps is being stored. Until then, steps that begin later may not be used,
    /// because their times count from when the row is stored.
    is_being_stored: bool,
    used: u32,
    used_low: u32,
    /// The end of the lease.
    until: Option<Instant>,
    /// The number of times that the allowances were replaced.
    generation: u64,
}

/// Numbers of allowances, and the times from which they are valid.
pub(crate) type Steps = Vec<(Instant, u32)>;

/// An allowance in use. It is given back if the write was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Used {
    generation: u64,
    priority: Priority,
}

impl Allowances {
    /// No allowances. Steps that begin later are used with this `delay`.
    pub(crate) fn new(now: Instant, delay: Duration) -> Self {
        Self {
            steps: Vec::new(),
            low_steps: Vec::new(),
            set: now,
            delay,
            is_being_stored: false,
            used: 0,
            used_low: 0,
            until: None,
            generation: 0,
        }
    }

    /// The time from which a step may be used.
    fn start(&self, from: Instant) -> Instant {
        if from <= self.set { from } else { from + self.delay }
    }

    /// The number of allowances in steps that may be used by now.
    fn started(&self, steps: &[(Instant, u32)], now: Instant) -> u32 {
        let is_usable = |from: Instant| match from <= self.set {
            true => true,
            false => !self.is_being_stored && self.start(from) <= now,
        };
        let started = steps.iter().filter(|(from, _)| is_usable(*from));
        started.map(|(_, writes)| *writes).fold(0, u32::saturating_add)
    }

    /// Replaces all steps. Allowances that were used before are part of the new row, so they no longer
    /// count here.
    pub(crate) fn replace(&mut self, now: Instant, steps: Steps, low_steps: Steps) {
        self.revise(now, steps, low_steps);
        (self.used, self.used_low) = (0, 0);
        self.generation += 1;
    }

    /// Notes that the row with these steps is being stored.
    pub(crate) fn storing(&mut self) {
        self.is_being_stored = true;
    }

    /// Notes that the row was stored at most `by` after it was made, and moves its times accordingly.
    pub(crate) fn stored(&mut self, by: Duration) {
        self.is_being_stored = false;
        let set = self.set;
        for (from, _) in self.steps.iter_mut().chain(&mut self.low_steps) {
            if *from > set {
                *from += by;
            }
        }
    }

    /// Changes the steps without a new row: allowances that were used stay used.
    pub(crate) fn revise(&mut self, now: Instant, steps: Steps, low_steps: Steps) {
        (self.steps, self.low_steps, self.set) = (steps, low_steps, now);
    }

    /// Drops the allowances that may not be used yet.
    pub(crate) fn drop_later(&mut self, now: Instant) {
        self.is_being_stored = false;
        let (set, delay) = (self.set, self.delay);
        let may_be_used = |(from, _): &(Instant, u32)| *from <= set || *from + delay <= now;
        self.steps.retain(may_be_used);
        self.low_steps.retain(may_be_used);
    }

    /// Sets the end of the lease; `None` ends it.
    pub(crate) fn lease(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// The end of the lease, if it has not passed.
    pub(crate) fn lease_end(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// The number of allowances that may be used now.
    pub(crate) fn usable(&self, now: Instant, priority: Priority) -> u32 {
        if self.lease_end(now).is_none() {
            return 0;
        }
        let usable = self.started(&self.steps, now).saturating_sub(self.used);
        match priority {
            Priority::Normal => usable,
            Priority::Low => {
                usable.min(self.started(&self.low_steps, now).saturating_sub(self.used_low))
            }
        }
    }

    /// The number of allowances that are valid at `at` if none is used before. The lease is ignored.
    pub(crate) fn held_at(&self, at: Instant, priority: Priority) -> u32 {
        let held = valid(&self.steps, at).saturating_sub(self.used);
        match priority {
            Priority::Normal => held,
            Priority::Low => held.min(valid(&self.low_steps, at).saturating_sub(self.used_low)),
        }
    }

    /// When more may be used.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        self.steps.iter().map(|(from, _)| self.start(*from)).find(|start| *start > now)
    }

    /// The last time within `time` at which more may be used.
    pub(crate) fn last_until(&self, now: Instant, time: Duration) -> Option<Instant> {
        let soon = self.steps.iter().map(|(from, _)| self.start(*from));
        soon.filter(|start| *start > now && *start <= now + time).max()
    }

    /// Uses an allowance.
    pub(crate) fn take(&mut self, priority: Priority) -> Used {
        self.used += 1;
        self.used_low += u32::from(priority == Priority::Low);
        Used { generation: self.generation, priority }
    }

    /// Gives back an allowance that was not used, unless a row already counts it as used.
    pub(crate) fn give_back(&mut self, used: Used) {
        if used.generation == self.generation {
            self.used = self.used.saturating_sub(1);
            let is_low = used.priority == Priority::Low;
            self.used_low = self.used_low.saturating_sub(u32::from(is_low));
        }
    }

    /// The number that was used since all were replaced.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }
}

fn valid(steps: &[(Instant, u32)], at: Instant) -> u32 {
    let valid = steps.iter().filter(|(from, _)| *from <= at);
    valid.map(|(_, writes)| *writes).fold(0, u32::saturating_add)
}
