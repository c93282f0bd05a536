//! Settles intents that were left open: finds out what became of their writes, and records it.
//!
//! The handler may end, or storage or Microsoft Graph may fail, between a write and its audit row. A run
//! reads and writes rows, and writes nothing to Microsoft Graph. So it works in every mode.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use app_roles::{end::TOKEN_CACHE, ids::ObjectId};
use azure_rest::{retry::Deadline, tables::TableError};
use microsoft_graph::{
    Graph,
    error::{ErrorKind, GraphError},
};
use record::{
    open_intents::OpenIntents,
    record::Record,
    settlement::{Became, Case, OpenIntent, Row, Settlement, outcome_of},
};
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::{
    change_events::{ChangeEvent, ChangeEvents},
    moment::rfc3339,
    settlement_log,
    timing::Timing,
};

/// The number of principals that are settled at the same time. It is small, because requesters need
/// Microsoft Graph, too.
const AT_ONCE: usize = 8;

/// After this many events could not be sent, a run sends no more: their queue does not respond, and each
/// attempt costs seconds that intents without an outcome need.
const MOST_UNSENT: usize = 3;

/// Settles intents that were left open.
pub(crate) struct IntentSettler {
    graph: Arc<Graph>,
    record: Option<Arc<Record>>,
    events: ChangeEvents,
    timing: Timing,
}

/// One run.
struct Run {
    record: Arc<Record>,
    deadline: Deadline,
    /// The number of events that could not be sent.
    unsent: AtomicUsize,
}

