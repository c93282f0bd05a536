//! Compares the whole tenant with the baseline: reads, plans and reports, and writes nothing.
//!
//! The holders of each API of the baseline are read first, then all managed identities. Both come page by
//! page, and only ids are kept of the holders. If these are too many, the run keeps only those of a share
//! of the tenant, compares the identities of that share, and reads again for the next one. A change in the
//! meantime is seen by the next run, or by a check, which then finds nothing to do.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use app_roles::{
    directory::Api,
    event::BaselineCheckRequested,
    ids::ObjectId,
    policy::OwnIdentity,
    reconcile::{
        CompactAssignment, Comparison, Confirmed, Findings, Limits, Place, PrincipalRange,
        RepairBatch, RoundOrder, Share, Summary,
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

/// Limits of what a run keeps of its findings. Each check costs two reads and a write, and Graph's quota
/// allows this many in minutes. The reply that carries them is smaller than a megabyte. Few assignments
/// that no rule allows are younger than a day; those beyond the limit are reported when they are older.
const LIMITS: Limits = Limits { repairs: 5_000, named: 50, young: 10_000 };

/// The largest number of assignments that a comparison of the tenant holds in memory: they take 21 MB. A
/// larger tenant is read several times.
pub const MOST_ASSIGNMENTS: usize = 1 << 20;

/// The age from which an assignment counts as seen by the previous run, which an app that scaled to zero in
/// between has forgotten. The timer fires at least once within this time.
const OLD: time::Duration = time::Duration::hours(24);

/// Compares the tenant with the baseline.
pub(crate) struct Reconciler {
    roles: Arc<BaselineRoles>,
    directory: Arc<Directory>,
    most_assignments: usize,
    last_run: Mutex<LastRun>,
}

/// What a run remembers for the next one, as long as the process lives.
#[derive(Debug, Default)]
struct LastRun {
    /// The young assignments that no rule allows.
    unexpected: BTreeSet<CompactAssignment>,
    /// The identity with which the next run begins.
    next: Option<ObjectId>,
}

/// How often a run pauses after a failure that may pass. The pauses grow to a minute, so a run that Graph
/// refuses for good ends after some minutes.
const MOST_PAUSES: usize = 8;

/// How much a run has read. A cached API counts, too.
#[derive(Debug, Default)]
struct Reads {
    /// How often the complete lists were read.
    passes: usize,
    apis: usize,
    pages_of_holders: usize,
    pages_of_identities: usize,
}

/// One run. It is not delivered again, so it waits itself where another delivery could succeed.
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

    /// Pauses before a failed read is repeated. Returns the error if a pause cannot help.
    async fn pause_after(&mut self, error: GraphError) -> Result<(), GraphError> {
        if !error.is_worth_another_delivery() || self.pauses >= MOST_PAUSES {
            return Err(error);
        }
        self.pauses += 1;
        self.backoff.wait(error.retry_after(), error).await
    }
}

/// What the identities of every share are compared with.
struct Expected {
    own: OwnIdentity,
    apis: Vec<Arc<Api>>,
    now: OffsetDateTime,
}

/// What a run has found, and the place where it stopped. The place is `None` if it compared the whole
/// tenant.
struct Outcome {
    summary: Summary,
    stopped: Option<Place>,
}

/// What to do about the findings of a run.
struct Plan {
    identities: usize,
    lacking: usize,
    turns: RepairBatch,
    unexpected: Confirmed,
}

impl Reconciler {
    pub(crate) fn new(
        roles: Arc<BaselineRoles>,
        directory: Arc<Directory>,
        most_assignments: usize,
    ) -> Self {
        Self { roles, directory, most_assignments, last_run: Mutex::default() }
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
        let order = RoundOrder::starting_with(last_run.next.unwrap_or_else(ObjectId::random));
        let outcome = self.find(&mut run, time, order).await?;
        let plan = last_run.plan(&outcome);
        plan.log(&run.reads, began.elapsed());
        let checks = plan.turns.now.into_iter();
        Ok(checks.map(|principal| BaselineCheckRequested { principal, time: Some(time) }).collect())
    }

    async fn find(
        &self,
        run: &mut Run,
        now: OffsetDateTime,
        order: RoundOrder,
    ) -> Result<Outcome, GraphError> {
        let mut summary = Summary::new(order, LIMITS);
        let expected = self.expected(run, now).await?;
        if expected.apis.is_empty() {
            return Ok(Outcome { summary, stopped: None });
        }
        let (mut begin, mut longest) = (None, Duration::ZERO);
        loop {
            let began = Instant::now();
            let share = Share::new(order, begin, self.most_assignments);
            match self.pass(&expected, share, (run, summary.clone())).await {
                Ok((so_far, end)) => (summary, begin) = (so_far, end),
                // The findings of the shares before this one are valid.
                Err(error) if begin.is_some() => {
                    log_incomplete(&run.reads, &error.to_string());
                    break;
                }
                Err(error) => return Err(error),
            }
            longest = longest.max(began.elapsed());
            if begin.is_none() {
                break;
            }
            if run.deadline.remaining() < longest {
                log_incomplete(&run.reads, "the time of a run is over");
                break;
            }
        }
        Ok(Outcome { summary, stopped: begin })
    }

