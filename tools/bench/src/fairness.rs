//! A few requests of one queue beside a flood of another, under a write quota. They are posted straight to
//! the handler, as many of each queue at once as the host delivers.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use app_process::{app::App, cargo_build::workspace_root, process_memory::peak_kilobytes};
use serde_json::{Value, json};
use tempfile::TempDir;
use tenant_emulator::ServicePrincipal;

use crate::{
    figure::{Figure, Target, Unit},
    flood::Flood,
    handler_calls::{Call, client, post_all},
    handler_process::HandlerProcess,
    workload::{POLICY, Workload, requests},
};

const FLOOD: usize = 2_000;
const FEW: usize = 20;

/// The quota. Writes are sent in groups, one in each period, so both measurements take a whole number of
/// periods. It is smaller than the few requests, so that these need more than one group.
///
/// The period is as long as instances plan ahead. They would use only a part of a shorter one.
const QUOTA: usize = 16;
const PERIOD: Duration = Duration::from_secs(10);

/// The groups of the flood that are sent before the few requests arrive.
const GROUPS_BEFORE: usize = 2;

const LATENCY: Duration = Duration::from_millis(60);

/// The function of another team, with a queue of its own.
const TEAM_FUNCTION: &str = "AssignRoleTeam";
const TEAM_QUEUE: &str = "team-requests";

const MOST: Target = Target::TimesBaseline(2.0);

/// All figures.
pub(crate) async fn run(app: &App) -> Result<Vec<Figure>> {
    let alone = measure(app, QUOTA).await?;
    let beside = measure(app, FLOOD).await?;
    let seconds = PERIOD.as_secs();
    let what = format!("{FEW} requests beside a flood of {FLOOD}, {QUOTA} writes in {seconds} s");
    let time = Figure::new(what, Unit::Seconds, beside.took.as_secs_f64())
        .beside("after the quota was used up", alone.took.as_secs_f64())
        .held_to(MOST);
    let memory = Measured::mebibytes(&beside).map(|peak| {
        let figure = Figure::new("peak memory beside the flood", Unit::Mebibytes, peak);
        figure.beside("alone", Measured::mebibytes(&alone).unwrap_or_default())
    });
    Ok([Some(time), memory].into_iter().flatten().collect())
}

/// A few requests after, or beside, those of another queue.
struct Measured {
    took: Duration,
    /// The most memory that the handler held; `None` if this is not Linux.
    peak_kilobytes: Option<u64>,
}

impl Measured {
    fn mebibytes(&self) -> Option<f64> {
        self.peak_kilobytes.map(|kilobytes| kilobytes as f64 / 1024.0)
    }
}

/// Posts a few requests after, and beside, those of another queue. If these are as few as the quota allows
/// at once, they are done before.
async fn measure(app: &App, others: usize) -> Result<Measured> {
    let mut workload = Workload::start(others + FEW, LATENCY).await?;
    let root = two_functions(&workspace_root())?;
    let policy = root.path().join("policy.json");
    let quota = format!("{QUOTA}/{}", PERIOD.as_secs());
    let broker = workload.broker_with(app, (&policy, root.path()), &quota).await?;
    let few = team_calls(&broker, &workload.next(FEW)?);
    let calls = requests(&broker, &workload.next(others)?);
    let _flood = Flood::start(calls)?;
    let groups = if others > QUOTA { GROUPS_BEFORE } else { 1 };
    workload.wait_for_writes(QUOTA * groups).await;
    let posted = post_all(&client()?, few, FEW).await?;
    Ok(Measured { took: posted.took, peak_kilobytes: peak_kilobytes(broker.id()?) })
}

fn team_calls(broker: &HandlerProcess, identities: &[ServicePrincipal]) -> Vec<Call> {
    let url = broker.url(TEAM_FUNCTION);
    let calls = requests(broker, identities).into_iter();
    calls.map(|call| Call { url: url.clone(), ..call }).collect()
}

/// The app with a second function for requests, and a policy that serves both queues.
fn two_functions(source: &Path) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::copy(source.join("host.json"), folder.path().join("host.json"))?;
    let stock: Value =
        serde_json::from_slice(&std::fs::read(source.join("AssignRole/function.json"))?)?;
    let mut team = stock.clone();
    *team.pointer_mut("/bindings/0/queueName").context("the function has no queue")? =
        json!(TEAM_QUEUE);
    for (name, function) in [("AssignRole", stock), (TEAM_FUNCTION, team)] {
        std::fs::create_dir(folder.path().join(name))?;
        std::fs::write(folder.path().join(name).join("function.json"), function.to_string())?;
    }
    let mut policy: Value = serde_json::from_slice(&std::fs::read(POLICY)?)?;
    let requesters = policy.pointer_mut("/allow/0/requesters").and_then(Value::as_array_mut);
    requesters.context("the policy has no rule")?.push(json!(format!("queue:{TEAM_QUEUE}")));
    std::fs::write(folder.path().join("policy.json"), policy.to_string())?;
    Ok(folder)
}
