//! Plans how many writes an instance may send, from the rows of all instances.

use crate::{
    fair::{Member, first_part},
    grid::{Grid, level, microseconds, never_falling},
    row::{Row, ServerTime, Step, StoredRow},
    timing::{KEPT, LEASE},
    write_quota::WriteQuota,
};

/// How an instance uses the quota, slot by slot.
struct Position<'a> {
    instance: &'a str,
    /// Writes that were sent and still count.
    sent: Vec<u32>,
    /// Allowances that may have been used.
    allowed: Vec<u32>,
    /// The number of writes that it has to send; 0 after its lease.
    needed: u32,
    needed_low: u32,
    is_alive: bool,
}

/// The plan of one instance. Each list has a number of writes for each slot, counted from the instance's
/// row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The most writes that it may send, given what the others have sent and may send.
    pub(crate) free: Vec<u32>,
    /// Its fair part of the unused quota, up to its need.
    pub(crate) fair: Vec<u32>,
    /// Its additional fair part for writes of low priority.
    pub(crate) fair_low: Vec<u32>,
    /// What it needs: all writes of normal priority, and its fair part of those of low priority.
    pub(crate) needed: u32,
    /// The number of slots whose allowances are kept if they are needed, even if the fair part is smaller.
    pub(crate) kept: usize,
    /// What it may hold beyond its need.
    pub(crate) headroom: u32,
}

impl Plan {
    /// The allowances to claim: the fair part, and some more for writes that arrive before the next exchange.
    /// What is held, needed and valid soon is kept, because the others may not ask for it in time.
    pub(crate) fn claimed(&self, held: &[u32], headroom: u32) -> Vec<u32> {
        let part = |slot| level(&self.fair, slot).saturating_add(level(&self.fair_low, slot));
        let now = part(0).saturating_add(headroom.min(self.headroom));
        let more = now.saturating_sub(level(held, 0));
        let wanted = (0..self.free.len()).map(|slot| {
            let fair = now.saturating_add(part(slot).saturating_sub(part(0)));
            let kept = level(held, slot.min(self.kept));
            fair.max(kept.saturating_add(more).min(self.needed))
        });
        self.confirmed(held, &wanted.collect::<Vec<_>>())
    }

    /// The part of a claim that the others leave, and what is held. What they do not leave now is not claimed
    /// for later either.
    pub(crate) fn confirmed(&self, held: &[u32], claimed: &[u32]) -> Vec<u32> {
        let most = |slot| level(&self.free, slot).max(level(held, slot));
        let claimed_now = level(claimed, 0);
        let now = claimed_now.min(most(0));
        let confirmed = claimed.iter().enumerate().map(|(slot, claimed)| {
            let later = claimed.saturating_sub(claimed_now);
            now.saturating_add(later).min(most(slot)).max(level(held, slot).min(*claimed))
        });
        confirmed.collect()
    }

    /// The part of the allowances that writes of low priority may use: what the fair part for normal
    /// priority leaves.
    pub(crate) fn low(&self, levels: &[u32]) -> Vec<u32> {
        let low = levels.iter().enumerate().map(|(slot, all)| {
            let left = all.saturating_sub(level(&self.fair, slot));
            left.min(level(&self.fair_low, slot).saturating_add(self.headroom))
        });
        let mut low: Vec<_> = low.collect();
        never_falling(&mut low);
        low
    }

    /// Whether more of what it needs is free now than was confirmed.
    pub(crate) fn has_more(&self, confirmed: &[u32]) -> bool {
        level(&self.free, 0).min(self.needed) > level(confirmed, 0)
    }

    /// Whether an instance with these allowances need not ask for more soon: all writes of the quota were
    /// sent, and it has its fair part of those to come.
    pub(crate) fn is_settled(&self, allowances: &[u32]) -> bool {
        let is_used_up = level(&self.fair, 0) == 0 && level(&self.fair_low, 0) == 0;
        is_used_up && self.fair.last() <= allowances.last()
    }
}

/// What a plan is made for.
#[derive(Clone, Copy)]
pub(crate) struct Planner {
    pub(crate) quota: WriteQuota,
    pub(crate) grid: Grid,
    /// The start of the grid. A time that is earlier than the real one makes the plan more cautious.
    pub(crate) start: ServerTime,
}

