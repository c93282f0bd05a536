//! The state of one instance: which writes it may send, and when it exchanges rows.
//!
//! An exchange has two steps, each a transaction with storage: the instance stores its row, which claims
//! allowances, and then reads the rows of all, which confirm them. See the README of the crate for why both
//! are needed, in this order.

use std::time::{Duration, Instant};

use crate::{
    allowance::{Allowances, Steps},
    budget::Budget,
    claim::{Claim, LastRow},
    demand::{Demand, until},
    grid::{Grid, level, microseconds, sums},
    plan::{Plan, Planner},
    priority::Priority,
    row::{Row, ServerTime, StoredRow},
    timing::{
        FALLBACK_INSTANCES, FIRST_SPACING, GROWTH, HEADROOM, HEADROOM_PART, IDLE, LEASE,
        LONGEST_SPACING, MOST_DELETED, OUTDATED, RENEWAL, SETTLING, SHORTEST_SPACING,
        STEADY_GROWTH,
    },
    transaction::{Due, Transaction},
    turn::{Ticket, Turn},
    view::View,
    write_quota::WriteQuota,
};

/// The share of one instance.
#[derive(Debug)]
pub struct Share {
    instance: String,
    quota: WriteQuota,
    grid: Grid,
    demand: Demand,
    allowances: Allowances,
    budget: Budget,
    sequence: u64,
    last_row: Option<LastRow>,
    claim: Option<Claim>,
    /// Whether the rows are being read for a new claim.
    is_reading_first: bool,
    view: Option<View>,
    /// The start of the last exchange.
    last: Option<Instant>,
    spacing: Duration,
    /// Since when exchanges have failed.
    failing_since: Option<Instant>,
    /// The end of the pause that Graph has asked this instance or others for.
    pause: Option<Instant>,
    others_pause: Option<Instant>,
    is_pause_new: bool,
}

impl Share {
    /// The share of the instance with this id, which no other instance has ever had.
    #[must_use]
    pub fn new(instance: String, quota: WriteQuota, budget: Budget, now: Instant) -> Self {
        let grid = Grid::new(quota);
        Self {
            instance,
            quota,
            grid,
            demand: Demand::new(quota, now),
            allowances: Allowances::new(now, grid.slot_length()),
            budget,
            sequence: 0,
            last_row: None,
            claim: None,
            is_reading_first: false,
            view: None,
            last: None,
            spacing: SHORTEST_SPACING,
            failing_since: None,
            pause: None,
            others_pause: None,
            is_pause_new: false,
        }
    }

    /// The id of the instance.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// A write begins to wait.
    pub fn arrived(&mut self, now: Instant, priority: Priority) {
        self.demand.arrived(now, priority);
    }

    /// A write waits no longer: it is sent, or its caller has given up.
    pub fn left(&mut self, now: Instant, priority: Priority) {
        self.demand.left(now, priority);
    }

    /// Whether a write may be sent.
    #[must_use]
    pub fn turn(&self, now: Instant, priority: Priority) -> Turn {
        if let Some(end) = self.others_pause.filter(|end| *end > now) {
            return Turn::At(end);
        }
        if self.allowances.usable(now, priority) > 0 {
            return Turn::Now;
        }
        if let Some(end) = self.allowances.lease_end(now) {
            return Turn::At(self.allowances.next(now).map_or(end, |next| next.min(end)));
        }
        match self.failing_since {
            Some(_) => self.fallback_turn(now),
            None => Turn::Later,
        }
    }

    /// A write is being sent. Ask [`Self::turn`] first.
    pub fn take(&mut self, now: Instant, priority: Priority) -> Ticket {
        self.demand.sent(now);
        self.spacing = SHORTEST_SPACING;
        let is_allowed = self.allowances.usable(now, priority) > 0;
        Ticket(is_allowed.then(|| self.allowances.take(priority)))
    }

