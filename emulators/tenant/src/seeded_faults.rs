//! Faults by chance that can be repeated: what a request meets depends on the seed, on what it asks
//! for, and on how often the same was asked before; never on the order in which requests arrive.

mod draw;
mod menu;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::draw::Draw;
use super::{fault::Fault, requests::Route};

/// How many faults in a row the same request meets at most, so that whoever repeats it gets on.
const MOST_IN_A_ROW: u32 = 3;

/// How many of these can be because a replica lags behind.
const MOST_LAGS_IN_A_ROW: u32 = 2;

/// Faults for a share of the requests to Microsoft Graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeededFaults {
    /// With the same seed, the same requests meet the same faults.
    pub seed: u64,
    /// The share of requests that are to meet a fault, from 0.0 to 1.0. It is a little less in
    /// truth, because after three faults in a row the same request meets none.
    pub share: f64,
}

/// What a request asks for, as far as its faults depend on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Combination {
    pub(super) route: Route,
    /// The principal's id; in reads of service principals, the key or the filter that finds one.
    pub(super) principal: String,
    /// The API and its role; empty if the request names none.
    pub(super) role: String,
}

/// The faults of a run.
#[derive(Debug, Default)]
pub(super) struct FaultSequence {
    settings: Option<SeededFaults>,
    progress: BTreeMap<Combination, Progress>,
    /// Which role an assignment gives, by the assignment's id. Ids differ from run to run; and once
    /// the assignment is deleted, nothing else tells the role.
    roles: BTreeMap<String, String>,
    pub(super) given: usize,
}

/// How one combination has fared.
#[derive(Debug, Default)]
struct Progress {
    asked: u64,
    faults_in_a_row: u32,
    lags_in_a_row: u32,
}

impl FaultSequence {
    /// Begins a run, or ends it. What was asked before is forgotten.
    pub(super) fn set(&mut self, settings: Option<SeededFaults>) {
        *self = Self { settings, given: self.given, ..Self::default() };
    }

    pub(super) fn is_on(&self) -> bool {
        self.settings.is_some()
    }

    /// The role of an assignment that a request names by its id: as it is now, or as it was when a
    /// request first named it.
    pub(super) fn role_of(&mut self, assignment_id: &str, now: Option<String>) -> String {
        if let Some(role) = now {
            self.roles.insert(assignment_id.to_owned(), role);
        }
        self.roles.get(assignment_id).cloned().unwrap_or_default()
    }

    /// The fault for a request that has just arrived. `may_lag` says whether a replica may not know
    /// the principal yet.
    pub(super) fn take(&mut self, asked: &Combination, may_lag: bool) -> Option<Fault> {
        let settings = self.settings?;
        let progress = self.progress.entry(asked.clone()).or_default();
        let draw = Draw::of(settings.seed, asked, progress.asked);
        progress.asked += 1;
        if progress.faults_in_a_row == MOST_IN_A_ROW || !draw.hits(settings.share) {
            (progress.faults_in_a_row, progress.lags_in_a_row) = (0, 0);
            return None;
        }
        let may_lag = may_lag && progress.lags_in_a_row < MOST_LAGS_IN_A_ROW;
        let chosen = menu::choose(asked, may_lag, &draw);
        progress.faults_in_a_row += 1;
        progress.lags_in_a_row = if chosen.is_lag { progress.lags_in_a_row + 1 } else { 0 };
        self.given += 1;
        Some(chosen.fault)
    }
}
