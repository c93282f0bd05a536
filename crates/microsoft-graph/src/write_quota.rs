//! How many writes Microsoft Graph accepts in which time.

use std::time::Duration;

/// Most writes that a setting may name. The ledger of writes remembers so many moments.
const MOST_WRITES: u32 = 100_000;

/// Longest period that a setting may name: Graph's own are minutes.
const LONGEST_PERIOD: u64 = 3600;

/// So many writes in each period.
///
/// As a setting: `3000/150`, writes and seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteQuota {
    /// How many writes, at least one.
    pub writes: u32,
    /// In which time.
    pub period: Duration,
}

impl Default for WriteQuota {
    /// What one application may write in one tenant, of whatever size ("Microsoft Graph
    /// service-specific throttling limits", identity and access service limits): 3,000 in 150
    /// seconds.
    fn default() -> Self {
        Self { writes: 3000, period: Duration::from_secs(150) }
    }
}

impl WriteQuota {
    /// Reads `writes/seconds`; `None` where it is not of that form or out of bounds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (writes, seconds) = text.split_once('/')?;
        let (writes, seconds) = (writes.trim().parse().ok()?, seconds.trim().parse().ok()?);
        let is_within =
            (1..=MOST_WRITES).contains(&writes) && (1..=LONGEST_PERIOD).contains(&seconds);
        is_within.then(|| Self { writes, period: Duration::from_secs(seconds) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_writes_and_seconds_is_refused() {
        for text in
            ["", "3000", "3000/", "/150", "0/150", "3000/0", "-1/5", "1.5/2", "100001/1", "1/3601"]
        {
            assert_eq!(WriteQuota::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn writes_and_seconds_are_read() {
        let quota = WriteQuota { writes: 200, period: Duration::from_secs(10) };
        assert_eq!(WriteQuota::parse("200/10"), Some(quota));
        assert_eq!(WriteQuota::parse(" 3000 / 150 "), Some(WriteQuota::default()));
    }
}
