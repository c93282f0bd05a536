//! The demo from start to end: queue requests, a role that waits for approval, an HTTP call for an
//! assignment that ends, a new identity, the end of the assignment, and the reader's own requests.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use app_process::app::App;
use functions_host_emulator::{FinishedInvocation, Outcome};

use crate::{
    approval, ended, http_call,
    local_azure::{LocalAzure, PATIENCE, Setup},
    new_identity,
    practice_folder::PracticeFolder,
    queue_requests,
    report::{Report, print_assignments},
    running::Running,
    screen::{OutputError, Screen},
    second_terminal,
};

/// What to show.
pub struct Show {
    /// Run the handler of this package instead of building it.
    pub package: Option<PathBuf>,
    /// What to start.
    pub setup: Setup,
    /// Whether to return after the last step.
    pub once: bool,
}

/// Runs the demo, of a package or of this source tree.
///
/// With `once`, returns after the last step. Otherwise follows the requests until the host stops.
///
/// # Errors
///
/// If a part does not work; with `once`, also if an outcome is not the expected one.
pub async fn run(screen: &mut Screen, show: Show) -> Result<()> {
    let app = app(screen, show.package.as_deref()).await?;
    screen.prose("Starting Azurite (installed on first use, which takes about a minute), the emulated tenant, and the emulated Functions host with the broker")?;
    let mut azure = LocalAzure::start(app, show.setup).await?;
    screen.line("")?;
    play(screen, &mut azure, show.once).await?;
    if show.once {
        return Ok(());
    }
    let folder = PracticeFolder::of_this_source_tree()?;
    folder.prepare(&azure)?;
    let running = Running::announce(&azure, &folder)?;
    azure.results.skip_known().await;
    second_terminal::print_suggestions(screen, &azure)?;
    let followed = follow(screen, &mut azure).await;
    drop(running);
    followed
}

async fn app(screen: &mut Screen, package: Option<&Path>) -> Result<App> {
    if let Some(package) = package {
        screen.line(format_args!("Unpacking {}", package.display()))?;
        return App::unpack(package);
    }
    screen.line("Building the broker (the first time takes minutes)")?;
    App::build().await
}

/// Plays all steps. With `judged`, an unexpected outcome is an error.
///
/// # Errors
///
/// If a step cannot be played.
pub async fn play(screen: &mut Screen, azure: &mut LocalAzure, judged: bool) -> Result<()> {
    if azure.has_own_policy {
        let file = azure.policy.display();
        screen.prose(&format!("The policy is {file}, so outcomes depend on it."))?;
        screen.line("")?;
    }
    let mut report = Report::new(azure.has_own_policy);
    screen.line("Requests in the queue app-role-requests\n")?;
    for request in queue_requests::all() {
        report.add(screen, queue_requests::play(azure, &request).await?)?;
    }
    screen.prose("A privileged role, whose rule needs the approval of a person")?;
    screen.line("")?;
    for step in approval::play(azure).await? {
        report.add(screen, step)?;
    }
    screen.line("A request over HTTP, for an assignment with an end\n")?;
    let (step, temporary) = http_call::play(&azure.host).await?;
    report.add(screen, step)?;
    screen.prose("A new managed identity, which gets its baseline without a request")?;
    screen.line("")?;
    let (step, new_identity) = new_identity::play(azure).await?;
    report.add(screen, step)?;
    if let Some(temporary) = temporary {
        screen.prose("The end of the assignment over HTTP. EndAssignments runs every two seconds here, and each minute in Azure.")?;
        screen.line("")?;
        report.add(screen, ended::play(azure, &temporary).await?)?;
    }
    print_assignments(screen, &azure.tenant, &new_identity)?;
    if judged { report.verdict() } else { Ok(()) }
}

/// Prints the results of further requests until the host stops. The result of a request that waited
/// follows the approver's call, or the timer that finishes approvals.
async fn follow(screen: &mut Screen, azure: &mut LocalAzure) -> Result<()> {
    let mut finished = azure.host.invocations().len();
    let (host, results) = (&azure.host, &mut azure.results);
    loop {
        tokio::select! {
            result = results.next() => {
                let Some(result) = result else { bail!("the emulated host has stopped") };
                screen.line(format_args!("{}\n", serde_json::to_string_pretty(&result)?))?;
            }
            invocations = host.wait_for_invocations(finished + 1, PATIENCE) => {
                let Ok(invocations) = invocations else { continue };
                print_failures(screen, invocations.get(finished..).unwrap_or_default())?;
                finished = invocations.len();
            }
            reason = host.stopped() => {
                bail!("the emulated host has stopped ({reason:?}); run with --verbose to see the log");
            }
        }
    }
}

fn print_failures(
    screen: &mut Screen,
    invocations: &[FinishedInvocation],
) -> Result<(), OutputError> {
    for invocation in invocations.iter().filter(|one| one.message_id.is_some()) {
        if let Outcome::Failed(reason) = &invocation.outcome {
            screen.prose(&format!(
                "Failed; the host delivers the message again in a minute: {reason}"
            ))?;
            screen.line("")?;
        }
    }
    Ok(())
}
