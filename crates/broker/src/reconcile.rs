//! Comparing the whole tenant with the baseline: reads, plans and reports, and writes nothing.
//!
//! First the holders of each API of the baseline are read, then all managed identities; both come page
//! by page, and of the holders only ids are kept. What happens meanwhile is either seen by the next run, or
//! leads to a check that finds nothing to do.

use std::{mem, sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio::time::Instant;

use super::Broker;
use app_roles::{
    directory::Api,
    event::BaselineCheckRequested,
    ids::ObjectId,
    reconcile::{Comparison, Findings, Holding, Holdings, Turns, found_twice},
};
use azure_rest::retry::{Deadline, millis};
use microsoft_graph::error::GraphError;

/// Most checks that one run asks for. At two reads and a write each, Graph's quota takes them in minutes,
/// and the answer that carries them has less than a megabyte.
const MOST_CHECKS: usize = 5_000;

/// Most findings that are written out; how many there are is said in any case.
const MOST_LISTED: usize = 50;

/// How long an assignment must have been there to be no surprise to lists. The timer has come round in that
/// time, so that the run before would have seen it, had its process lived until now: an app that scales to
/// zero between runs remembers none.
const LONG_AGO: time::Duration = time::Duration::hours(24);

/// What one run leaves to the next one. It lasts as long as the process: a handler that was started anew
/// takes for seen what is old, and begins anywhere.
#[derive(Debug, Default)]
pub(super) struct LastRun {
    /// In order.
    unexpected: Vec<Holding>,
    /// With whom to begin.
    next: Option<ObjectId>,
}

/// How much a run has read. An API counts even if it was remembered.
#[derive(Debug, Default)]
struct Reads {
    apis: usize,
    pages_of_holders: usize,
    pages_of_identities: usize,
}

/// What is to be done about what was found.
struct Plan {
    identities: usize,
    lacking: usize,
    turns: Turns,
    /// Seen by this run and the last one, or old.
    unexpected: Vec<Holding>,
    /// How many more this run has seen.
    at_first_sight: usize,
}

impl Broker {
    /// The checks that are needed for every managed identity to have what the baseline gives it. An error
    /// means that nothing is planned.
    pub async fn reconcile(
        &self,
        deadline: Deadline,
    ) -> Result<Vec<BaselineCheckRequested>, GraphError> {
        let Ok(mut last_run) = self.last_run.try_lock() else {
            tracing::warn!(event = "reconcile.busy", "another run is under way: this one ends");
            return Ok(Vec::new());
        };
        if self.policy.baseline().is_empty() {
            tracing::info!(event = "reconcile.done", "the policy has no baseline: nothing is read");
            return Ok(Vec::new());
        }
        let (began, time, mut reads) =
            (Instant::now(), OffsetDateTime::now_utc(), Reads::default());
        let findings = self.find(&mut reads, deadline).await?;
        let plan = last_run.plan(findings);
        plan.report(&reads, began.elapsed());
        let checks = plan.turns.now.into_iter();
        Ok(checks.map(|principal| BaselineCheckRequested { principal, time: Some(time) }).collect())
    }

    async fn find(&self, reads: &mut Reads, deadline: Deadline) -> Result<Findings, GraphError> {
        let own = self.own_identity(deadline).await?;
        let apis = self.apis_of_the_baseline(deadline).await?;
        if apis.is_empty() {
            return Ok(Findings::default());
        }
        reads.apis = apis.len();
        let holdings = self.holdings(&apis, reads, deadline).await?;
        let comparison = Comparison { policy: &self.policy, own, apis: &apis, holdings: &holdings };
        self.compare(&comparison, reads, deadline).await
    }

    /// The APIs that rules of the baseline name and the tenant has, each once.
    async fn apis_of_the_baseline(&self, deadline: Deadline) -> Result<Vec<Arc<Api>>, GraphError> {
        let mut apis: Vec<Arc<Api>> = Vec::new();
        for name in self.policy.all_baseline_apis() {
            if let Some(api) = self.baseline_api(&name, None, deadline).await?
                && apis.iter().all(|known| known.object_id != api.object_id)
            {
                apis.push(api);
            }
        }
        Ok(apis)
    }

    async fn holdings(
        &self,
        apis: &[Arc<Api>],
        reads: &mut Reads,
        deadline: Deadline,
    ) -> Result<Holdings, GraphError> {
        let mut all = Vec::new();
        for api in apis {
            let long_ago = OffsetDateTime::now_utc() - LONG_AGO;
            let mut holders = self.graph.inventory().holders(api.object_id, long_ago);
            while let Some(page) = holders.next_page(deadline).await? {
                all.extend(page);
            }
            reads.pages_of_holders += holders.pages();
        }
        Ok(all.into())
    }

    async fn compare(
        &self,
        comparison: &Comparison<'_>,
        reads: &mut Reads,
        deadline: Deadline,
    ) -> Result<Findings, GraphError> {
        let mut findings = Findings::default();
        let mut identities = self.graph.inventory().managed_identities();
        while let Some(page) = identities.next_page(deadline).await? {
            for identity in &page {
                findings.look_at(identity, comparison);
            }
        }
        reads.pages_of_identities = identities.pages();
        Ok(findings)
    }
}

impl LastRun {
    fn plan(&mut self, findings: Findings) -> Plan {
        let Findings { identities, lacking, unexpected } = findings;
        let count = lacking.len();
        let from = self.next.unwrap_or_else(ObjectId::random);
        let turns = Turns::of(lacking, from, MOST_CHECKS);
        self.next = turns.next;
        let unexpected = self.unexpected_again(unexpected);
        let at_first_sight = self.unexpected.len() - unexpected.len();
        Plan { identities, lacking: count, turns, unexpected, at_first_sight }
    }

    /// Of what was found, what the last run had found too. The next run asks about this one.
    fn unexpected_again(&mut self, mut found: Vec<Holding>) -> Vec<Holding> {
        found.sort_unstable();
        found.dedup();
        let before = mem::replace(&mut self.unexpected, found);
        found_twice(&self.unexpected, &before)
    }
}

impl Plan {
    fn report(&self, reads: &Reads, took: Duration) {
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
        // What becomes of it is for people to decide.
        for holding in self.unexpected.iter().take(MOST_LISTED) {
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