    /// A write has ended. `was_sent` is false only if Graph cannot have counted it.
    pub fn ended(&mut self, now: Instant, ticket: Ticket, was_sent: bool) {
        self.demand.ended(now, was_sent);
        if let (Ticket(Some(used)), false) = (ticket, was_sent) {
            self.allowances.give_back(used);
        }
    }

    /// Until when Graph has asked this instance to wait, if it has. The others wait too, as long as this
    /// instance renews its row.
    pub fn paused(&mut self, pause_end: Option<Instant>) {
        self.is_pause_new |= pause_end > self.pause;
        self.pause = pause_end;
    }

    /// Without storage, the instance keeps to the part that it would have among many instances.
    fn fallback_turn(&self, now: Instant) -> Turn {
        let most = (self.quota.writes / FALLBACK_INSTANCES).max(1);
        if self.demand.counted(now) < most {
            return Turn::Now;
        }
        self.demand.next_end(now).map_or(Turn::Later, Turn::At)
    }

    /// What to do with storage next. Each write can change it.
    #[must_use]
    pub fn due(&self, now: Instant) -> Due {
        let retry = self.failing_since.map_or(now, |_| self.last.unwrap_or(now) + self.spacing);
        let spaced = |wait: Duration| self.last.map_or(now, |last| last + wait);
        let reads_first = self.last_row.is_some() && !View::is_fresh(self.view.as_ref(), now);
        let affordable = self.budget.ready(if reads_first { 3 } else { 2 }, now);
        if self.is_hungry(now) || self.is_pause_new || self.is_unknown() {
            // Allowances that become valid soon may suffice.
            let settled = self
                .allowances
                .last_until(now, SETTLING)
                .map_or(now, |last| last + SHORTEST_SPACING);
            let at = spaced(self.spacing).max(settled.min(spaced(LONGEST_SPACING)));
            return Due::Exchange(affordable.max(at));
        }
        if let Some(since) = self.demand.idle_since() {
            return match self.last_row.is_some_and(|row| row.has_allowances) {
                true => Due::GiveBack(self.budget.ready(1, now).max(since + IDLE).max(retry)),
                false => Due::WhenNeeded,
            };
        }
        Due::Exchange(affordable.max(spaced(RENEWAL)))
    }

    /// Whether the others lack information about writes, because the last exchange failed.
    fn is_unknown(&self) -> bool {
        self.failing_since.is_some() && self.last.is_some_and(|last| self.demand.last() > last)
    }

    fn is_hungry(&self, now: Instant) -> bool {
        [Priority::Normal, Priority::Low]
            .into_iter()
            .any(|priority| self.demand.waiting(priority) > self.allowances.usable(now, priority))
    }

    /// Begins an exchange.
    pub fn begin(&mut self, now: Instant) -> Transaction {
        self.last = Some(now);
        self.is_pause_new = false;
        self.budget.take(now);
        if self.last_row.is_some() && !View::is_fresh(self.view.as_ref(), now) {
            self.is_reading_first = true;
            return Transaction::Read;
        }
        Transaction::Store(self.claim_more(now))
    }

    /// Gives back all allowances.
    pub fn give_back(&mut self, now: Instant) -> Transaction {
        self.last = Some(now);
        self.spacing = SHORTEST_SPACING;
        self.budget.take(now);
        self.allowances.replace(now, Vec::new(), Vec::new());
        self.allowances.lease(None);
        self.claim = None;
        // No need is stated, even if writes have arrived lately.
        let row = Row { needed: 0, needed_low: 0, ..self.draft(now).row };
        Transaction::Store(row)
    }

