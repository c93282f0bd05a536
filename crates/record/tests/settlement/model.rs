//! A tenant, the two tables, and a broker that may be killed after each step.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use record::settlement::{Case, Row, Settlement};

use crate::rows::{Ours, at, held, read};

/// How old an intent must be, in seconds.
pub(crate) const MINIMUM_AGE: i64 = 600;

/// How long a list may be out of date, in seconds.
const LAG: i64 = 120;

/// Where the handler is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Killed {
    BeforeWrite,
    BeforeRow,
    BeforeClose,
    Never,
    /// The handler lives, and the answer to its write was lost: the caller was told `unknown`.
    NotButInDoubt,
    /// The same, and the write did not arrive.
    NotButWriteIsLost,
}

/// A step of a history.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Ours {
        action: &'static str,
        role: usize,
        killed: Killed,
        is_list_late: bool,
    },
    ByHand {
        role: usize,
        skew: i64,
    },
    /// The timer fires. It may be killed between the row and the end of the first intent.
    Settle {
        is_killed: bool,
    },
}

/// A step, and the seconds until the next one.
pub(crate) fn steps(
    pauses: impl Strategy<Value = i64> + Clone,
    by_hand: u32,
) -> impl Strategy<Value = Vec<(Step, i64)>> {
    let killed = prop_oneof![
        Just(Killed::BeforeWrite),
        Just(Killed::BeforeRow),
        Just(Killed::BeforeClose),
        Just(Killed::Never),
        Just(Killed::NotButInDoubt),
        Just(Killed::NotButWriteIsLost),
    ];
    let action = prop_oneof![Just("assign"), Just("revoke")];
    let ours = (action, 0_usize..2, killed, any::<bool>()).prop_map(
        |(action, role, killed, is_list_late)| Step::Ours { action, role, killed, is_list_late },
    );
    let step = prop_oneof![
        8 => ours,
        by_hand => (0_usize..2, -4_i64..=4).prop_map(|(role, skew)| Step::ByHand { role, skew }),
        1 => any::<bool>().prop_map(|is_killed| Step::Settle { is_killed }),
    ];
    prop::collection::vec((step, pauses), 1..14)
}

/// A held assignment.
#[derive(Debug, Clone)]
struct Held {
    id: String,
    created: i64,
}

/// The world.
#[derive(Debug, Default)]
pub(crate) struct World {
    now: i64,
    numbers: usize,
    /// The clock of Microsoft Graph, in seconds before or after the broker's.
    skew: i64,
    held: BTreeMap<usize, Held>,
    /// The last assignment that was removed, and when.
    removed: BTreeMap<usize, (Held, i64)>,
    intents: Vec<Row>,
    pub(crate) rows: Vec<Row>,
    /// The ids of assignments that our writes created and removed.
    pub(crate) created: BTreeSet<String>,
    pub(crate) deleted: BTreeSet<String>,
    /// When others removed assignments.
    pub(crate) removed_by_hand: BTreeMap<String, i64>,
    /// By the number of a request: its assignment, if its write was accepted.
    pub(crate) accepted: BTreeMap<usize, Option<String>>,
    /// When each assignment was created, by the broker or by others.
    pub(crate) moments: BTreeMap<String, i64>,
}

impl World {
    pub(crate) fn after(skew: i64, steps: &[(Step, i64)]) -> Self {
        let mut world = Self { skew, ..Self::default() };
        for (step, pause) in steps {
            world.step(*step);
            world.now += pause;
        }
        world
    }

