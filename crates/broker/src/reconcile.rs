//! Compares the whole tenant with the baseline: reads, plans and reports, and writes nothing.
//!
//! The holders of each API of the baseline are read first, then all managed identities. Both come page
//! by page, and only ids are kept of the holders. The next run sees what happens meanwhile, or a check
//! finds nothing to do.

use std::{mem, sync::Arc, time::Duration};

use app_roles::{
    directory::Api,
    event::BaselineCheckRequested,
    ids::ObjectId,
    reconcile::{
        AssignmentsByPrincipal, CompactAssignment, Comparison, Findings, RepairBatch, confirmed,
    },
};
use azure_rest::{
    rest::ServiceError,
    retry::{Backoff, Deadline, millis},
    timing::CallTiming,
};
use microsoft_graph::error::GraphError;
use time::OffsetDateTime;
use tokio::{sync::Mutex, time::Instant};

use crate::{baseline_roles::BaselineRoles, directory::Directory};

/// The largest number of checks of one run. With two reads and a write each, Graph's quota allows them
/// in minutes, and the reply that carries them is smaller than a megabyte.
const MOST_CHECKS: usize = 5_000;

/// The largest number of findings that are logged one by one. Their total is always logged.
const MOST_LOGGED: usize = 50;

/// The age from which an assignment counts as seen by the run before. An app that scales to zero between
/// runs remembers nothing of them, and the timer has fired within this time.
const OLD: time::Duration = time::Duration::hours(24);

/// Compares the tenant with the baseline.
pub(crate) struct Reconciler {
    roles: Arc<BaselineRoles>,
    directory: Arc<Directory>,
    last_run: Mutex<LastRun>,
}

/// What one run leaves to the next one, as long as the process lives.
#[derive(Debug, Default)]
struct LastRun {
    /// Sorted.
    unexpected: Vec<CompactAssignment>,
    /// The identity to begin with.
    next: Option<ObjectId>,
}

/// How often a run waits for what may pass. The waits grow to a minute, so a run that Graph refuses for
/// good ends after some minutes.
const MOST_PAUSES: usize = 8;

/// How much a run has read. An API counts even if it was cached.
#[derive(Debug, Default)]
struct Reads {
    apis: usize,
    pages_of_holders: usize,
    pages_of_identities: usize,
}

/// One run. No delivery repeats it, so it waits itself for what another delivery might survive.
struct Run {
    reads: Reads,
    deadline: Deadline,
    backoff: Backoff,
    pauses: usize,
}

impl Run {
    fn new(timing: &CallTiming, deadline: Deadline) -> Self {
        let timing = CallTiming { longest_wait: timing.probe, ..timing.clone() };
        let backoff = Backoff::new("compare the tenant with the baseline", &timing, deadline);
        Self { reads: Reads::default(), deadline, backoff, pauses: 0 }
    }

    /// Waits before a failed read is made again. Returns the error if no pause helps against it.
    async fn pause_after(&mut self, error: GraphError) -> Result<(), GraphError> {
        if !error.is_worth_another_delivery() || self.pauses >= MOST_PAUSES {
            return Err(error);
        }
        self.pauses += 1;
        self.backoff.wait(error.retry_after(), error).await
    }
}

/// What to do about the findings of a run.
struct Plan {
    identities: usize,
    lacking: usize,
    turns: RepairBatch,
    /// Found by this run and the one before, or old.
    unexpected: Vec<CompactAssignment>,
    /// The number of those that only this run has found.
    at_first_sight: usize,
}

impl Reconciler {
    pub(crate) fn new(roles: Arc<BaselineRoles>, directory: Arc<Directory>) -> Self {
        Self { roles, directory, last_run: Mutex::default() }
    }

    /// Returns a check for each managed identity that lacks what the baseline gives it. The error means
    /// that nothing is planned.
    pub(crate) async fn run(
        &self,
        deadline: Deadline,
    ) -> Result<Vec<BaselineCheckRequested>, GraphError> {
        let Ok(mut last_run) = self.last_run.try_lock() else {
            tracing::warn!(event = "reconcile.busy", "another run is in progress: this one ends");
            return Ok(Vec::new());
        };
        if self.roles.policy.baseline().is_empty() {
            tracing::info!(event = "reconcile.done", "the policy has no baseline: nothing is read");
            return Ok(Vec::new());
        }
        let (began, time) = (Instant::now(), OffsetDateTime::now_utc());
        let mut run = Run::new(&self.directory.timing().calls, deadline);
        let findings = self.find(&mut run).await?;
        let plan = last_run.plan(findings);
        plan.log(&run.reads, began.elapsed());
        let checks = plan.turns.now.into_iter();
        Ok(checks.map(|principal| BaselineCheckRequested { principal, time: Some(time) }).collect())
    }