    /// The row with a new claim.
    fn claim_more(&mut self, now: Instant) -> Row {
        let mut own = self.draft(now);
        let plan = self.view.as_ref().map(|view| {
            own.stored = view.at(now);
            self.planner(view.at(now)).plan(&own, &view.others)
        });
        let slots = 0..self.grid.slots;
        let held: Vec<_> = slots.clone().map(|slot| self.held_at(now, slot)).collect();
        let claimed: Vec<_> = match &plan {
            Some(plan) => plan.claimed(&held, self.headroom(now)),
            // The others do not know of this instance, and it does not know of them.
            None => {
                let most = (self.quota.writes / HEADROOM_PART).max(1);
                vec![self.demand.waiting_in_all().clamp(1, most); self.grid.slots]
            }
        };
        let kept: Vec<_> =
            slots.map(|slot| level(&held, slot).min(level(&claimed, slot))).collect();
        own.row.held = self.grid.steps(&kept);
        own.row.claimed = self.grid.steps(&claimed);
        if let Some(row) = &mut self.last_row {
            row.has_allowances = !own.row.claimed.is_empty();
        }
        let low = self.low_steps(now, &kept, plan.as_ref());
        self.allowances.replace(now, self.steps(now, &kept), low);
        self.allowances.storing();
        let more = claimed.iter().zip(&kept).position(|(claimed, kept)| claimed > kept);
        let soon = microseconds(LONGEST_SPACING);
        let is_urgent = more.is_some_and(|slot| self.grid.start(slot) <= soon);
        self.claim = Some(Claim { row: own.row.clone(), is_urgent, is_first: plan.is_none() });
        if let (Some(plan), false) = (&plan, is_urgent) {
            self.space(plan);
        }
        own.row
    }

    /// The row to store next, without allowances.
    fn draft(&mut self, now: Instant) -> StoredRow {
        self.sequence += 1;
        self.last_row = Some(LastRow {
            sequence: self.sequence,
            began: now,
            stored: None,
            has_allowances: false,
        });
        let mut row = self.demand.row(now, self.grid.slot);
        (row.sequence, row.pause) = (self.sequence, until(self.pause, now));
        StoredRow { instance: self.instance.clone(), stored: ServerTime(0), row }
    }

    /// Storage has stored the row. Returns what follows in this exchange.
    pub fn stored(&mut self, now: Instant) -> Option<Transaction> {
        let row = self.last_row.as_mut()?;
        row.stored = Some(now);
        self.allowances.stored(now.saturating_duration_since(row.began));
        if let Some(claim) = &self.claim {
            self.allowances.lease(Some(row.began + LEASE));
            if claim.is_urgent {
                self.budget.take(now);
                return Some(Transaction::Read);
            }
        }
        self.failing_since = None;
        None
    }

    /// Storage has answered the rows of all instances. Returns what follows in this exchange.
    pub fn seen(&mut self, now: Instant, rows: Vec<StoredRow>) -> Option<Transaction> {
        let (mine, others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.instance == self.instance);
        let claim = self.claim.take();
        match mine.into_iter().next() {
            Some(mine) => {
                let stored = self.last_row.filter(|last| last.sequence == mine.row.sequence);
                let own_at = stored.and_then(|last| last.stored).unwrap_or(now);
                let view = View { others, own: mine.stored, own_at, read: now };
                self.others_pause = view.pause(now);
                match claim.filter(|claim| claim.row.sequence == mine.row.sequence) {
                    Some(claim) => self.confirm(now, &claim, (&mine, &view)),
                    None => self.spacing = FIRST_SPACING,
                }
                self.view = Some(view);
            }
            // Its row was deleted, so nothing is known until it is stored again.
            None => {
                self.view = None;
                self.last_row = None;
                self.allowances.drop_later(now);
            }
        }
        if std::mem::take(&mut self.is_reading_first) {
            self.budget.take(now);
            return Some(Transaction::Store(self.claim_more(now)));
        }
        self.failing_since = None;
        None
    }

    fn planner(&self, start: ServerTime) -> Planner {
        Planner { quota: self.quota, grid: self.grid, start }
    }

