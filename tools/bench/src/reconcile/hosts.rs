//! The two hosts: the planner runs the timer, and the worker carries out its checks.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use app_process::{
    app::{App, CHECKS},
    process_memory::peak_kilobytes,
};
use functions_host_emulator::{
    FinishedInvocation, FunctionsHost, Options, Outcome as InvocationOutcome,
};
use serde_json::{Value, json};
use storage_emulator::{Account, Azurite, Queue};
use tenant_emulator::Tenant;

use super::{
    figures::{Planned, Run},
    population::Population,
};
use crate::{given_up, table_service::TableService, workload::STORAGE_LATENCY};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/reconcile/policy.json");
const FUNCTION: &str = "ReconcileRoles";
/// The interval between reads of the queue.
const INTERVAL: Duration = Duration::from_millis(50);
/// The longest wait for a run or its checks. Azurite takes most of the time: it is slow with thousands of
/// messages in a queue.
const PATIENCE: Duration = Duration::from_secs(1200);
/// A write quota that the broker cannot reach.
const NO_QUOTA: &str = "100000/1";

/// The planner, and the options of the worker.
pub(crate) struct Hosts {
    planner: FunctionsHost,
    worker: Options,
    account: Account,
    checks: Queue,
    /// The tables of the record, which end with this value.
    _tables: TableService,
}

impl Hosts {
    /// Starts the planner.
    pub(crate) async fn start(app: &App, azurite: &Azurite, tenant: &Tenant) -> Result<Self> {
        let tables = TableService::start().await?;
        tables.set_latency(STORAGE_LATENCY);
        let account = azurite.account()?.with_table_port(tables.port())?;
        let checks = account.queue(CHECKS)?;
        checks.create_if_missing().await?;
        let options = |disabled: &str| {
            let mut options = app.options(tenant, &account, Path::new(POLICY));
            let off = (format!("AzureWebJobs.{disabled}.Disabled"), "true".to_owned());
            options.environment.push(off);
            options.environment.push(("GRAPH_WRITE_QUOTA".to_owned(), NO_QUOTA.to_owned()));
            options
        };
        let planner = FunctionsHost::start(options("BaselineChecks")).await?;
        planner.ready().await?;
        let worker = options(FUNCTION);
        Ok(Self { planner, worker, account, checks, _tables: tables })
    }

    /// Fires the timer and carries out its checks.
    pub(crate) async fn run(&self, population: &Population) -> Result<Run> {
        let most_reads = population.most_reads(1);
        let planned = self.plan(population).await?;
        let checking = if planned.checks > 0 { self.carry_out().await? } else { Duration::ZERO };
        Ok(Run {
            most_reads,
            reads: planned.reads,
            seconds_reading: planned.seconds,
            checks: planned.checks,
            reported: planned.reported,
            seconds_checking: checking.as_secs_f64(),
        })
    }

    /// Fires the timer, and leaves its checks in the queue.
    pub(crate) async fn plan(&self, population: &Population) -> Result<Planned> {
        let before = population.reads();
        self.fire().await?;
        let reads = population.reads() - before;
        let summary = self.summary()?;
        let count = |field: &str| {
            let value = summary.get(field).and_then(Value::as_u64);
            let value = value.with_context(|| format!("the log line of the run has no {field}"))?;
            Ok::<_, anyhow::Error>(usize::try_from(value)?)
        };
        Ok(Planned {
            passes: count("passes")?,
            reads,
            seconds: Duration::from_millis(u64::try_from(count("duration_ms")?)?).as_secs_f64(),
            identities: count("identities")?,
            lacking: count("lacking")?,
            checks: count("checks")?,
            reported: count("unexpected")?,
        })
    }

    async fn fire(&self) -> Result<()> {
        let runs = runs(&self.planner.invocations()).len();
        let url = self.planner.admin_url().join(&format!("admin/functions/{FUNCTION}"))?;
        let call = reqwest::Client::new().post(url).json(&json!({ "input": "" }));
        call.send().await?.error_for_status()?;
        let outcome = tokio::time::timeout(PATIENCE, self.outcome_of_run(runs)).await;
        match outcome.with_context(|| format!("the run took longer than {PATIENCE:?}"))?? {
            InvocationOutcome::Succeeded => Ok(()),
            outcome => bail!("the run did not succeed: {outcome:?}"),
        }
    }

    /// Waits for the end of a run of the timer. Those of other timers end meanwhile.
    async fn outcome_of_run(&self, index: usize) -> Result<InvocationOutcome> {
        let mut finished = 0;
        loop {
            let all = self.planner.wait_for_invocations(finished + 1, PATIENCE).await?;
            finished = all.len();
            if let Some(run) = runs(&all).get(index) {
                return Ok(run.outcome.clone());
            }
        }
    }

    /// The handler's log line about the last run.
    fn summary(&self) -> Result<Value> {
        let lines = self.planner.log();
        let line = lines.iter().rev().find(|line| line.message.contains("\"reconcile.done\""));
        let line = line.context("the handler's log has no line about the run")?;
        Ok(serde_json::from_str(&line.message)?)
    }

    /// Runs the worker until the queue of checks is empty, and returns the duration. The host deletes a
    /// message after it has written the audit record.
    async fn carry_out(&self) -> Result<Duration> {
        let began = Instant::now();
        let worker = FunctionsHost::start(self.worker.clone()).await?;
        while self.checks.approximate_count().await? > 0 {
            if began.elapsed() > PATIENCE {
                bail!("the checks took longer than {PATIENCE:?}");
            }
            tokio::time::sleep(INTERVAL).await;
        }
        let took = began.elapsed();
        worker.stop().await;
        Ok(took)
    }

    /// The most memory that the planner's handler has held, in kilobytes; `None` if this is not Linux.
    pub(crate) fn planner_peak(&self) -> Option<u64> {
        peak_kilobytes(self.planner.worker_process_id()?)
    }

    /// The number of messages on which the handler or a host gave up.
    pub(crate) async fn given_up(&self) -> Result<usize> {
        given_up::count(&self.account, &format!("{CHECKS}-poison")).await
    }
}

/// The runs of the timer.
fn runs(finished: &[FinishedInvocation]) -> Vec<&FinishedInvocation> {
    finished.iter().filter(|one| one.function == FUNCTION).collect()
}
