//! The outcome of a simulation.

use std::time::Duration;

/// The outcome of a simulation.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// When each accepted write arrived, and the instance that sent it.
    pub accepted: Vec<(Duration, usize)>,
    /// The number of writes that were refused.
    pub refused: usize,
    /// The most writes that arrived within any period.
    pub most_in_a_period: usize,
    /// When each transaction with storage began, by instance.
    pub transactions: Vec<Vec<Duration>>,
}

impl Outcome {
    /// The time of the last accepted write.
    #[must_use]
    pub fn last(&self) -> Duration {
        self.accepted.iter().map(|(at, _)| *at).max().unwrap_or_default()
    }

    /// The share of the writes that were refused.
    #[must_use]
    pub fn refused_share(&self) -> f64 {
        self.refused as f64 / ((self.accepted.len() + self.refused) as f64).max(1.0)
    }

    /// The number of accepted writes of an instance within a time.
    #[must_use]
    pub fn accepted_by(&self, instance: usize, from: Duration, until: Duration) -> usize {
        let within = |at: Duration| at >= from && at < until;
        self.accepted.iter().filter(|(at, by)| *by == instance && within(*at)).count()
    }
}
