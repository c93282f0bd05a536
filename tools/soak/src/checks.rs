//! The checks at the end of a run.

use std::collections::{BTreeMap, BTreeSet};

use app_process::memory_samples::QuarterMedians;
use tenant_emulator::{AcceptedWrite, AppRoleAssignment, WriteKind};

use crate::{
    check::Check,
    handler_memory::LongLived,
    leftovers::Leftovers,
    plan::{Action, Request, Target},
    record::Record,
    record_checks::RecordEvidence,
    results::{Results, State, Status},
};

/// The statuses that no request of the plan may get: every request is allowed by the policy, and names
/// ids that exist or will exist soon.
const REFUSALS: [&str; 5] = ["denied", "invalid", "ambiguous", "expired", "wouldAssign"];

/// The data that the checks compare.
pub(crate) struct Evidence {
    pub(crate) requests: Vec<Request>,
    pub(crate) results: Results,
    /// The failed requests and dead letters: request ids with reasons.
    pub(crate) given_up: BTreeMap<String, String>,
    pub(crate) writes: Vec<AcceptedWrite>,
    pub(crate) assignments: Vec<AppRoleAssignment>,
    /// The messages in the queue of requests.
    pub(crate) left: Leftovers,
    pub(crate) memory: LongLived,
    pub(crate) record: Record,
}

impl Evidence {
    /// All checks.
    pub(crate) fn checks(&self) -> Vec<Check> {
        let mut checks = self.checks_of_results();
        let requests = self.requests.iter().map(|request| request.id.as_str()).collect();
        let of_record = RecordEvidence {
            record: &self.record,
            writes: &self.writes,
            requests,
            explained: &|_, fault| fault.to_owned(),
        };
        checks.extend(of_record.checks());
        checks
    }

    fn checks_of_results(&self) -> Vec<Check> {
        vec![
            self.tenant_is_what_was_written(),
            self.every_request_has_an_outcome(),
            self.nothing_allowed_was_refused(),
            self.results_agree(),
            self.tenant_is_explained(),
            self.memory_is_flat(),
        ]
    }

    fn tenant_is_what_was_written(&self) -> Check {
        let last = self.last_writes();
        let held = self.held();
        let differ = |target: &&Target| {
            let created = last.get(target).is_some_and(|kind| *kind == WriteKind::Created);
            created != held.contains(*target)
        };
        let targets: BTreeSet<_> = last.keys().chain(&held).collect();
        let faults = targets.iter().copied().filter(differ).map(ToString::to_string).collect();
        let figures = format!("{} writes, {} assignments held", self.writes.len(), held.len());
        Check::new("(a) the tenant holds what was last written", figures, faults)
    }

    fn every_request_has_an_outcome(&self) -> Check {
        let open = self.requests.iter().filter(|request| {
            self.results.results_of(&request.id).is_empty()
                && !self.given_up.contains_key(&request.id)
        });
        let mut faults: Vec<_> = open.map(|request| self.place(&request.id)).collect();
        if self.results.unreadable() > 0 {
            faults.push(format!("{} messages are not results", self.results.unreadable()));
        }
        let figures = format!(
            "{} requests, {} with a result, {} results, {} gave up, {} messages left",
            self.requests.len(),
            self.results.finished(),
            self.results.count(),
            self.given_up.len(),
            self.left.len()
        );
        Check::new("(b) every request has an outcome", figures, faults)
    }

    /// Where a request without an outcome is.
    fn place(&self, request_id: &str) -> String {
        match self.left.get(request_id) {
            Some(left) => format!("{request_id} is not finished: {left}"),
            None => format!("{request_id} is lost: it has no result and is in no queue"),
        }
    }

    fn nothing_allowed_was_refused(&self) -> Check {
        let statuses = self.results.statuses();
        let refused =
            statuses.iter().filter(|(known, _)| REFUSALS.contains(&known.status.as_str()));
        let text = |(status, count): (&Status, &usize)| format!("{count} {status}");
        let faults = refused.map(text).collect();
        let figures = statuses.iter().map(text).collect::<Vec<_>>().join(", ");
        Check::new("(b) no allowed request was refused", figures, faults)
    }

