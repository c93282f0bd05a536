//! The budget of transactions that an instance may make with storage.

use std::time::{Duration, Instant};

/// The number of transactions that may be made at once after a pause.
const BURST: f64 = 8.0;

/// The average time between two transactions. With the burst, they stay below one a second in any 20
/// seconds.
pub const SPACING: Duration = Duration::from_millis(1_667);

/// A bucket of transactions.
#[derive(Debug)]
pub struct Budget {
    level: f64,
    at: Instant,
    /// Seconds between two transactions on average.
    spacing: f64,
}

impl Budget {
    /// A full bucket. `spacing` is the time between two transactions on average, usually [`SPACING`].
    #[must_use]
    pub fn new(spacing: Duration, now: Instant) -> Self {
        Self { level: BURST, at: now, spacing: spacing.as_secs_f64() }
    }

    /// The earliest time at which this number of transactions may be made.
    pub(crate) fn ready(&self, transactions: u8, now: Instant) -> Instant {
        let missing = f64::from(transactions) - self.level_at(now);
        now + Duration::from_secs_f64((missing * self.spacing).max(0.0))
    }

    /// Counts a transaction that is being made.
    pub(crate) fn take(&mut self, now: Instant) {
        self.level = self.level_at(now) - 1.0;
        self.at = now;
    }

    fn level_at(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.level + elapsed / self.spacing).min(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_twenty_seconds_have_at_most_one_transaction_a_second() {
        let start = Instant::now();
        let (mut budget, mut now, mut made) = (Budget::new(SPACING, start), start, Vec::new());
        while now < start + Duration::from_secs(120) {
            now = now.max(budget.ready(1, now)) + Duration::from_millis(1);
            budget.take(now);
            made.push(now);
        }
        for first in &made {
            let window = made.iter().filter(|at| *at >= first);
            let count = window.filter(|at| **at - *first < Duration::from_secs(20)).count();
            assert!(count <= 20, "{count}");
        }
    }
}
