//! A few requests of one queue beside a flood of another, under a write quota. They are posted straight to
//! the handler, as many of each queue at once as the host delivers.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use app_process::{
    app::{App, most_messages_in_flight},
    cargo_build::workspace_root,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tenant_emulator::ServicePrincipal;
use tokio::task::JoinHandle;

use crate::{
    figure::{Figure, Target, Unit},
    handler_calls::{Call, client, post_all},
    handler_process::HandlerProcess,
    workload::{POLICY, Workload, requests},
};

const FLOOD: usize = 2_000;
const FEW: usize = 20;

/// The quota, in writes of each second, and the setting for it. The sliding second lets them go in groups, so
/// the time of either measurement is a whole number of seconds.
const QUOTA: usize = 8;
const QUOTA_SETTING: &str = "8/1";

/// The groups of the flood that have gone before the few requests arrive.
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
    let what = format!("{FEW} requests beside a flood of {FLOOD}, {QUOTA} writes a second");
    let figure = Figure::new(what, Unit::Seconds, beside.as_secs_f64())
        .beside("after the quota was used up", alone.as_secs_f64())
        .held_to(MOST);
    Ok(vec![figure])
}

/// The time of a few requests after, and beside, those of another queue. With as many as the quota allows at
/// once, those are over before.
async fn measure(app: &App, others: usize) -> Result<Duration> {
    let mut workload = Workload::start(others + FEW, LATENCY).await?;
    let root = two_functions(&workspace_root())?;
    let policy = root.path().join("policy.json");
    let broker = workload.broker_with(app, (&policy, root.path()), QUOTA_SETTING).await?;
    let few = team_calls(&broker, &workload.next(FEW)?);
    let others = requests(&broker, &workload.next(others)?);
    let flood = flood(others)?;
    let least = QUOTA * if flood.is_large { GROUPS_BEFORE } else { 1 };
    workload.wait_for_writes(least).await;
    let posted = post_all(&client()?, few, FEW).await?;
    flood.task.abort();
    Ok(posted.took)
}

/// Requests that are posted in the background.
struct Flood {
    task: JoinHandle<Result<()>>,
    is_large: bool,
}

fn flood(calls: Vec<Call>) -> Result<Flood> {
    let (client, in_flight) = (client()?, most_messages_in_flight()?);
    let is_large = calls.len() > QUOTA;
    let task = tokio::spawn(async move { post_all(&client, calls, in_flight).await.map(|_| ()) });
    Ok(Flood { task, is_large })
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