    fn results_agree(&self) -> Check {
        let (mut repeated, mut faults) = (0, Vec::new());
        for request in &self.requests {
            let results = self.results.results_of(&request.id);
            repeated += usize::from(results.len() > 1);
            for role in &request.roles {
                let states = results.iter().filter_map(|result| result.get(role.value));
                let known = states.filter(|state| **state != State::Unknown);
                let states: BTreeSet<_> = known.collect();
                if states.len() > 1 {
                    faults.push(format!("{}, {}: {states:?}", request.id, role.value));
                }
            }
        }
        let figures = format!("{repeated} requests with several results");
        Check::new("(c) all results of a request agree on the state", figures, faults)
    }

    fn tenant_is_explained(&self) -> Check {
        let (last, explained) = (self.last_writes(), self.states_in_results());
        let mut faults = Vec::new();
        for (target, kind) in &last {
            let expected = match kind {
                WriteKind::Created => State::Held,
                WriteKind::Deleted => State::NotHeld,
            };
            if !explained.contains(&(target.clone(), expected)) {
                faults.push(format!("{target}: last write {kind:?}, but no result says so"));
            }
        }
        for (target, state) in &explained {
            if *state == State::Held && !last.contains_key(target) {
                faults
                    .push(format!("{target}: a result says it is held, but it was never written"));
            }
        }
        let figures = format!("{} roles of identities were written", last.len());
        Check::new("(d) the results explain the tenant", figures, faults)
    }

    fn memory_is_flat(&self) -> Check {
        let LongLived { medians, too_young } = &self.memory;
        let text = |one: &QuarterMedians| format!("{} to {} kB", one.second, one.last);
        let growing = medians.iter().filter(|one| !one.are_flat());
        let mut faults: Vec<_> = growing
            .map(|one| {
                let most = one.most_if_flat();
                format!("a handler grew from {}; at most {most} kB counts as flat", text(one))
            })
            .collect();
        if medians.is_empty() {
            let fault = "no handler lived long enough: this check needs Linux and three minutes";
            faults.push(fault.to_owned());
        }
        let grown = medians.iter().map(text).collect::<Vec<_>>().join(", ");
        let figures = format!(
            "{} handlers from their second quarter to their last: {grown}; {too_young} were killed \
             too young",
            medians.len()
        );
        Check::new("(e) the memory of each handler is flat", figures, faults)
    }

    fn last_writes(&self) -> BTreeMap<Target, WriteKind> {
        let target = |write: &AcceptedWrite| {
            Target::new(&write.principal_id, &write.resource_id, &write.app_role_id)
        };
        self.writes.iter().map(|write| (target(write), write.kind)).collect()
    }

    /// The roles that the plan's identities hold. The broker's own roles are left out.
    fn held(&self) -> BTreeSet<Target> {
        let asked: BTreeSet<_> = self.requests.iter().map(|request| &request.principal).collect();
        let held = self.assignments.iter().filter(|held| asked.contains(&held.principal_id));
        held.map(|held| Target::new(&held.principal_id, &held.resource_id, &held.app_role_id))
            .collect()
    }

    /// For each role of an identity, the requested states that a result confirms.
    fn states_in_results(&self) -> BTreeSet<(Target, State)> {
        let mut states = BTreeSet::new();
        for request in &self.requests {
            let requested = match request.action {
                Action::Assign => State::Held,
                Action::Revoke => State::NotHeld,
            };
            for (target, role) in request.targets() {
                let results = self.results.results_of(&request.id);
                if results.iter().any(|result| result.get(role.value) == Some(&requested)) {
                    states.insert((target, requested.clone()));
                }
            }
        }
        states
    }
}

#[cfg(test)]
mod tests;
