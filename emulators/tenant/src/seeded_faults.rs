//! Reproducible random faults. The fault of a request depends on the seed, on the request's subject and on
//! the number of earlier requests with that subject, but not on the order of other requests.

mod draw;
mod menu;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use draw::Draw;
pub(crate) use subject::FaultSubject;

use crate::fault::Fault;

/// The largest number of consecutive faults for one subject, so that retries succeed.
const MOST_IN_A_ROW: u32 = 3;

/// The largest number of consecutive faults of a lagging replica.
const MOST_LAGS_IN_A_ROW: u32 = 2;

/// Faults for a share of the requests to Microsoft Graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeededFaults {
    /// The seed. Equal seeds give equal faults to equal requests.
    pub seed: u64,
    /// The share of requests with a fault, from 0.0 to 1.0. The real share is a little smaller, because
    /// a subject meets no more than three faults in a row.
    pub share: f64,
}

/// The faults of a run.
#[derive(Debug, Default)]
pub(crate) struct FaultSequence {
    settings: Option<SeededFaults>,
    progress: BTreeMap<FaultSubject, Progress>,
    /// The roles of assignments, by assignment id. They remain known after the deletion; ids themselves
    /// differ from run to run.
    roles: BTreeMap<String, String>,
    pub(crate) given: usize,
}

/// The requests and faults of one subject so far.
#[derive(Debug, Default)]
struct Progress {
    asked: u64,
    faults_in_a_row: u32,
    lags_in_a_row: u32,
}

impl FaultSequence {
    /// Begins or ends a sequence of faults.
    pub(crate) fn set(&mut self, settings: Option<SeededFaults>) {
        *self = Self { settings, given: self.given, ..Self::default() };
    }

    pub(crate) fn is_on(&self) -> bool {
        self.settings.is_some()
    }

    /// The role of an assignment, now or when a request last named the assignment.
    pub(crate) fn role_of(&mut self, assignment_id: &str, now: Option<String>) -> String {
        if let Some(role) = now {
            self.roles.insert(assignment_id.to_owned(), role);
        }
        self.roles.get(assignment_id).cloned().unwrap_or_default()
    }

    /// The fault for a request. `may_lag` tells whether a replica may not know the principal yet.
    pub(crate) fn take(&mut self, asked: &FaultSubject, may_lag: bool) -> Option<Fault> {
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
