//! The checks of a run of ends: every end came in time, none was early, and nothing else was taken away.

use std::collections::BTreeSet;

use time::Duration;

use super::evidence::EndsEvidence;
use crate::{check::Check, record_checks::RecordEvidence};

/// The longest time from an end to the removal while hosts run: two minutes, a quarter as long as in
/// Azure because the timer fires four times as often.
pub(crate) const LIMIT: Duration = Duration::seconds(30);
/// How long after a removal a list may still show an assignment: the lag of the tenant, and a call.
const LAG: Duration = Duration::seconds(1);

impl EndsEvidence {
    /// All checks.
    pub(crate) fn checks(&self) -> Vec<Check> {
        let mut checks = vec![
            self.every_request_has_an_outcome(),
            self.no_end_is_forgotten(),
            self.every_end_is_in_time(),
            self.no_end_is_early(),
            self.nothing_else_is_taken_away(),
            self.results_speak_of_what_is_held(),
        ];
        let requests = self.requests.iter().map(|request| request.id.as_str()).collect();
        let of_record = RecordEvidence {
            record: &self.record,
            writes: &self.writes,
            requests,
            explained: &|id, fault| self.explained(id, fault),
        };
        checks.extend(of_record.checks());
        checks
    }

    fn every_request_has_an_outcome(&self) -> Check {
        let finished: BTreeSet<_> =
            self.outcomes.iter().map(|one| one.request_id.as_str()).collect();
        let is_lost = |id: &&str| !finished.contains(id) && !self.given_up.contains_key(*id);
        let ids = self.requests.iter().map(|request| request.id.as_str());
        let mut faults: Vec<_> =
            ids.filter(is_lost).map(|id| format!("{id} has no result")).collect();
        let denied = self.outcomes.iter().filter(|one| one.status == "denied");
        faults.extend(denied.map(|one| format!("{} was denied: {}", one.request_id, one.code)));
        let figures = format!(
            "{} requests, {} results of roles, {} gave up",
            self.requests.len(),
            self.outcomes.len(),
            self.given_up.len()
        );
        Check::new("(j) every request has an outcome", figures, faults)
    }

    /// Assignments that are held must have been made by hand, or a result must say that they stay.
    fn no_end_is_forgotten(&self) -> Check {
        let now = self.writes.iter().map(|write| self.clock.time_of(write.at)).max();
        let now = now.unwrap_or(self.clock.time) + Duration::DAY;
        let principals: BTreeSet<_> = self.requests.iter().map(|one| &one.principal).collect();
        let of_plan = self.held.iter().filter(|held| principals.contains(&held.principal_id));
        let forgotten = of_plan.clone().filter(|held| {
            !self.by_hand.contains(&held.id) && self.promised_to_stay(&held.id, now).is_none()
        });
        let mut faults: Vec<_> = forgotten
            .map(|held| {
                let end = self.end_known_at(&held.id, now);
                let role = &held.app_role_id;
                format!("principal {}, role {role} is held; its end was {end:?}", held.principal_id)
            })
            .collect();
        faults.extend(self.rows_left.iter().map(|row| format!("row {row} is left")));
        let figures = format!("{} held, {} removals", of_plan.count(), self.removals().count());
        Check::new("(k) no end was forgotten", figures, faults)
    }

    fn every_end_is_in_time(&self) -> Check {
        let (mut faults, mut longest, mut count) = (Vec::new(), Duration::ZERO, 0);
        for removal in self.removals() {
            // What had no end is the fault of another check.
            let Some(end) = self.end_known_at(removal.assignment_id, removal.at) else { continue };
            let late = self.running(end.min(removal.at), removal.at);
            longest = longest.max(late);
            count += 1;
            if late > LIMIT {
                let id = removal.assignment_id;
                faults.push(self.explained(id, &format!("{id} was removed {late} late")));
            }
        }
        let figures = format!("{count} ends, the latest was {longest} late");
        Check::new("(l) every end came in time", figures, faults)
    }

    fn no_end_is_early(&self) -> Check {
        let mut faults = Vec::new();
        for removal in self.removals() {
            let id = removal.assignment_id;
            match self.end_known_at(id, removal.at) {
                Some(end) if removal.at < end => {
                    faults.push(format!("{id} was removed {} early", end - removal.at));
                }
                _ => {}
            }
        }
        let extended =
            self.outcomes.iter().filter(|one| one.status == "alreadyAssigned" && one.end.is_some());
        let figures = format!("{} results extended or kept an end", extended.count());
        Check::new("(m) no end was early", figures, faults)
    }

    fn nothing_else_is_taken_away(&self) -> Check {
        let mut faults = Vec::new();
        for removal in self.removals() {
            let id = removal.assignment_id;
            if self.by_hand.contains(id) {
                faults.push(self.explained(id, &format!("{id} was made by hand and was removed")));
            } else if let Some(promise) = self.promised_to_stay(id, removal.at) {
                let request = &promise.request_id;
                let fault = format!("{id} was to stay by {request} and was removed");
                faults.push(self.explained(id, &fault));
            } else if self.end_known_at(id, removal.at).is_none() {
                faults.push(self.explained(id, &format!("{id} had no end and was removed")));
            }
        }
        let held: BTreeSet<_> = self.held.iter().map(|held| held.id.as_str()).collect();
        let gone = self.by_hand.iter().filter(|id| !held.contains(id.as_str()));
        faults.extend(gone.map(|id| format!("{id} was made by hand and is gone")));
        let to_stay = self.outcomes.iter().filter(|one| one.is_held() && one.end.is_none());
        let to_stay: BTreeSet<_> = to_stay.map(|one| &one.assignment_id).collect();
        let figures = format!("{} made by hand, {} to stay", self.by_hand.len(), to_stay.len());
        Check::new("(n) nothing else was taken away", figures, faults)
    }

    /// A fault with the history of its assignment.
    fn explained(&self, assignment_id: &str, fault: &str) -> String {
        let history = self.history(assignment_id).into_iter();
        history.fold(fault.to_owned(), |text, event| format!("{text}\n         {event}"))
    }

    /// A result may speak of what was removed while its delivery worked, or shortly before, because lists
    /// lag.
    fn results_speak_of_what_is_held(&self) -> Check {
        let (mut faults, mut stale) = (Vec::new(), 0);
        for removal in self.removals() {
            for outcome in self.outcomes_of(removal.assignment_id) {
                if removal.at + LAG < outcome.started {
                    let (request, early) = (&outcome.request_id, outcome.started - removal.at);
                    faults.push(format!(
                        "{request} says {}, but {} was removed {early} before",
                        outcome.status, removal.assignment_id
                    ));
                } else if removal.at < outcome.finished {
                    stale += 1;
                }
            }
        }
        let figures = format!("{stale} results speak of what was removed meanwhile");
        Check::new("(o) results speak of what is held", figures, faults)
    }
}

#[cfg(test)]
mod tests;
