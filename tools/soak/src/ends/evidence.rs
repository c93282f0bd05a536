//! What a run of ends leaves behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use storage_emulator::TableRequest;
use tenant_emulator::{AcceptedWrite, AppRoleAssignment, WriteKind};
use time::{Duration, OffsetDateTime};

use super::{outcome::Outcome, plan::EndsRequest};
use crate::record::Record;

/// A moment on both clocks, with which times of the tenant are compared with those of results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) instant: Instant,
    pub(crate) time: OffsetDateTime,
}

/// The data that the checks compare.
pub(crate) struct EndsEvidence {
    pub(crate) clock: Clock,
    pub(crate) requests: Vec<EndsRequest>,
    pub(crate) outcomes: Vec<Outcome>,
    /// The failed requests and dead letters: request ids with reasons.
    pub(crate) given_up: BTreeMap<String, String>,
    pub(crate) writes: Vec<AcceptedWrite>,
    pub(crate) held: Vec<AppRoleAssignment>,
    /// The ids of the assignments that were made by hand.
    pub(crate) by_hand: BTreeSet<String>,
    /// The rows that are left in the table of ends.
    pub(crate) rows_left: Vec<String>,
    /// The times in which no host ran.
    pub(crate) pauses: Vec<(OffsetDateTime, OffsetDateTime)>,
    pub(crate) record: Record,
    /// What the handlers asked of tables.
    pub(crate) table_requests: Vec<TableRequest>,
}

/// An assignment that the broker removed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Removal<'a> {
    pub(crate) assignment_id: &'a str,
    pub(crate) at: OffsetDateTime,
}

impl Clock {
    /// Both clocks now.
    pub(crate) fn now() -> Self {
        Self { instant: Instant::now(), time: OffsetDateTime::now_utc() }
    }

    /// The time of an instant.
    pub(crate) fn time_of(&self, instant: Instant) -> OffsetDateTime {
        match instant.checked_duration_since(self.instant) {
            Some(later) => self.time + later,
            None => self.time - self.instant.duration_since(instant),
        }
    }
}

impl EndsEvidence {
    /// The removals by the broker. Those by hand have no `client-request-id`.
    pub(crate) fn removals(&self) -> impl Iterator<Item = Removal<'_>> {
        let by_broker = self
            .writes
            .iter()
            .filter(|write| write.kind == WriteKind::Deleted && write.client_request_id.is_some());
        by_broker.map(|write| Removal {
            assignment_id: &write.assignment_id,
            at: self.clock.time_of(write.at),
        })
    }

    /// The outcomes that say that an assignment is held.
    pub(crate) fn outcomes_of(&self, assignment_id: &str) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |one| one.is_held() && one.assignment_id == assignment_id)
    }

    /// The outcome that says that an assignment stays, if one was made before a moment.
    pub(crate) fn promised_to_stay(
        &self,
        assignment_id: &str,
        before: OffsetDateTime,
    ) -> Option<&Outcome> {
        self.outcomes_of(assignment_id).find(|one| one.end.is_none() && one.finished <= before)
    }

    /// The end of an assignment, as it was known at a moment: the latest one that a result promised, or
    /// that of the request that created it.
    pub(crate) fn end_known_at(
        &self,
        assignment_id: &str,
        moment: OffsetDateTime,
    ) -> Option<OffsetDateTime> {
        let known = self.outcomes_of(assignment_id).filter(|one| one.finished <= moment);
        known.filter_map(|one| one.end).max().or_else(|| self.requested_end(assignment_id))
    }

    /// The end of the request that created an assignment, if it had one.
    fn requested_end(&self, assignment_id: &str) -> Option<OffsetDateTime> {
        let is_creation = |write: &&AcceptedWrite| {
            write.kind == WriteKind::Created && write.assignment_id == assignment_id
        };
        let created = self.writes.iter().find(is_creation)?;
        let intent = self.record.intents.get(created.client_request_id.as_deref()?)?;
        let request = self.requests.iter().find(|request| request.id == intent.request_id)?;
        Some((self.clock.time + request.end?).truncate_to_second())
    }

    /// How long hosts ran between two moments.
    pub(crate) fn running(&self, from: OffsetDateTime, to: OffsetDateTime) -> Duration {
        let paused = self.pauses.iter().map(|(began, ended)| {
            let overlap = (*ended).min(to) - (*began).max(from);
            overlap.max(Duration::ZERO)
        });
        (to - from - paused.sum::<Duration>()).max(Duration::ZERO)
    }
}