    async fn find(&self, run: &mut Run) -> Result<Findings, GraphError> {
        let own = loop {
            match self.directory.own_identity(run.deadline).await {
                Ok(own) => break own,
                Err(error) => run.pause_after(error).await?,
            }
        };
        let apis = loop {
            match self.roles.all_apis(run.deadline).await {
                Ok(apis) => break apis,
                Err(error) => run.pause_after(error).await?,
            }
        };
        if apis.is_empty() {
            return Ok(Findings::default());
        }
        run.reads.apis = apis.len();
        let holdings = self.holdings(&apis, run).await?;
        let policy = &self.roles.policy;
        let comparison = Comparison { policy, own, apis: &apis, holdings: &holdings };
        self.compare(&comparison, run).await
    }

    async fn holdings(
        &self,
        apis: &[Arc<Api>],
        run: &mut Run,
    ) -> Result<AssignmentsByPrincipal, GraphError> {
        let mut all = Vec::new();
        for api in apis {
            let old = OffsetDateTime::now_utc() - OLD;
            let mut holders = self.roles.graph.inventory().holders(api.object_id, old);
            loop {
                match holders.next_page(run.deadline).await {
                    Ok(Some(page)) => all.extend(page),
                    Ok(None) => break,
                    Err(error) => run.pause_after(error).await?,
                }
            }
            run.reads.pages_of_holders += holders.pages();
        }
        Ok(all.into())
    }

    async fn compare(
        &self,
        comparison: &Comparison<'_>,
        run: &mut Run,
    ) -> Result<Findings, GraphError> {
        let mut findings = Findings::default();
        let mut identities = self.roles.graph.inventory().managed_identities();
        loop {
            match identities.next_page(run.deadline).await {
                Ok(Some(page)) => {
                    page.iter().for_each(|identity| findings.compare(identity, comparison));
                }
                Ok(None) => break,
                Err(error) => run.pause_after(error).await?,
            }
        }
        run.reads.pages_of_identities = identities.pages();
        Ok(findings)
    }
}

impl LastRun {
    fn plan(&mut self, findings: Findings) -> Plan {
        let Findings { identities, lacking, unexpected } = findings;
        let count = lacking.len();
        let from = self.next.unwrap_or_else(ObjectId::random);
        let turns = RepairBatch::of(lacking, from, MOST_CHECKS);
        self.next = turns.next;
        let unexpected = self.found_again(unexpected);
        let at_first_sight = self.unexpected.len() - unexpected.len();
        Plan { identities, lacking: count, turns, unexpected, at_first_sight }
    }

    /// The findings that the run before had, too. The next run compares with this one.
    fn found_again(&mut self, mut found: Vec<CompactAssignment>) -> Vec<CompactAssignment> {
        found.sort_unstable();
        found.dedup();
        let before = mem::replace(&mut self.unexpected, found);
        confirmed(&self.unexpected, &before)
    }
}

impl Plan {
    fn log(&self, reads: &Reads, took: Duration) {
        tracing::info!(
            event = "reconcile.done",
            identities = self.identities,
            lacking = self.lacking,
            checks = self.turns.now.len(),
            checks_left = self.turns.later,
            unexpected = self.unexpected.len(),
            unexpected_at_first_sight = self.at_first_sight,
            reads = reads.apis + reads.pages_of_holders + reads.pages_of_identities,
            apis = reads.apis,
            pages_of_holders = reads.pages_of_holders,
            pages_of_identities = reads.pages_of_identities,
            duration_ms = millis(took),
            "compared the tenant with the baseline"
        );
        // Whether to revoke them is for people to decide.
        for holding in self.unexpected.iter().take(MOST_LOGGED) {
            tracing::warn!(
                event = "reconcile.unexpected",
                principal_id = %holding.principal,
                resource_id = %holding.api,
                app_role_id = %holding.role,
                "a managed identity holds an app role that no rule of the policy allows"
            );
        }
    }
}