    /// Starts to use the part of the claim that the others leave.
    fn confirm(&mut self, now: Instant, claim: &Claim, (mine, view): (&StoredRow, &View)) {
        let plan = self.planner(view.at(now)).plan(mine, &view.others);
        let elapsed = microseconds(now.saturating_duration_since(view.own_at));
        let held = sums(&claim.row.held, self.grid, elapsed);
        let claimed = sums(&claim.row.claimed, self.grid, elapsed);
        let confirmed = plan.confirmed(&held, &claimed);
        let low = self.low_steps(now, &confirmed, Some(&plan));
        self.allowances.revise(now, self.steps(now, &confirmed), low);
        match claim.is_first {
            true => self.spacing = SHORTEST_SPACING,
            false => self.space(&plan),
        }
    }

    /// Sets the wait until the next exchange, which applies if nothing is sent before.
    fn space(&mut self, plan: &Plan) {
        self.spacing = match level(&plan.fair, 0) + level(&plan.fair_low, 0) {
            // Everything was sent, so there is nothing to get now.
            0 => LONGEST_SPACING,
            _ => (self.spacing * 2).clamp(FIRST_SPACING, LONGEST_SPACING),
        };
    }

    /// The transaction has failed: storage did not answer in time, or refused. The exchange is over.
    pub fn failed(&mut self, now: Instant) {
        self.is_reading_first = false;
        self.claim = None;
        self.failing_since.get_or_insert(now);
        // The row may still be stored later, and others count its allowances from then on.
        self.allowances.drop_later(now);
        self.view = self.view.take().map(|view| View { read: view.own_at, ..view });
        self.spacing = (self.spacing * 2).clamp(FIRST_SPACING, LONGEST_SPACING);
    }

    /// The rows to delete in one transaction: no instance depends on them any more. None if the budget does
    /// not allow it now.
    pub fn outdated(&mut self, now: Instant) -> Vec<String> {
        let age = microseconds(self.quota.period).saturating_add(microseconds(OUTDATED));
        let Some(view) = self.view.as_mut().filter(|_| self.budget.ready(4, now) <= now) else {
            return Vec::new();
        };
        let oldest = view.at(now).0.saturating_sub(age);
        let is_outdated = |row: &StoredRow| row.stored.0 < oldest;
        let outdated = view.others.extract_if(.., |row| is_outdated(row)).take(MOST_DELETED);
        let outdated: Vec<_> = outdated.map(|row| row.instance).collect();
        if !outdated.is_empty() {
            self.budget.take(now);
        }
        outdated
    }

    /// The number of writes beyond the need that may be claimed while the quota is not used up.
    fn headroom(&self, now: Instant) -> u32 {
        let growth = if self.is_hungry(now) { GROWTH } else { STEADY_GROWTH };
        let least = (self.quota.writes / HEADROOM_PART).min(self.quota.writes_within(HEADROOM));
        let growth = self.allowances.used().saturating_mul(growth);
        growth.max(least).max(1).min(self.quota.writes)
    }

    fn held_at(&self, now: Instant, slot: usize) -> u32 {
        match slot {
            0 => self.allowances.usable(now, Priority::Normal),
            _ if self.allowances.lease_end(now).is_none() => 0,
            _ => self.allowances.held_at(self.grid.moment(now, slot)),
        }
    }

    fn steps(&self, now: Instant, levels: &[u32]) -> Steps {
        let steps = self.grid.steps(levels).into_iter();
        let after = |at: i64| Duration::from_micros(u64::try_from(at).unwrap_or(0));
        steps.map(|step| (now + after(step.at), step.writes)).collect()
    }

    /// The part of the allowances for low priority: what the fair part for normal priority leaves.
    fn low_steps(&self, now: Instant, levels: &[u32], plan: Option<&Plan>) -> Steps {
        let Some(plan) = plan else {
            let low = self.demand.needed(now, Priority::Low).min(self.quota.for_low_priority());
            let first = levels.first().copied().unwrap_or(0);
            return vec![(now, low.min(first))];
        };
        let low = plan.low(levels);
        self.steps(now, &low)
    }
}

#[cfg(test)]
mod tests;
