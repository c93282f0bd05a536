//! The quota of writes (Microsoft Learn, "Microsoft Graph service-specific throttling limits", identity and
//! access).
//!
//! The documentation gives numbers and mentions a token bucket, but does not say whether refused requests
//! count. There are three models, and clients must work with each of them.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// A limit on writes: `POST` and `DELETE` of assignments, of all callers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteQuota {
    /// The number of writes in a period; with zero, every write is refused.
    pub writes: u32,
    /// The period. Zero counts as a nanosecond.
    pub period: Duration,
    /// The model of accounting.
    pub model: QuotaModel,
}

/// The model of a quota's accounting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaModel {
    /// `writes` in each period. The first period begins with the first write, and periods follow each
    /// other without gaps.
    FixedWindow,
    /// A bucket of `writes` tokens, full at first and refilled evenly over `period`. A refused write
    /// costs nothing.
    TokenBucket,
    /// A bucket from which refused writes take a token too. The balance may become negative, so early
    /// retries prolong the wait.
    TokenBucketChargingRefusals,
}

/// The account of a quota. Callers pass the time.
#[derive(Debug)]
pub(super) enum WriteMeter {
    Window(Window),
    Bucket(Bucket),
}

/// The quota of the emulated Microsoft Graph; unlimited by default.
#[derive(Debug, Default)]
pub(super) struct WriteThrottle {
    meter: Option<WriteMeter>,
    pub(super) refusals: usize,
}

/// Aligned periods.
#[derive(Debug)]
pub(super) struct Window {
    writes: u32,
    period: u128,
    began: Option<Instant>,
    /// The period of the last write.
    number: u128,
    arrived: u32,
}

/// A bucket in exact numbers: a write costs as many units as its period has nanoseconds, so that
/// each nanosecond refills as many units as the quota has writes.
#[derive(Debug)]
pub(super) struct Bucket {
    writes: i128,
    cost: i128,
    level: i128,
    /// The time to which `level` refers.
    at: Option<Instant>,
    charges_refusals: bool,
}

impl WriteMeter {
    pub(super) fn new(quota: WriteQuota) -> Self {
        let period = quota.period.as_nanos().max(1);
        match quota.model {
            QuotaModel::FixedWindow => Self::Window(Window::new(quota.writes, period)),
            QuotaModel::TokenBucket => Self::Bucket(Bucket::new(quota.writes, period, false)),
            QuotaModel::TokenBucketChargingRefusals => {
                Self::Bucket(Bucket::new(quota.writes, period, true))
            }
        }
    }

    /// Charges a write that arrives now. Returns the time until a write would be accepted, or `None` if this
    /// one is. Time must not run backwards from call to call.
    pub(super) fn charge(&mut self, now: Instant) -> Option<Duration> {
        match self {
            Self::Window(window) => window.charge(now),
            Self::Bucket(bucket) => bucket.charge(now),
        }
    }
}

impl WriteThrottle {
    /// Sets the quota, with a new account.
    pub(super) fn set(&mut self, quota: Option<WriteQuota>) {
        self.meter = quota.map(WriteMeter::new);
    }

    /// Charges a write that arrives now, if there is a quota. Returns the wait if the write is refused.
    pub(super) fn charge(&mut self, now: Instant) -> Option<Duration> {
        let refused_for = self.meter.as_mut()?.charge(now);
        self.refusals += usize::from(refused_for.is_some());
        refused_for
    }
}

impl Window {
    fn new(writes: u32, period: u128) -> Self {
        Self { writes, period, began: None, number: 0, arrived: 0 }
    }

    fn charge(&mut self, now: Instant) -> Option<Duration> {
        let began = *self.began.get_or_insert(now);
        let elapsed = now.saturating_duration_since(began).as_nanos();
        let number = elapsed / self.period;
        if number != self.number {
            (self.number, self.arrived) = (number, 0);
        }
        self.arrived = self.arrived.saturating_add(1);
        let rest = self.period - elapsed % self.period;
        (self.arrived > self.writes).then(|| from_nanoseconds(rest))
    }
}

impl Bucket {
    fn new(writes: u32, period: u128, charges_refusals: bool) -> Self {
        let writes = i128::from(writes);
        let cost = i128::try_from(period).unwrap_or(i128::MAX);
        let level = writes.saturating_mul(cost);
        Self { writes, cost, level, at: None, charges_refusals }
    }

    fn charge(&mut self, now: Instant) -> Option<Duration> {
        self.refill(now);
        let accepted = self.level >= self.cost;
        if accepted || self.charges_refusals {
            self.level = self.level.saturating_sub(self.cost);
        }
        (!accepted).then(|| self.until_the_next())
    }

    fn refill(&mut self, now: Instant) {
        let since = self.at.replace(now).unwrap_or(now);
        let elapsed = now.saturating_duration_since(since).as_nanos();
        let refilled = i128::try_from(elapsed).unwrap_or(i128::MAX).saturating_mul(self.writes);
        self.level = self.level.saturating_add(refilled).min(self.capacity());
    }

    fn capacity(&self) -> i128 {
        self.writes.saturating_mul(self.cost)
    }

    /// The time until the next token. A quota of zero writes is never refilled; one period stands for it.
    fn until_the_next(&self) -> Duration {
        let missing = u128::try_from(self.cost.saturating_sub(self.level)).unwrap_or_default();
        let writes = self.writes.unsigned_abs();
        let period = self.cost.unsigned_abs();
        from_nanoseconds(if writes == 0 { period } else { missing.div_ceil(writes) })
    }
}

fn from_nanoseconds(nanoseconds: u128) -> Duration {
    u64::try_from(nanoseconds).map_or(Duration::MAX, Duration::from_nanos)
}