/// Why the intents of a principal stay open.
#[derive(Debug, thiserror::Error)]
enum Unsettled {
    #[error("{0}")]
    Table(#[from] TableError),
    #[error("{0}")]
    Graph(#[from] GraphError),
    #[error("the run has ended before")]
    NoTime,
}

impl IntentSettler {
    pub(crate) fn new(
        graph: Arc<Graph>,
        record: Option<Arc<Record>>,
        events: ChangeEvents,
        timing: Timing,
    ) -> Self {
        Self { graph, record, events, timing }
    }

    /// Settles what is due. Intents that cannot be settled stay open for the next run. The error means
    /// that the intents cannot be listed.
    pub(crate) async fn run(self: &Arc<Self>, deadline: Deadline) -> Result<(), TableError> {
        let Some(record) = &self.record else { return Ok(()) };
        let OpenIntents { readable, unreadable } = record.open_intents(deadline).await?;
        let due = self.due();
        for intent in unreadable.iter().filter(|one| one.since.is_none_or(|since| since < due)) {
            settlement_log::unreadable(intent);
        }
        let mut principals: BTreeMap<ObjectId, Vec<OpenIntent>> = BTreeMap::new();
        for intent in readable.into_iter().filter(|intent| intent.intended_at < due) {
            principals.entry(intent.principal).or_default().push(intent);
        }
        let run = Run { record: record.clone(), deadline, unsent: AtomicUsize::new(0) };
        self.settle_all(principals, &Arc::new(run)).await;
        Ok(())
    }

    /// The moment before which intents must have been stored to be due: their invocations have ended.
    fn due(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() - self.timing.intent_age
    }

    /// Settles the intents of all principals. The failure of one does not stop the others.
    async fn settle_all(
        self: &Arc<Self>,
        mut principals: BTreeMap<ObjectId, Vec<OpenIntent>>,
        run: &Arc<Run>,
    ) {
        // Each run begins with another principal, in case there is not enough time for all.
        let mut order = principals.split_off(&ObjectId::random()).into_iter().chain(principals);
        let mut running = JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some((principal, intents)) = order.next()
            {
                let (settler, run) = (self.clone(), run.clone());
                let settled = async move { settler.settle_or_log(&run, principal, intents).await };
                running.spawn(settled.in_current_span());
            }
            if running.join_next().await.is_none() {
                return;
            }
        }
    }

    /// Settles the intents of a principal. What fails is logged.
    async fn settle_or_log(&self, run: &Run, principal: ObjectId, mut intents: Vec<OpenIntent>) {
        // One principal must not take the time of all.
        let deadline = run.deadline.at_most(self.timing.settle_one);
        let result = if deadline.remaining().is_zero() {
            Err(Unsettled::NoTime)
        } else {
            self.settle(run, principal, (&mut intents, deadline)).await
        };
        if let Err(error) = result {
            for intent in &intents {
                self.log_open(intent, &error);
            }
        }
    }

    fn log_open(&self, intent: &OpenIntent, why: &Unsettled) {
        let late = OffsetDateTime::now_utc() - self.timing.intent_late;
        settlement_log::unsettled(intent, why, intent.intended_at < late);
    }

    /// Settles the intents of a principal. It begins with those whose outcome is recorded: they need no
    /// call to Microsoft Graph, and at most an event keeps them open.
    async fn settle(
        &self,
        run: &Run,
        principal: ObjectId,
        (due, deadline): (&mut Vec<OpenIntent>, Deadline),
    ) -> Result<(), Unsettled> {
        let rows = run.record.audit_rows_about(principal, due, deadline).await?;
        let on_record: Vec<_> =
            due.extract_if(.., |intent| outcome_of(intent, &rows).is_some()).collect();
        for intent in &on_record {
            if let Err(error) = self.close(run, intent, (outcome_of(intent, &rows), deadline)).await
            {
                settlement_log::not_closed(&error);
            }
        }
        if due.is_empty() { Ok(()) } else { self.find_out(run, principal, deadline).await }
    }

    /// Finds out what became of the intents of a principal. It reads the list, then the intents, then the
    /// rows: a write that the list shows has an intent, and an intent that is gone has a row.
    async fn find_out(
        &self,
        run: &Run,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<(), Unsettled> {
        let held = match self.graph.assignments().list_by_object_id(principal, deadline).await {
            Ok(held) => Some(held),
            Err(error) if is_gone(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let intents = run.record.open_intents_of(principal, deadline).await?;
        let rows = run.record.audit_rows_about(principal, &intents, deadline).await?;
        let case = Case { held: held.as_ref(), intents: &intents, rows: &rows };
        for (intent, settlement) in case.settle(self.due()) {
            let settled = match settlement {
                Settlement::Close => {
                    self.close(run, intent, (outcome_of(intent, &rows), deadline)).await
                }
                Settlement::Record(became, row) => {
                    self.conclude(run, intent, (became, row), deadline).await
                }
            };
            // A row that cannot be stored must not stop the others.
            if let Err(error) = settled {
                self.log_open(intent, &error.into());
            }
        }
        Ok(())
    }

    /// Stores the outcome of an intent, and closes it.
    async fn conclude(
        &self,
        run: &Run,
        intent: &OpenIntent,
        (became, mut row): (Became, Row),
        deadline: Deadline,
    ) -> Result<(), TableError> {
        if let Some(changed) = became.changed_by(intent) {
            row.insert("effectiveBy".to_owned(), rfc3339(changed + TOKEN_CACHE).into());
        }
        run.record.store(vec![row.clone()], deadline).await?;
        settlement_log::settled(intent, &became, &row);
        self.close(run, intent, (Some(&row), deadline)).await
    }

    /// Sends the event about the outcome of an intent, and deletes the intent. If the event cannot be sent,
    /// the intent stays for the next run. This is no error, because its outcome is recorded.
    async fn close(
        &self,
        run: &Run,
        intent: &OpenIntent,
        (outcome, deadline): (Option<&Row>, Deadline),
    ) -> Result<(), TableError> {
        for event in self.events.about(outcome) {
            if !self.is_sent(run, &event, deadline).await {
                return Ok(());
            }
        }
        run.record.close(&[intent.key()], deadline).await
    }

    async fn is_sent(&self, run: &Run, event: &ChangeEvent, deadline: Deadline) -> bool {
        if run.unsent.load(Ordering::Relaxed) >= MOST_UNSENT {
            return false;
        }
        let is_sent =
            self.events.put(event, deadline.at_most(self.timing.calls.write_answer)).await;
        if !is_sent {
            run.unsent.fetch_add(1, Ordering::Relaxed);
        }
        is_sent
    }
}

/// Whether the principal no longer exists. It cannot be too new, because it was written to.
fn is_gone(error: &GraphError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PrincipalNotFound)
}