impl Planner {
    /// The plan of the instance of the row `own`, beside the others.
    pub(crate) fn plan(&self, own: &StoredRow, others: &[StoredRow]) -> Plan {
        let mine = self.position(own, &own.row.held);
        let theirs = others.iter().map(|other| {
            // It has seen this instance's row, and respects its claim.
            let is_later = other.stored > own.stored;
            self.position(other, if is_later { &other.row.held } else { &other.row.claimed })
        });
        let all: Vec<_> = std::iter::once(mine).chain(theirs).collect();
        let slots = 0..self.grid.slots;
        let free = slots.clone().map(|slot| self.free(&all, slot));
        let mut free: Vec<_> = free.collect();
        let mut room: Vec<_> = slots.map(|slot| self.room(&all, slot)).collect();
        never_falling(&mut free);
        never_falling(&mut room);
        let needed = all.iter().map(|position| position.needed).fold(0, u32::saturating_add);
        let low = all.iter().map(|position| position.needed_low).fold(0, u32::saturating_add);
        let reserved = self.quota.writes - self.quota.for_low_priority();
        // Writes of low priority come last, and may use at most half of the quota.
        let low_room = room.iter().map(|room| room.saturating_sub(reserved).saturating_sub(needed));
        let low_room: Vec<_> = low_room.collect();
        let members = |need: fn(&Position<'_>) -> u32| {
            let member = move |one| Member { need: need(one), name: one.instance };
            all.iter().map(member).collect::<Vec<_>>()
        };
        let fair_low = first_part(&low_room, 0, &members(|one| one.needed_low)).into_iter();
        // The allowances of the others are part of that half.
        let fair_low =
            fair_low.zip(&free).map(|(part, free)| part.min(free.saturating_sub(reserved)));
        let fair_low: Vec<_> = fair_low.collect();
        let fair = first_part(&room, level(&free, 0), &members(|one| one.needed));
        let fair_low_most = fair_low.last().copied().unwrap_or(0);
        let alive = all.iter().filter(|position| position.is_alive).count();
        let spare = room.first().map_or(0, |room| room.saturating_sub(needed).saturating_sub(low));
        Plan {
            free,
            fair,
            fair_low,
            needed: own.row.needed.saturating_add(fair_low_most),
            kept: self.grid.slots_within(KEPT),
            headroom: spare / u32::try_from(alive).unwrap_or(u32::MAX).max(1),
        }
    }

    fn position<'a>(&self, stored: &'a StoredRow, allowances: &[Step]) -> Position<'a> {
        let StoredRow { instance, stored, row } = stored;
        let since_start = stored.0.saturating_sub(self.start.0);
        let (mut sent, mut allowed) = (self.grid.empty(), self.grid.empty());
        for step in &row.sent {
            sent.add((0, since_start.saturating_add(step.at)), step.writes);
        }
        let lease_end = since_start.saturating_add(microseconds(LEASE));
        let until = lease_end.saturating_add(microseconds(self.quota.period));
        for step in allowances {
            let from = since_start.saturating_add(step.at);
            if from <= lease_end {
                allowed.add((from, until), step.writes);
            }
        }
        let is_alive = lease_end > 0;
        let Row { needed, needed_low, .. } = *row;
        let (needed, needed_low) = if is_alive { (needed, needed_low) } else { (0, 0) };
        let (sent, allowed) = (sent.levels(), allowed.levels());
        Position { instance, sent, allowed, needed, needed_low, is_alive }
    }

    /// What all other instances leave to the first position.
    fn free(&self, all: &[Position<'_>], slot: usize) -> u32 {
        let own = all.first().map_or(0, |own| level(&own.sent, slot));
        let others = all.iter().skip(1);
        let others =
            others.map(|one| level(&one.sent, slot).saturating_add(level(&one.allowed, slot)));
        self.quota.writes.saturating_sub(others.fold(own, u32::saturating_add))
    }

    /// What all instances may divide: the quota that was not used. Allowances of an instance without a
    /// lease count as used.
    fn room(&self, all: &[Position<'_>], slot: usize) -> u32 {
        let counted = all.iter().map(|one| match one.is_alive {
            true => level(&one.sent, slot),
            false => level(&one.sent, slot).saturating_add(level(&one.allowed, slot)),
        });
        self.quota.writes.saturating_sub(counted.fold(0, u32::saturating_add))
    }
}
