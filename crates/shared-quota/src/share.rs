//! The state of one instance: which writes it may send, and when it exchanges rows.
//!
//! An exchange has up to three steps, each a transaction with storage: the instance reads the rows of all,
//! stores its own, which claims allowances, and reads the rows again, which confirms them. See the README of
//! the crate for why a claim is read again after it was stored.

use std::time::{Duration, Instant};

use crate::{
    allowance::{Allowances, Steps},
    budget::Budget,
    claim::{Claim, Excess, LastRow},
    demand::{Demand, until},
    grid::{Grid, microseconds, sums},
    pace::Pace,
    plan::Planner,
    priority::Priority,
    proposal::Proposal,
    row::{Row, ServerTime, StoredRow},
    timing::{
        GROWTH, HEADROOM, HEADROOM_PART, LEASE, LONGEST_SPACING, RENEWAL, SETTLING,
        SHORTEST_SPACING, STEADY_GROWTH,
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
    pace: Pace,
    sequence: u64,
    last_row: Option<LastRow>,
    claim: Option<Claim>,
    /// Whether the rows are being read for a new claim.
    is_reading_first: bool,
    view: View,
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
            pace: Pace::new(budget),
            sequence: 0,
            last_row: None,
            claim: None,
            is_reading_first: false,
            view: View::unknown(now),
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
        match self.pace.is_failing() {
            true => self.demand.fallback_turn(now),
            false => Turn::Later,
        }
    }

    /// A write is being sent. Ask [`Self::turn`] first.
    pub fn take(&mut self, now: Instant, priority: Priority) -> Ticket {
        self.demand.sent(now);
        self.pace.hurry();
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

    /// What to do with storage next. Each write can change it.
    #[must_use]
    pub fn due(&self, now: Instant) -> Due {
        if self.last_row.is_some_and(|row| row.excess == Excess::Now) {
            return Due::GiveBack(self.pace.correction(now));
        }
        let transactions = if self.reads_first(now) { 3 } else { 2 };
        if self.is_hungry(now) || self.is_pause_new || self.is_unknown() {
            if self.is_waking(now) {
                return Due::Exchange(self.pace.first(now, transactions));
            }
            // Allowances that become valid soon may suffice.
            let last = self.allowances.last_until(now, SETTLING);
            let settled = last.map_or(now, |last| last + SHORTEST_SPACING);
            return Due::Exchange(self.pace.next(now, transactions, settled));
        }
        if let Some(since) = self.demand.idle_since() {
            return match self.last_row.is_some_and(|row| row.has_allowances) {
                true => Due::GiveBack(self.pace.idle_end(now, since)),
                false => Due::WhenNeeded,
            };
        }
        Due::Exchange(self.pace.renewal(now, transactions))
    }

    /// Whether the others lack information about writes, because the last exchange failed.
    fn is_unknown(&self) -> bool {
        self.pace.is_failing() && self.pace.last().is_some_and(|last| self.demand.last() > last)
    }

    fn is_hungry(&self, now: Instant) -> bool {
        [Priority::Normal, Priority::Low]
            .into_iter()
            .any(|priority| self.demand.waiting(priority) > self.allowances.usable(now, priority))
    }

    /// Whether it holds no allowances yet.
    fn is_waking(&self, now: Instant) -> bool {
        self.allowances.lease_end(now).is_none()
    }

    /// Whether the rows are read before a claim. After a pause, an instance that knows of no other one takes
    /// the short way.
    fn reads_first(&self, now: Instant) -> bool {
        let is_alone = self.is_waking(now) && self.view.is_alone();
        !is_alone && !self.view.is_fresh(now)
    }

    /// Begins an exchange.
    pub fn begin(&mut self, now: Instant) -> Transaction {
        let reads_first = self.reads_first(now);
        self.pace.begin(now, self.is_waking(now));
        self.pace.transaction(now);
        if reads_first {
            self.is_reading_first = true;
            return Transaction::Read;
        }
        let proposal = self.proposal(now);
        Transaction::Store(self.claim_more(now, &proposal))
    }

    /// Gives back what was not confirmed. If everything was, gives back all allowances.
    pub fn give_back(&mut self, now: Instant) -> Transaction {
        self.pace.transaction(now);
        let row = match self.last_row.is_some_and(|row| row.excess == Excess::Now) {
            true => self.give_back_excess(now),
            false => self.give_back_all(now),
        };
        Transaction::Store(row)
    }

    fn give_back_excess(&mut self, now: Instant) -> Row {
        let held = self.held(now, Priority::Normal);
        let low = self.held(now, Priority::Low);
        self.keep(now, &held, &low);
        self.claiming(now, &held, &held)
    }

    fn give_back_all(&mut self, now: Instant) -> Row {
        self.pace.give_back(now);
        self.allowances.replace(now, Vec::new(), Vec::new());
        self.allowances.lease(None);
        self.claim = None;
        // No need is stated, even if writes have arrived lately.
        Row { needed: 0, needed_low: 0, ..self.draft(now) }
    }

    /// What the row would claim if it were stored now.
    fn proposal(&self, now: Instant) -> Proposal {
        let stored = self.view.at(now);
        let row = self.demand.row(now, self.grid.slot);
        let own = StoredRow { instance: self.instance.clone(), stored, row };
        let plan = self.planner(stored).plan(&own, &self.view.others);
        Proposal::new(plan, self.held(now, Priority::Normal), self.headroom(now))
    }

    /// Whether there is a reason to store the row: more allowances, or news for the others.
    fn is_worth_storing(&self, now: Instant, proposal: &Proposal) -> bool {
        let Some(last) = self.last_row else { return true };
        let is_old = last.stored.is_none_or(|stored| stored + RENEWAL <= now);
        let needs_more = self.demand.waiting_in_all() > last.needed.saturating_mul(2);
        let is_news = is_old || needs_more || last.excess != Excess::None;
        is_news || self.is_pause_new || self.pace.is_failing() || proposal.gains()
    }

    /// The row with a new claim.
    fn claim_more(&mut self, now: Instant, proposal: &Proposal) -> Row {
        self.is_pause_new = false;
        let kept = proposal.kept();
        self.keep(now, &kept, &proposal.plan.low(&kept));
        self.pace.ended(proposal.plan.is_settled(&proposal.claimed));
        self.claiming(now, &kept, &proposal.claimed)
    }

    /// Keeps these allowances, and of them these for low priority.
    fn keep(&mut self, now: Instant, held: &[u32], low: &[u32]) {
        self.allowances.replace(now, self.steps(now, held), self.steps(now, low));
        self.allowances.storing();
    }

    /// The row that claims these allowances, of which some are held for certain.
    fn claiming(&mut self, now: Instant, held: &[u32], claimed: &[u32]) -> Row {
        // Without an own row, the time on storage's clock is not known. It counts most if the others are quiet.
        let is_blind = self.last_row.is_none() && self.view.is_quiet();
        let mut row = self.draft(now);
        (row.held, row.claimed) = (self.grid.steps(held), self.grid.steps(claimed));
        if let Some(last) = &mut self.last_row {
            last.has_allowances = !row.claimed.is_empty();
            last.needed = row.needed.saturating_add(row.needed_low);
        }
        let is_urgent = is_blind || self.grid.grows_within(LONGEST_SPACING, held, claimed);
        self.claim = Some(Claim { row: row.clone(), is_urgent });
        row
    }

    /// The row to store next, without allowances.
    fn draft(&mut self, now: Instant) -> Row {
        self.sequence += 1;
        self.last_row = Some(LastRow::new(self.sequence, now));
        let mut row = self.demand.row(now, self.grid.slot);
        (row.sequence, row.pause) = (self.sequence, until(self.pause, now));
        row
    }

    /// Storage has stored the row. Returns what follows in this exchange.
    pub fn stored(&mut self, now: Instant) -> Option<Transaction> {
        let row = self.last_row.as_mut()?;
        row.stored = Some(now);
        self.allowances.stored(now.saturating_duration_since(row.began));
        if let Some(claim) = &self.claim {
            self.allowances.lease(Some(row.began + LEASE));
            if claim.is_urgent {
                self.pace.transaction(now);
                return Some(Transaction::Read);
            }
        }
        self.pace.succeeded();
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
                self.view = View { others, own: mine.stored, own_at, read: Some(now) };
                if let Some(claim) = claim.filter(|claim| claim.row.sequence == mine.row.sequence) {
                    self.confirm(now, &claim, &mine);
                }
            }
            // It has none yet, or it was deleted.
            None => {
                self.view = View::without_own(others, now);
                self.last_row = None;
                self.allowances.drop_later(now);
            }
        }
        self.others_pause = self.view.pause(now);
        if std::mem::take(&mut self.is_reading_first) {
            let proposal = self.proposal(now);
            if self.is_worth_storing(now, &proposal) {
                self.pace.transaction(now);
                return Some(Transaction::Store(self.claim_more(now, &proposal)));
            }
            self.pace.ended(proposal.plan.is_settled(&proposal.claimed));
        }
        self.pace.succeeded();
        None
    }

    fn planner(&self, start: ServerTime) -> Planner {
        Planner { quota: self.quota, grid: self.grid, start }
    }

    /// Starts to use the part of the claim that the others leave.
    fn confirm(&mut self, now: Instant, claim: &Claim, mine: &StoredRow) {
        let plan = self.planner(self.view.at(now)).plan(mine, &self.view.others);
        let elapsed = microseconds(now.saturating_duration_since(self.view.own_at));
        let held = sums(&claim.row.held, self.grid, elapsed);
        let claimed = sums(&claim.row.claimed, self.grid, elapsed);
        let confirmed = plan.confirmed(&held, &claimed);
        if let Some(last) = &mut self.last_row {
            last.excess = Excess::of(&claimed, &confirmed);
        }
        let low = plan.low(&confirmed);
        self.allowances.revise(now, self.steps(now, &confirmed), self.steps(now, &low));
        match plan.has_more(&confirmed) {
            true => self.pace.hurry(),
            false => self.pace.ended(plan.is_settled(&confirmed)),
        }
    }

    /// The transaction has failed: storage did not answer in time, or refused. The exchange is over.
    pub fn failed(&mut self, now: Instant) {
        self.is_reading_first = false;
        self.claim = None;
        // The row may still be stored later, and others count its allowances from then on.
        self.allowances.drop_later(now);
        self.view.read = None;
        self.pace.failed();
    }

    /// The rows to delete in one transaction: no instance depends on them any more. None if the budget does
    /// not allow it now.
    pub fn outdated(&mut self, now: Instant) -> Vec<String> {
        if !self.pace.affords(now, 4) {
            return Vec::new();
        }
        let outdated = self.view.take_outdated(now, self.quota);
        if !outdated.is_empty() {
            self.pace.transaction(now);
        }
        outdated.into_iter().map(|row| row.instance).collect()
    }

    /// The number of writes beyond the need that may be claimed while the quota is not used up.
    fn headroom(&self, now: Instant) -> u32 {
        let growth = if self.is_hungry(now) { GROWTH } else { STEADY_GROWTH };
        let least = (self.quota.writes / HEADROOM_PART).min(self.quota.writes_within(HEADROOM));
        let growth = self.allowances.used().saturating_mul(growth);
        growth.max(least).max(1).min(self.quota.writes)
    }

    /// The allowances that it holds, by slot.
    fn held(&self, now: Instant, priority: Priority) -> Vec<u32> {
        let held = |slot| match slot {
            0 => self.allowances.usable(now, priority),
            _ if self.is_waking(now) => 0,
            _ => self.allowances.held_at(self.grid.moment(now, slot), priority),
        };
        (0..self.grid.slots).map(held).collect()
    }

    fn steps(&self, now: Instant, levels: &[u32]) -> Steps {
        let steps = self.grid.steps(levels).into_iter();
        let after = |at: i64| Duration::from_micros(u64::try_from(at).unwrap_or(0));
        steps.map(|step| (now + after(step.at), step.writes)).collect()
    }
}

#[cfg(test)]
mod tests;
