//! The number of writes that Microsoft Graph accepts in a period.

use std::time::Duration;

/// The largest number of writes in a setting. The rate limiter stores the time of each.
const MAX_WRITES: u32 = 100_000;

/// The longest period in a setting, in seconds. Graph's own periods are minutes.
const MAX_PERIOD: u64 = 3600;

/// The share of a limit for writes of low priority. The rest is for requests that arrive while background
/// work is busy.
pub const LOW_PRIORITY_SHARE: f64 = 0.5;

/// A number of writes per period.
///
/// As a setting: `3000/150`, writes and seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteQuota {
    /// The number of writes, at least one.
    pub writes: u32,
    /// The period.
    pub period: Duration,
}

impl Default for WriteQuota {
    /// The quota of one application in a tenant of any size: 3,000 writes in 150 seconds ("Microsoft
    /// Graph service-specific throttling limits", identity and access service limits).
    fn default() -> Self {
        Self { writes: 3000, period: Duration::from_secs(150) }
    }
}

impl WriteQuota {
    /// The number of writes of a period after which no write of low priority is sent.
    #[must_use]
    pub fn for_low_priority(&self) -> u32 {
        ((f64::from(self.writes) * LOW_PRIORITY_SHARE) as u32).max(1)
    }

    /// The number of writes in a part of the period, at the average speed.
    #[must_use]
    pub(crate) fn writes_within(&self, time: Duration) -> u32 {
        (f64::from(self.writes) * time.as_secs_f64() / self.period.as_secs_f64()) as u32
    }

    /// Parses `writes/seconds`; `None` if the text has another form or a number is out of bounds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (writes, seconds) = text.split_once('/')?;
        let (writes, seconds) = (writes.trim().parse().ok()?, seconds.trim().parse().ok()?);
        let is_within = (1..=MAX_WRITES).contains(&writes) && (1..=MAX_PERIOD).contains(&seconds);
        is_within.then(|| Self { writes, period: Duration::from_secs(seconds) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "3000", "3000/", "/150", "0/150", "3000/0", "-1/5", "1.5/2", "100001/1", "1/3601"]
        {
            assert_eq!(WriteQuota::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn writes_and_seconds_are_parsed() {
        let quota = WriteQuota { writes: 200, period: Duration::from_secs(10) };
        assert_eq!(WriteQuota::parse("200/10"), Some(quota));
        assert_eq!(WriteQuota::parse(" 3000 / 150 "), Some(WriteQuota::default()));
    }
}