    async fn expected(&self, run: &mut Run, now: OffsetDateTime) -> Result<Expected, GraphError> {
        let own = loop {
            match self.directory.own_identity(run.deadline).await {
                Ok(own) => break own,
                Err(error) => run.pause_after(error).await?,
            }
        };
        let apis = loop {
            match self.roles.all_apis(now, run.deadline).await {
                Ok(apis) => break apis,
                Err(error) => run.pause_after(error).await?,
            }
        };
        run.reads.apis = apis.len();
        Ok(Expected { own, apis, now })
    }

    /// Compares the identities of one share. Returns its findings and where the next share begins.
    async fn pass(
        &self,
        expected: &Expected,
        mut share: Share,
        (run, summary): (&mut Run, Summary),
    ) -> Result<(Summary, Option<Place>), GraphError> {
        self.read_holders(expected, &mut share, run).await?;
        let (range, holdings) = share.into_parts();
        let Expected { own, apis, now } = expected;
        let policy = &self.roles.policy;
        let comparison = Comparison { policy, own: *own, apis, holdings: &holdings, now: *now };
        let summary = self.compare(&comparison, range, (run, summary)).await?;
        run.reads.passes += 1;
        Ok((summary, range.end()))
    }

    async fn read_holders(
        &self,
        expected: &Expected,
        share: &mut Share,
        run: &mut Run,
    ) -> Result<(), GraphError> {
        for api in &expected.apis {
            let old = OffsetDateTime::now_utc() - OLD;
            let mut holders = self.roles.graph.inventory().holders(api.object_id, old);
            loop {
                match holders.next_page(run.deadline).await {
                    Ok(Some(page)) => page.into_iter().for_each(|one| share.offer(one)),
                    Ok(None) => break,
                    Err(error) => run.pause_after(error).await?,
                }
            }
            run.reads.pages_of_holders += holders.pages();
        }
        Ok(())
    }

    async fn compare(
        &self,
        comparison: &Comparison<'_>,
        range: PrincipalRange,
        (run, before): (&mut Run, Summary),
    ) -> Result<Summary, GraphError> {
        let mut identities = self.roles.graph.inventory().managed_identities();
        let (mut summary, mut restarts) = (before.clone(), 0);
        loop {
            match identities.next_page(run.deadline).await {
                Ok(Some(page)) => {
                    if identities.restarts() > restarts {
                        (summary, restarts) = (before.clone(), identities.restarts());
                    }
                    let mut findings = Findings::default();
                    let of_share = page.iter().filter(|one| range.covers(one.object_id));
                    of_share.for_each(|identity| findings.compare(identity, comparison));
                    summary.add(findings);
                }
                Ok(None) => break,
                Err(error) => run.pause_after(error).await?,
            }
        }
        run.reads.pages_of_identities += identities.pages();
        Ok(summary)
    }
}

impl LastRun {
    fn plan(&mut self, outcome: &Outcome) -> Plan {
        let Outcome { summary, stopped } = outcome;
        let turns = summary.repairs();
        self.next = turns.next.or_else(|| stopped.as_ref().map(Place::id));
        let unexpected = summary.confirmed(&self.unexpected);
        self.unexpected = summary.for_the_next_run(&self.unexpected, *stopped);
        Plan { identities: summary.identities(), lacking: summary.lacking(), turns, unexpected }
    }
}

fn log_incomplete(reads: &Reads, why: &str) {
    tracing::warn!(
        event = "reconcile.incomplete",
        passes = reads.passes,
        "compared a part of the tenant; the next run goes on with the rest: {why}"
    );
}

impl Plan {
    fn log(&self, reads: &Reads, took: Duration) {
        tracing::info!(
            event = "reconcile.done",
            identities = self.identities,
            lacking = self.lacking,
            checks = self.turns.now.len(),
            checks_left = self.turns.later,
            unexpected = self.unexpected.count,
            unexpected_at_first_sight = self.unexpected.at_first_sight,
            reads = reads.apis + reads.pages_of_holders + reads.pages_of_identities,
            passes = reads.passes,
            apis = reads.apis,
            pages_of_holders = reads.pages_of_holders,
            pages_of_identities = reads.pages_of_identities,
            duration_ms = millis(took),
            "compared the tenant with the baseline"
        );
        // Only people may decide to revoke them.
        for holding in &self.unexpected.named {
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
