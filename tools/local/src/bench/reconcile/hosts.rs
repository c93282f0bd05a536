//! The two hosts: one whose timer fires, and one that carries out what it asks for.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use functions_host_emulator::{FunctionsHost, Options, Outcome as HostOutcome};
use serde_json::{Value, json};
use storage_emulator::{Account, Azurite, Queue};
use tenant_emulator::Tenant;

use super::{
    figures::Run,
    population::{Population, Reads},
};
use crate::{
    Outcome,
    app::{App, EVENTS},
    process_status::{self, PEAK},
};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bench/reconcile/policy.json");
const FUNCTION: &str = "ReconcileRoles";
/// How often the queue is looked at.
const INTERVAL: Duration = Duration::from_millis(50);
/// A run, or the checks of a run, that takes longer is given up. Most of the time is Azurite's, which is slow
/// with thousands of messages in a queue.
const PATIENCE: Duration = Duration::from_secs(1200);
/// The write quota has a bench of its own.
const NO_QUOTA: &str = "100000/1";

/// The host whose timer fires, and what starts the other one.
pub(super) struct Hosts {
    planner: FunctionsHost,
    worker: Options,
    account: Account,
    events: Queue,
}

impl Hosts {
    /// Starts the host whose timer fires.
    pub(super) async fn start(app: &App, azurite: &Azurite, tenant: &Tenant) -> Outcome<Self> {
        let account = azurite.account()?;
        let events = account.queue(EVENTS)?;
        events.create_if_missing().await?;
        let options = |disabled: &str| {
            let mut options = app.options(tenant, &account, Path::new(POLICY));
            let off = (format!("AzureWebJobs.{disabled}.Disabled"), "true".to_owned());
            options.environment.push(off);
            options.environment.push(("GRAPH_WRITE_QUOTA".to_owned(), NO_QUOTA.to_owned()));
            options
        };
        let planner = FunctionsHost::start(options("ResourceEventQueue")).await?;
        planner.ready().await?;
        let worker = options(FUNCTION);
        Ok(Self { planner, worker, account, events })
    }

    /// Fires the timer, and has its checks carried out.
    pub(super) async fn run(&self, population: &Population, expected: Reads) -> Outcome<Run> {
        let before = Reads::counted(&population.tenant);
        let began = Instant::now();
        self.fire().await?;
        let took = began.elapsed();
        let reads = Reads::counted(&population.tenant).since(before);
        let summary = self.summary()?;
        let count = |field: &str| {
            let value = summary.get(field).and_then(Value::as_u64);
            let value = value.ok_or_else(|| format!("the line of the run has no {field}"))?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(usize::try_from(value)?)
        };
        let checks = count("checks")?;
        let (checking, deliveries) =
            if checks > 0 { self.carry_out().await? } else { (Duration::ZERO, 0) };
        Ok(Run {
            expected,
            reads,
            seconds_reading: Duration::from_millis(u64::try_from(count("duration_ms")?)?)
                .as_secs_f64(),
            seconds: took.as_secs_f64(),
            checks,
            unexpected: count("unexpected")?,
            deliveries,
            seconds_checking: checking.as_secs_f64(),
        })
    }

    async fn fire(&self) -> Outcome {
        let runs = self.planner.invocations().len();
        let url = self.planner.admin_url().join(&format!("admin/functions/{FUNCTION}"))?;
        let call = reqwest::Client::new().post(url).json(&json!({ "input": "" }));
        call.send().await?.error_for_status()?;
        let finished = self.planner.wait_for_invocations(runs + 1, PATIENCE).await?;
        match finished.last().map(|run| &run.outcome) {
            Some(HostOutcome::Succeeded) => Ok(()),
            outcome => Err(format!("the run did not succeed: {outcome:?}").into()),
        }
    }

    /// What the handler's log says of the last run.
    fn summary(&self) -> Outcome<Value> {
        let lines = self.planner.log();
        let line = lines.iter().rev().find(|line| line.message.contains("\"reconcile.done\""));
        let line = line.ok_or("the handler's log has no line about the run")?;
        Ok(serde_json::from_str(&line.message)?)
    }

    /// Until the queue of events is empty, and how many deliveries that took. The host deletes a message
    /// when its record is written.
    async fn carry_out(&self) -> Outcome<(Duration, usize)> {
        let began = Instant::now();
        let worker = FunctionsHost::start(self.worker.clone()).await?;
        while self.events.approximate_count().await? > 0 {
            if began.elapsed() > PATIENCE {
                return Err("the checks take too long".into());
            }
            tokio::time::sleep(INTERVAL).await;
        }
        let took = began.elapsed();
        let deliveries = worker.invocations().len();
        worker.stop().await;
        Ok((took, deliveries))
    }

    /// The most memory that the handler of the timer has held, in kilobytes; none if this is not Linux.
    pub(super) fn planner_peak(&self) -> Option<u64> {
        process_status::kilobytes(self.planner.worker_process_id()?, PEAK)
    }

    /// Messages that were given up. Neither queue exists unless there are some.
    pub(super) async fn given_up(&self) -> Outcome<usize> {
        let mut count = 0;
        for name in [format!("{EVENTS}-poison"), crate::app::FAILED.to_owned()] {
            let queue = self.account.queue(&name)?;
            if queue.exists().await? {
                count += usize::try_from(queue.approximate_count().await?)?;
            }
        }
        Ok(count)
    }
}
