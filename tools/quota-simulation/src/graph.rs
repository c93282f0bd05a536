//! A service with a quota, counted in one of three ways, as the emulated tenant does.

use shared_quota::write_quota::WriteQuota;

/// The way in which a service counts writes. Microsoft does not document which one Graph uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Periods that follow each other. The first one begins with the first write.
    FixedWindow,
    /// A bucket that is refilled evenly.
    TokenBucket,
    /// A bucket from which refused writes take a token, too.
    TokenBucketChargingRefusals,
}

/// All models.
pub const MODELS: [Model; 3] =
    [Model::FixedWindow, Model::TokenBucket, Model::TokenBucketChargingRefusals];

/// A service. Times are microseconds.
pub(crate) struct Graph {
    model: Model,
    writes: i64,
    period: i64,
    began: Option<i64>,
    window: i64,
    used: i64,
    /// The fill level. A write costs as many units as the period has microseconds.
    level: i64,
    last: i64,
    /// The times at which writes arrived.
    pub(crate) arrivals: Vec<i64>,
    pub(crate) accepted: Vec<i64>,
}

impl Graph {
    pub(crate) fn new(model: Model, quota: WriteQuota) -> Self {
        let period = i64::try_from(quota.period.as_micros()).unwrap_or(i64::MAX);
        let writes = i64::from(quota.writes);
        let (arrivals, accepted) = (Vec::new(), Vec::new());
        let level = writes * period;
        Self {
            model,
            writes,
            period,
            began: None,
            window: 0,
            used: 0,
            level,
            last: 0,
            arrivals,
            accepted,
        }
    }

    /// Counts a write. Returns how long to wait if it is refused.
    pub(crate) fn write(&mut self, now: i64) -> Option<i64> {
        self.arrivals.push(now);
        let refused = match self.model {
            Model::FixedWindow => self.write_in_window(now),
            Model::TokenBucket => self.write_from_bucket(now, false),
            Model::TokenBucketChargingRefusals => self.write_from_bucket(now, true),
        };
        if refused.is_none() {
            self.accepted.push(now);
        }
        refused
    }

    fn write_in_window(&mut self, now: i64) -> Option<i64> {
        let began = *self.began.get_or_insert(now);
        let window = (now - began) / self.period;
        if window != self.window {
            (self.window, self.used) = (window, 0);
        }
        self.used += 1;
        (self.used > self.writes).then(|| began + (window + 1) * self.period - now)
    }

    fn write_from_bucket(&mut self, now: i64, charges_refusals: bool) -> Option<i64> {
        let refilled = self.level + (now - self.last) * self.writes;
        (self.level, self.last) = (refilled.min(self.writes * self.period), now);
        let is_refused = self.level < self.period;
        if !is_refused || charges_refusals {
            self.level -= self.period;
        }
        is_refused.then(|| (self.period - self.level + self.writes - 1) / self.writes)
    }

    /// The most writes that arrived within any period.
    pub(crate) fn most_in_a_period(&self) -> usize {
        let mut arrivals = self.arrivals.clone();
        arrivals.sort_unstable();
        let mut first = 0;
        let mut most = 0;
        for (index, at) in arrivals.iter().enumerate() {
            while arrivals.get(first).is_some_and(|early| early + self.period <= *at) {
                first += 1;
            }
            most = most.max(index + 1 - first);
        }
        most
    }
}
