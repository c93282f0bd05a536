//! The count of the writes of one requester by one rule.

use std::collections::BTreeMap;

use time::OffsetDateTime;

/// For how many minutes a write counts after the minute in which it was counted. So it counts for at least
/// an hour, and for at most an hour and a minute.
const MINUTES: i64 = 60;

const SECONDS: i64 = 60;

/// The largest number of requests whose writes are not settled. Beyond it, the oldest count as made.
const MOST_OPEN: usize = 500;

/// The writes within the last hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteCount {
    /// The number of writes that were made, by the minute in which they were counted (since 1970).
    pub(super) made: BTreeMap<i64, u32>,
    /// The writes of requests that are in progress, or were when their instance was killed.
    pub(super) open: BTreeMap<String, OpenWrites>,
}

/// The writes that a request is about to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenWrites {
    pub(super) minute: i64,
    pub(super) writes: u32,
}

/// The writes that a request needs.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// Identifies the request. It counts once, however often it is delivered.
    pub key: &'a str,
    /// The number of writes.
    pub writes: u32,
    /// The largest number within an hour.
    pub limit: u32,
}

/// The limit does not allow the writes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverLimit {
    /// When it may allow them, if no others are counted before. `None` if they exceed the limit by
    /// themselves.
    pub not_before: Option<OffsetDateTime>,
}

impl WriteCount {
    /// Counts the writes of a request. Writes that it has counted before and not settled are not counted
    /// twice.
    pub fn take(&mut self, demand: Demand<'_>, now: OffsetDateTime) -> Result<(), OverLimit> {
        let minute = minute_of(now);
        self.forget_before(minute - MINUTES);
        let before = self.open.remove(demand.key);
        let writes = demand.writes.max(before.map_or(0, |one| one.writes));
        if self.total() + u64::from(writes) > u64::from(demand.limit) {
            let not_before = self.room_at(writes, demand.limit);
            // Writes that were allowed before stay allowed and counted.
            if let Some(before) = before {
                self.open.insert(demand.key.to_owned(), before);
                if demand.writes <= before.writes {
                    return Ok(());
                }
            }
            return Err(OverLimit { not_before });
        }
        self.open.insert(demand.key.to_owned(), OpenWrites { minute, writes });
        self.fold_oldest();
        Ok(())
    }

    /// Settles a request: `made` of its writes were made, and the others no longer count.
    pub fn settle(&mut self, key: &str, made: u32) {
        if let Some(open) = self.open.remove(key)
            && made > 0
        {
            *self.made.entry(open.minute).or_default() += made.min(open.writes);
        }
    }

    /// The number of writes that count.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_minute().map(|(_, writes)| u64::from(writes)).sum()
    }

    fn by_minute(&self) -> impl Iterator<Item = (i64, u32)> {
        let made = self.made.iter().map(|(minute, writes)| (*minute, *writes));
        made.chain(self.open.values().map(|open| (open.minute, open.writes)))
    }

    fn forget_before(&mut self, minute: i64) {
        self.made.retain(|made, _| *made >= minute);
        self.open.retain(|_, open| open.minute >= minute);
    }

    /// When enough of the counted writes are older than an hour for `writes` to fit.
    fn room_at(&self, writes: u32, limit: u32) -> Option<OffsetDateTime> {
        let room = u64::from(limit.checked_sub(writes)?);
        let mut counted: Vec<_> = self.by_minute().collect();
        counted.sort_unstable();
        let mut left = self.total();
        for (minute, writes) in counted {
            left -= u64::from(writes);
            if left <= room {
                let seconds = minute.checked_add(MINUTES + 1)?.checked_mul(SECONDS)?;
                return OffsetDateTime::from_unix_timestamp(seconds).ok();
            }
        }
        None
    }

    /// Limits the size of the row. A folded request counts as made, even if it comes again.
    fn fold_oldest(&mut self) {
        while self.open.len() > MOST_OPEN {
            let oldest = self.open.iter().min_by_key(|(_, open)| open.minute);
            let Some((key, writes)) = oldest.map(|(key, open)| (key.clone(), open.writes)) else {
                return;
            };
            self.settle(&key, writes);
        }
    }
}

/// The minute of a time, since 1970.
pub(super) fn minute_of(time: OffsetDateTime) -> i64 {
    time.unix_timestamp().div_euclid(SECONDS)
}