    /// Lets the timer fire until nothing is due any more.
    pub(crate) fn settle_all(&mut self) {
        self.now += 2 * MINIMUM_AGE;
        self.settle(false);
        assert_eq!(self.intents, Vec::<Row>::new());
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Ours { action, role, killed, is_list_late } => {
                self.numbers += 1;
                let ours = Ours { number: self.numbers, action, role, second: self.now };
                match action {
                    "assign" => self.assign(ours, killed, is_list_late),
                    _ => self.revoke(ours, killed, is_list_late),
                }
            }
            Step::ByHand { role, skew } => match self.held.remove(&role) {
                Some(removed) => {
                    self.removed_by_hand.insert(removed.id.clone(), self.now);
                    self.removed.insert(role, (removed, self.now));
                }
                None => {
                    self.numbers += 1;
                    self.create(role, format!("by-hand-{}", self.numbers), self.now + skew);
                }
            },
            Step::Settle { is_killed } => self.settle(is_killed),
        }
    }

    fn create(&mut self, role: usize, id: String, created: i64) {
        self.moments.insert(id.clone(), created);
        self.held.insert(role, Held { id, created });
    }

    fn assign(&mut self, ours: Ours, killed: Killed, is_list_late: bool) {
        let held = self.held.get(&ours.role).cloned();
        let is_young = held.as_ref().is_some_and(|held| self.now - held.created < LAG);
        if let Some(held) = &held
            && !(is_list_late && is_young)
        {
            self.rows.push(ours.outcome("alreadyAssigned", Some((&held.id, held.created))));
            return;
        }
        self.intents.push(ours.intent(None));
        let is_sent = !matches!(killed, Killed::BeforeWrite | Killed::NotButWriteIsLost);
        let created = (is_sent && held.is_none()).then(|| {
            let id = format!("ours-{}", ours.number);
            self.create(ours.role, id.clone(), self.now + 2 + self.skew);
            self.created.insert(id.clone());
            id
        });
        self.accepted.insert(ours.number, created.clone());
        let about = created.as_deref().map(|id| (id, self.now + 2 + self.skew));
        let status = if about.is_some() { "assigned" } else { "alreadyAssigned" };
        self.finish(ours, killed, ours.outcome(status, about));
    }

    fn revoke(&mut self, ours: Ours, killed: Killed, is_list_late: bool) {
        let removed = self.removed.get(&ours.role).cloned();
        let stale = removed.filter(|(_, at)| is_list_late && self.now - at < LAG);
        let seen = self.held.get(&ours.role).cloned().or(stale.map(|(removed, _)| removed));
        let Some(seen) = seen else {
            self.rows.push(ours.outcome("alreadyRevoked", None));
            return;
        };
        let about = Some((seen.id.as_str(), seen.created));
        let is_held = self.held.get(&ours.role).is_some_and(|held| held.id == seen.id);
        self.intents.push(ours.removal((&seen.id, seen.created), is_held));
        let is_sent = !matches!(killed, Killed::BeforeWrite | Killed::NotButWriteIsLost);
        let is_accepted = is_sent && is_held;
        if is_accepted {
            self.held.remove(&ours.role);
            self.removed.insert(ours.role, (seen.clone(), self.now));
            self.deleted.insert(seen.id.clone());
        }
        self.accepted.insert(ours.number, is_accepted.then(|| seen.id.clone()));
        let status = if is_accepted { "revoked" } else { "alreadyRevoked" };
        self.finish(ours, killed, ours.outcome(status, about.filter(|_| is_accepted)));
    }

    fn finish(&mut self, ours: Ours, killed: Killed, row: Row) {
        match killed {
            Killed::BeforeWrite | Killed::BeforeRow => {}
            Killed::BeforeClose => self.rows.push(row),
            Killed::NotButInDoubt | Killed::NotButWriteIsLost => {
                self.rows.push(ours.outcome("unknown", None));
            }
            Killed::Never => {
                self.rows.push(row);
                self.intents.pop();
            }
        }
    }

    fn settle(&mut self, is_killed: bool) {
        let held = held(self.held.iter().map(|(role, one)| (*role, one.id.as_str(), one.created)));
        let intents = read(&self.intents);
        let last_key = Case::last_row_key(&intents);
        let is_read = |row: &&Row| Some(row["RowKey"].as_str().unwrap()) <= last_key.as_deref();
        let rows: Vec<_> = self.rows.iter().filter(is_read).cloned().collect();
        let case = Case { held: Some(&held), intents: &intents, rows: &rows };
        for (intent, settlement) in case.settle(at(self.now - MINIMUM_AGE)) {
            if let Settlement::Record(_, row) = settlement {
                self.rows.push(row);
                if is_killed {
                    return;
                }
            }
            self.intents.retain(|row| row["RowKey"] != intent.row_key.as_str());
        }
    }
}
