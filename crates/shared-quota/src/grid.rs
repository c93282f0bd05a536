//! The times for which an instance plans: equal slots from now on.

use std::time::{Duration, Instant};

use crate::{row::Step, timing::LEASE, write_quota::WriteQuota};

/// The number of slots in a period.
const SLOTS: i64 = 200;

/// Slots of equal length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    /// The length of a slot in microseconds.
    pub(crate) slot: i64,
    pub(crate) slots: usize,
}

impl Grid {
    /// Slots until the end of a lease or of a period, whichever is earlier. After that, none of the writes
    /// sent so far count.
    pub(crate) fn new(quota: WriteQuota) -> Self {
        let period = microseconds(quota.period).max(SLOTS);
        let slot = period / SLOTS;
        let slots = (period.min(microseconds(LEASE)) / slot).clamp(1, SLOTS);
        Self { slot, slots: usize::try_from(slots).unwrap_or(1) }
    }

    /// The length of a slot.
    pub(crate) fn slot_length(self) -> Duration {
        Duration::from_micros(self.slot.unsigned_abs())
    }

    /// No writes in any slot.
    pub(crate) fn empty(self) -> Changes {
        Changes { grid: self, changes: vec![0; self.slots + 1] }
    }

    /// The start of a slot, from the start of the grid.
    pub(crate) fn start(self, slot: usize) -> i64 {
        i64::try_from(slot).unwrap_or(0).saturating_mul(self.slot)
    }

    /// The number of slots that begin within this time.
    pub(crate) fn slots_within(self, time: Duration) -> usize {
        usize::try_from(microseconds(time) / self.slot).unwrap_or(self.slots)
    }

    /// Whether the levels `to` are higher than `from` in a slot that begins within this time.
    pub(crate) fn grows_within(self, time: Duration, from: &[u32], to: &[u32]) -> bool {
        let growth = from.iter().zip(to).position(|(from, to)| to > from);
        growth.is_some_and(|slot| self.start(slot) <= microseconds(time))
    }

    /// The steps of levels that never fall.
    pub(crate) fn steps(self, levels: &[u32]) -> Vec<Step> {
        let mut before = 0;
        let steps = levels.iter().enumerate().filter_map(|(slot, level)| {
            let writes = level.saturating_sub(std::mem::replace(&mut before, *level));
            (writes > 0).then_some(Step { at: self.start(slot), writes })
        });
        steps.collect()
    }

    /// The moment of a slot of a grid that starts at `start`.
    pub(crate) fn moment(self, start: Instant, slot: usize) -> Instant {
        start + Duration::from_micros(u64::try_from(self.start(slot)).unwrap_or(0))
    }
}

/// The level of a slot; nothing beyond the last one.
pub(crate) fn level(levels: &[u32], slot: usize) -> u32 {
    levels.get(slot).copied().unwrap_or(0)
}

/// Writes by slot, as the changes from slot to slot.
pub(crate) struct Changes {
    grid: Grid,
    changes: Vec<i64>,
}

impl Changes {
    /// Adds writes to the slots that begin at `from` or later, and before `until`, from the start of the grid.
    ///
    /// Allowances that begin within a slot are used from its end on only, so they need no part of it.
    pub(crate) fn add(&mut self, (from, until): (i64, i64), writes: u32) {
        let Grid { slot, slots } = self.grid;
        let begins = |time: i64| {
            let slot = time.max(0).saturating_add(slot - 1).div_euclid(slot);
            usize::try_from(slot).unwrap_or(slots).min(slots)
        };
        let (first, end) = (begins(from), begins(until));
        if first < end {
            self.change(first, i64::from(writes));
            self.change(end, -i64::from(writes));
        }
    }

    fn change(&mut self, slot: usize, by: i64) {
        if let Some(change) = self.changes.get_mut(slot) {
            *change = change.saturating_add(by);
        }
    }

    /// The writes of each slot.
    pub(crate) fn levels(&self) -> Vec<u32> {
        let mut sum = 0_i64;
        let changes = self.changes.iter().take(self.grid.slots);
        let levels = changes.map(|change| {
            sum = sum.saturating_add(*change);
            u32::try_from(sum).unwrap_or(if sum < 0 { 0 } else { u32::MAX })
        });
        levels.collect()
    }
}

/// The sums of steps at the slots of a grid that starts `elapsed` after the row. Steps that began within
/// the previous slot are not yet valid at the start of the grid.
pub(crate) fn sums(steps: &[Step], grid: Grid, elapsed: i64) -> Vec<u32> {
    let sum = |slot| {
        let at = grid.start(slot).saturating_add(elapsed);
        let is_valid = |step: &&Step| match slot {
            0 => step.at <= 0 || step.at.saturating_add(grid.slot) <= at,
            _ => step.at <= at,
        };
        let valid = steps.iter().filter(is_valid);
        valid.map(|step| step.writes).fold(0, u32::saturating_add)
    };
    (0..grid.slots).map(sum).collect()
}

/// Lowers each level to the smallest of those that follow, so that nothing is taken back later.
pub(crate) fn never_falling(levels: &mut [u32]) {
    let mut least = u32::MAX;
    for level in levels.iter_mut().rev() {
        least = least.min(*level);
        *level = least;
    }
}

/// Whole microseconds.
pub(crate) fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}
