//! Removes assignments whose end has come.
//!
//! A row stays until its assignment is gone, so that each run continues where the last one stopped. No rule
//! is asked, because the assignment was allowed only until then.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app_roles::ids::ObjectId;
use record::ends::{EndRow, StoredEnd};
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    ask::Ask,
    assignment_ends::AssignmentEnds,
    due_end::{DueEnds, Ended},
    ending_notices::EndingNotices,
    mode::Mode,
    moment::rfc3339,
    run_of_ends::{RunOfEnds, Tried},
};

/// Removes assignments whose end has come.
pub(crate) struct EndAssignments {
    mode: Mode,
    ends: Arc<AssignmentEnds>,
    due: Arc<DueEnds>,
    notices: Arc<EndingNotices>,
    /// The principal with which the next run begins: the first one that the last run had no time for.
    first: Mutex<ObjectId>,
}

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndsReport {
    /// The number of rows whose end had come.
    pub due: usize,
    /// The number of rows that are done: their assignments are gone, or were not the broker's to end.
    pub done: usize,
}

impl EndAssignments {
    pub(crate) fn new(
        mode: Mode,
        ends: Arc<AssignmentEnds>,
        due: Arc<DueEnds>,
        notices: Arc<EndingNotices>,
    ) -> Self {
        // Instances that start together begin in different places.
        Self { mode, ends, due, notices, first: Mutex::new(ObjectId::random()) }
    }

    /// Runs once. The error says why nothing could be read; the next run tries again.
    pub(crate) async fn run(&self, ask: &Ask) -> Result<EndsReport, String> {
        let now = OffsetDateTime::now_utc();
        let table = self.ends.table().map_err(|failure| failure.message)?;
        let found = table.ending_by(self.notices.until(now), ask.deadline).await;
        let is_due = |stored: &StoredEnd| stored.row.due_at().is_some_and(|end| end <= now);
        let (due, soon): (Vec<_>, Vec<_>) =
            found.map_err(|error| error.to_string())?.into_iter().partition(is_due);
        if self.mode.check().is_err() || self.mode.only_reports() {
            for stored in &due {
                self.warn_if_late(&stored.row, "the broker is paused, or only reports");
            }
            return Ok(EndsReport { due: due.len(), done: 0 });
        }
        let notices = self.notices.send(&soon, now, ask.deadline);
        Ok(tokio::join!(self.end_due(ask, due), notices).0)
    }

    /// Removes what is due.
    async fn end_due(&self, ask: &Ask, due: Vec<StoredEnd>) -> EndsReport {
        let mut report = EndsReport { due: due.len(), done: 0 };
        let run = Arc::new(RunOfEnds::new(ask.clone(), self.ends.clone(), self.due.clone()));
        let (mut principals, mut untried) = (JoinSet::new(), BTreeSet::new());
        let first = *self.first();
        for rows in in_turn(due, first) {
            let run = run.clone();
            principals.spawn(async move { run.end_all(rows).await }.in_current_span());
        }
        while let Some(ended) = principals.join_next().await {
            // A panic concerns one principal; its rows stay.
            let ended = ended.unwrap_or_default();
            if let Some((row, Tried::NoTime)) = ended.first() {
                untried.insert(row.key.principal);
            }
            for (row, tried) in ended {
                match tried {
                    Tried::Ended(Ok(Ended::Done)) => report.done += 1,
                    Tried::Ended(Ok(Ended::Waits)) => {
                        self.warn_if_late(&row, "a list must show it first");
                    }
                    Tried::Ended(Ok(Ended::Contested)) => {
                        self.warn_if_late(&row, "another instance has begun to end it");
                    }
                    Tried::Ended(Err(reason)) => self.warn_if_late(&row, &reason),
                    Tried::NoTime => self.warn_if_late(&row, "the run had no time left"),
                }
            }
        }
        // In the order of this run.
        let before = untried.split_off(&first);
        if let Some(next) = before.into_iter().chain(untried).next() {
            *self.first() = next;
        }
        report
    }

    fn first(&self) -> MutexGuard<'_, ObjectId> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn warn_if_late(&self, row: &EndRow, reason: &str) {
        let now = OffsetDateTime::now_utc();
        let Some(end) = row.due_at().filter(|end| now - *end > self.due.timing.end_late) else {
            return;
        };
        tracing::error!(
            event = "end.late",
            principal_id = %row.key.principal,
            resource_id = %row.key.api,
            app_role_id = %row.key.role,
            end_date_time = rfc3339(end),
            "the assignment has not ended yet, and every run tries again: {reason}"
        );
    }
}

/// Groups the rows by principal, beginning with `first`. Each time, the rows of a principal begin in
/// another place, because the first one may take all the time.
fn in_turn(rows: Vec<StoredEnd>, first: ObjectId) -> impl Iterator<Item = Vec<StoredEnd>> {
    let mut principals: BTreeMap<ObjectId, Vec<StoredEnd>> = BTreeMap::new();
    for stored in rows {
        principals.entry(stored.row.key.principal).or_default().push(stored);
    }
    let from_first = principals.split_off(&first);
    from_first.into_iter().chain(principals).map(|(_, mut rows)| {
        let place = Uuid::new_v4().as_u128() % (rows.len().max(1) as u128);
        rows.rotate_left(place as usize);
        rows
    })
}
