//! A run of the timer that removes assignments whose end has come, one principal at a time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use record::ends::{EndKey, EndRow, StoredEnd};
use time::OffsetDateTime;
use tokio::sync::Semaphore;

use crate::{
    ask::Ask,
    assignment_ends::AssignmentEnds,
    due_end::{DueEnds, Ended},
};

/// How many principals are worked on at the same time. The writes to one principal follow each other, and
/// each mostly waits for tables and Microsoft Graph.
const CONCURRENT_PRINCIPALS: usize = 16;

/// How often a run looks at the same row. Each round removes one claim. Nearly every row has only one, and
/// one instance that ends it.
const MOST_ROUNDS: usize = 8;

/// What became of a row in a run.
pub(crate) enum Tried {
    /// It was worked on. The error says why it stays.
    Ended(Result<Ended, String>),
    /// The run had no time left.
    NoTime,
}

/// A run.
pub(crate) struct RunOfEnds {
    ask: Ask,
    ends: Arc<AssignmentEnds>,
    due: Arc<DueEnds>,
    places: Semaphore,
    /// Each row of the record gets a number of its own.
    rows_so_far: AtomicUsize,
}

impl RunOfEnds {
    pub(crate) fn new(ask: Ask, ends: Arc<AssignmentEnds>, due: Arc<DueEnds>) -> Self {
        let places = Semaphore::new(CONCURRENT_PRINCIPALS);
        Self { ask, ends, due, places, rows_so_far: AtomicUsize::new(0) }
    }

    /// Ends the assignments of one principal, one after another. A failure of one does not hold up the others.
    pub(crate) async fn end_all(&self, mut rows: Vec<StoredEnd>) -> Vec<(EndRow, Tried)> {
        let mut finished = Vec::with_capacity(rows.len());
        for _ in 0..MOST_ROUNDS {
            let (mut again, mut contested) = (BTreeSet::new(), Vec::new());
            for (row, tried) in self.round(rows).await {
                match &tried {
                    Tried::Ended(Ok(Ended::Contested)) => {
                        contested.push(row);
                        continue;
                    }
                    // A row with several claims may still be due.
                    Tried::Ended(Ok(Ended::Done)) if row.claims.len() > 1 => {
                        again.insert(row.key);
                    }
                    _ => {}
                }
                finished.push((row, tried));
            }
            let is_over = contested.is_empty() || !self.wait_for_others().await;
            if again.is_empty() && is_over {
                let contested = contested.into_iter();
                finished.extend(contested.map(|row| (row, Tried::Ended(Ok(Ended::Contested)))));
                break;
            }
            again.extend(contested.iter().map(|row| row.key));
            match self.still_due(&again).await {
                Ok(due) => rows = due,
                Err(reason) => {
                    let contested = contested.into_iter();
                    finished.extend(contested.map(|row| (row, Tried::Ended(Err(reason.clone())))));
                    break;
                }
            }
        }
        finished
    }

    async fn round(&self, rows: Vec<StoredEnd>) -> Vec<(EndRow, Tried)> {
        let _place = self.places.acquire().await;
        let mut round = Vec::with_capacity(rows.len());
        for stored in rows {
            let tried = if self.ask.deadline.remaining().is_zero() {
                Tried::NoTime
            } else {
                let limit = self.due.timing.queue_message;
                let ask = Ask { deadline: self.ask.deadline.at_most(limit), ..self.ask.clone() };
                let index = self.rows_so_far.fetch_add(1, Ordering::Relaxed);
                Tried::Ended(self.due.end(&ask, &stored, index).await)
            };
            round.push((stored.row, tried));
        }
        round
    }

    /// Leaves another instance the time to finish what it has begun. Returns false if this run has no time
    /// for it.
    async fn wait_for_others(&self) -> bool {
        let wait = self.due.timing.contested_end;
        let has_time = self.ask.deadline.remaining() > wait;
        if has_time {
            tokio::time::sleep(wait).await;
        }
        has_time
    }

    /// Reads the rows with these keys, which are those of one principal, as far as they are still due.
    async fn still_due(&self, keys: &BTreeSet<EndKey>) -> Result<Vec<StoredEnd>, String> {
        let Some(EndKey { principal, .. }) = keys.first() else { return Ok(Vec::new()) };
        let table = self.ends.table().map_err(|failure| failure.message)?;
        let read = table.of(*principal, self.ask.deadline).await;
        let due = read.map_err(|error| error.to_string())?.due(OffsetDateTime::now_utc());
        Ok(due.into_iter().filter(|stored| keys.contains(&stored.row.key)).collect())
    }
}
