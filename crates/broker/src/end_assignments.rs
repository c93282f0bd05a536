//! Removes assignments whose end has come.
//!
//! A row stays until its assignment is gone, so that each run continues where the last one stopped. No rule
//! is asked, because the assignment was allowed only until then.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use app_roles::ids::ObjectId;
use record::ends::{EndKey, EndRow, Ends, StoredEnd};
use time::OffsetDateTime;
use tokio::{sync::Semaphore, task::JoinSet};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    ask::Ask,
    assignment_ends::AssignmentEnds,
    due_end::{DueEnds, Ended},
    ending_notices::EndingNotices,
    mode::Mode,
    moment::rfc3339,
};

/// How many principals are worked on at the same time. The writes to one principal follow each other, and
/// each mostly waits for tables and Microsoft Graph.
const CONCURRENT_PRINCIPALS: usize = 16;

/// How often a run looks at the same row. Each round removes one claim. Nearly every row has only one, and
/// one instance that ends it.
const MOST_ROUNDS: usize = 8;

/// Removes assignments whose end has come.
pub(crate) struct EndAssignments {
    mode: Mode,
    ends: Arc<AssignmentEnds>,
    due: Arc<DueEnds>,
    notices: Arc<EndingNotices>,
    /// The principal with which the next run begins: the first one that the last run had no time for.
    first: Mutex<ObjectId>,
}

/// What became of a row in a run.
enum Tried {
    /// It was worked on. The error says why it stays.
    Ended(Result<Ended, String>),
    /// The run had no time left.
    NoTime,
}

/// What a round of a run leaves to the next one.
#[derive(Default)]
struct Round {
    /// The rows that need no more work. A row with several claims may be due again.
    done: BTreeSet<EndKey>,
    /// The rows that another instance has begun to end. If it is killed, they stay.
    contested: BTreeSet<EndKey>,
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
        tokio::join!(self.end_due(ask, table, (due, now)), notices).0
    }

    /// Removes what is due.
    async fn end_due(
        &self,
        ask: &Ask,
        table: &Ends,
        (due, now): (Vec<StoredEnd>, OffsetDateTime),
    ) -> Result<EndsReport, String> {
        let mut report = EndsReport { due: due.len(), done: 0 };
        // Each row of the record gets a number of its own.
        let shared = Arc::new((Semaphore::new(CONCURRENT_PRINCIPALS), AtomicUsize::new(0)));
        let (mut rows, mut contested) = (due, BTreeSet::new());
        for _ in 0..MOST_ROUNDS {
            let round = self.end_rows(ask, (rows, &shared), &mut report).await;
            contested.extend(round.contested);
            let mut again = round.done;
            if again.is_empty() {
                again = std::mem::take(&mut contested);
                if again.is_empty() || !self.wait_for_others(ask).await {
                    break;
                }
            }
            if ask.deadline.remaining().is_zero() {
                break;
            }
            // A row with several claims may still be due.
            let due =
                table.ending_by(now, ask.deadline).await.map_err(|error| error.to_string())?;
            rows = due.into_iter().filter(|stored| again.contains(&stored.row.key)).collect();
        }
        Ok(report)
    }

    /// Leaves another instance the time to finish what it has begun. Returns false if this run has no time
    /// for it.
    async fn wait_for_others(&self, ask: &Ask) -> bool {
        let wait = self.due.timing.contested_end;
        let has_time = ask.deadline.remaining() > wait;
        if has_time {
            tokio::time::sleep(wait).await;
        }
        has_time
    }

    /// Works on rows that are due.
    async fn end_rows(
        &self,
        ask: &Ask,
        (rows, shared): (Vec<StoredEnd>, &Arc<(Semaphore, AtomicUsize)>),
        report: &mut EndsReport,
    ) -> Round {
        let (mut principals, mut round) = (JoinSet::new(), Round::default());
        let first = *self.first();
        let mut untried = BTreeSet::new();
        for rows in in_turn(rows, first) {
            let (ask, due, shared) = (ask.clone(), self.due.clone(), shared.clone());
            let work = async move { end_all(&due, &ask, (&shared.0, &shared.1), rows).await };
            principals.spawn(work.in_current_span());
        }
        while let Some(ended) = principals.join_next().await {
            // A panic affects only one principal, whose rows stay.
            let ended = ended.unwrap_or_default();
            if let Some((row, Tried::NoTime)) = ended.first() {
                untried.insert(row.key.principal);
            }
            for (row, ended) in ended {
                match ended {
                    Tried::Ended(Ok(Ended::Done)) => {
                        report.done += 1;
                        round.done.insert(row.key);
                    }
                    Tried::Ended(Ok(Ended::Contested)) => {
                        self.warn_if_late(&row, "another instance is ending it");
                        round.contested.insert(row.key);
                    }
                    Tried::Ended(Ok(Ended::Waits)) => {
                        self.warn_if_late(&row, "a list must show it first");
                    }
                    Tried::Ended(Err(reason)) => self.warn_if_late(&row, &reason),
                    Tried::NoTime => self.warn_if_late(&row, "the run had no time left"),
                }
            }
        }
        // Finds the next one in the order of this run.
        let before = untried.split_off(&first);
        if let Some(next) = before.into_iter().chain(untried).next() {
            *self.first() = next;
        }
        round
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

/// Ends the assignments of one principal, one after another. A failure does not stop the others.
async fn end_all(
    due: &DueEnds,
    ask: &Ask,
    (places, rows_so_far): (&Semaphore, &AtomicUsize),
    rows: Vec<StoredEnd>,
) -> Vec<(EndRow, Tried)> {
    let _place = places.acquire().await;
    let mut all = Vec::with_capacity(rows.len());
    for stored in rows {
        let one = Ask { deadline: ask.deadline.at_most(due.timing.queue_message), ..ask.clone() };
        let ended = if ask.deadline.remaining().is_zero() {
            Tried::NoTime
        } else {
            let index = rows_so_far.fetch_add(1, Ordering::Relaxed);
            Tried::Ended(due.end(&one, &stored, index).await)
        };
        all.push((stored.row, ended));
    }
    all
}
