//! The findings of a whole run, in memory that does not grow with the tenant.

use std::collections::BTreeSet;

use super::{
    assignment::CompactAssignment,
    comparison::Findings,
    order::{Place, RoundOrder},
};
use crate::ids::ObjectId;

/// How much a run keeps of what it finds. It counts the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of identities that are repaired after one run.
    pub repairs: usize,
    /// The number of unexpected assignments that are named.
    pub named: usize,
    /// The number of young unexpected assignments that the next run compares with its own.
    pub young: usize,
}

/// What a run has found so far.
#[derive(Debug, Clone)]
pub struct Summary {
    order: RoundOrder,
    limits: Limits,
    identities: usize,
    lacking: usize,
    /// The first ones that lack roles: as many as may be repaired, and one more.
    repairs: BTreeSet<Place>,
    /// The number of unexpected assignments that are old.
    old: usize,
    named: BTreeSet<CompactAssignment>,
    /// The number of unexpected assignments that are not old.
    young: usize,
    compared_again: BTreeSet<CompactAssignment>,
}

/// The identities to repair in this run, and where the next run continues.
#[derive(Debug, PartialEq, Eq)]
pub struct RepairBatch {
    /// The identities to repair now.
    pub now: Vec<ObjectId>,
    /// The number of identities that must wait for the next run.
    pub later: usize,
    /// The identity that the next run starts with, if any must wait.
    pub next: Option<ObjectId>,
}

/// The assignments that no rule allows, and that two runs saw or would have seen.
#[derive(Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Their number.
    pub count: usize,
    /// The first ones.
    pub named: Vec<CompactAssignment>,
    /// The number of those that only this run saw.
    pub at_first_sight: usize,
}

impl Summary {
    /// The summary of a run that has found nothing yet.
    #[must_use]
    pub fn new(order: RoundOrder, limits: Limits) -> Self {
        Self {
            order,
            limits,
            identities: 0,
            lacking: 0,
            repairs: BTreeSet::new(),
            old: 0,
            named: BTreeSet::new(),
            young: 0,
            compared_again: BTreeSet::new(),
        }
    }

    /// Adds the findings of some identities.
    pub fn add(&mut self, findings: Findings) {
        let Findings { identities, lacking, unexpected } = findings;
        self.identities += identities;
        self.lacking += lacking.len();
        for id in lacking {
            insert(&mut self.repairs, self.order.place(id), self.limits.repairs + 1);
        }
        for one in unexpected {
            if one.is_old {
                self.old += 1;
                insert(&mut self.named, one, self.limits.named);
            } else {
                self.young += 1;
                insert(&mut self.compared_again, one, self.limits.young);
            }
        }
    }

    /// The number of identities that were compared.
    #[must_use]
    pub fn identities(&self) -> usize {
        self.identities
    }

    /// The number of identities that lack roles.
    #[must_use]
    pub fn lacking(&self) -> usize {
        self.lacking
    }

    /// Selects the identities to repair: the first ones of the order. The next run continues after them, so
    /// that identities that cannot be repaired do not starve the others.
    #[must_use]
    pub fn repairs(&self) -> RepairBatch {
        let mut ids = self.repairs.iter().map(Place::id);
        let now: Vec<_> = ids.by_ref().take(self.limits.repairs).collect();
        let next = ids.next();
        // An identity that occurs twice in a list is counted twice.
        let later = if next.is_some() { self.lacking - now.len() } else { 0 };
        RepairBatch { now, later, next }
    }

    /// Confirms the assignments that are old, or that the previous run also found. One that was found only
    /// once may be the effect of replica lag.
    #[must_use]
    pub fn confirmed(&self, before: &BTreeSet<CompactAssignment>) -> Confirmed {
        let again: Vec<_> = self.compared_again.intersection(before).copied().collect();
        let count = self.old + again.len();
        let mut named = self.named.clone();
        for one in &again {
            insert(&mut named, *one, self.limits.named);
        }
        let at_first_sight = self.young - again.len();
        Confirmed { count, named: named.into_iter().collect(), at_first_sight }
    }

    /// What the next run compares with its findings. If this run `stopped` at a place, the principals from
    /// there on keep what the run `before` found.
    #[must_use]
    pub fn for_the_next_run(
        &self,
        before: &BTreeSet<CompactAssignment>,
        stopped: Option<Place>,
    ) -> BTreeSet<CompactAssignment> {
        let mut all = self.compared_again.clone();
        let is_left_out = |one: &&CompactAssignment| {
            stopped.is_some_and(|stopped| stopped <= self.order.place(one.principal))
        };
        for one in before.iter().filter(is_left_out) {
            insert(&mut all, *one, self.limits.young);
        }
        all
    }
}

/// Inserts a value, and drops the largest one if there are more than `most`.
fn insert<T: Ord>(set: &mut BTreeSet<T>, value: T, most: usize) {
    set.insert(value);
    if set.len() > most {
        set.pop_last();
    }
}
