//! `app-role doctor`: everything that must be true for the broker to work, looked at with the
//! operator's own rights. Nothing is changed.

mod account;
mod azure;
mod broker;
mod clock;
mod files;
mod finding;
mod identity;

use std::path::PathBuf;

use clap::Args;
use finding::{Finding, State};

use crate::{
    arguments::{BrokerAddress, GlobalOptions},
    failure::{Exit, Failure},
    output::{Progress, Screen, Tone, table},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    broker: BrokerAddress,
    /// The broker's identity
    #[arg(long, env = "APP_ROLE_BROKER_IDENTITY", value_name = "PRINCIPAL")]
    #[arg(hide_env_values = true)]
    broker_identity: Option<String>,
    /// The folder of host.json
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    app_root: PathBuf,
    /// The account of `RequestQueues`: an endpoint such as
    /// `https://strequests.queue.core.windows.net`, or a connection string
    #[arg(long, value_name = "ACCOUNT")]
    requests: Option<String>,
    /// The account of `AzureWebJobsStorage`, in the same way
    #[arg(long, value_name = "ACCOUNT")]
    host_storage: Option<String>,
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: &DoctorArguments,
) -> Result<Exit, Failure> {
    let findings = examine(global, arguments).await;
    if screen.is_json() {
        screen.json(&findings)?;
    } else {
        show(*screen, &findings);
    }
    let is_healthy = findings.iter().all(|finding| finding.state != State::Failed);
    Ok(if is_healthy { Exit::Done } else { Exit::Failed })
}

/// Looks at one thing after another; what fails keeps nothing else from being looked at.
async fn examine(global: &GlobalOptions, arguments: &DoctorArguments) -> Vec<Finding> {
    let progress = Progress::start("files …");
    let (mut findings, folders) = files::examine(&global.policy, &arguments.app_root);
    progress.say("sign-in …");
    match Session::open(global).await {
        Err(failure) => findings.push(Finding::failed("sign-in", &failure)),
        Ok(session) => {
            findings.push(Finding::ok("sign-in", identity::who(&session)));
            progress.say("the broker's identity …");
            let broker = arguments.broker_identity.as_deref();
            findings.extend(identity::examine(&session, broker).await);
            findings.extend(azure::examine(&session, broker).await);
        }
    }
    progress.say("clock …");
    findings.push(clock::examine(global).await);
    progress.say("the broker …");
    findings.push(broker::examine(global, &arguments.broker).await);
    for (connection, option, account) in [
        ("RequestQueues", "--requests", &arguments.requests),
        ("AzureWebJobsStorage", "--host-storage", &arguments.host_storage),
    ] {
        progress.say(&format!("{connection} …"));
        let account = account.as_deref();
        findings.extend(account::examine(global, connection, option, account, &folders).await);
    }
    findings
}

/// A line for each finding, and one below it for what to do.
fn show(screen: Screen, findings: &[Finding]) {
    let rows = findings.iter().flat_map(|finding| {
        let sign = sign(finding.state).0.to_owned();
        let row = vec![sign, finding.check.clone(), finding.found.clone()];
        let advice = finding.advice.as_ref();
        let advice = advice.map(|advice| vec![String::new(), String::new(), format!("→ {advice}")]);
        std::iter::once(row).chain(advice)
    });
    for line in table(&[], rows).lines() {
        screen.say(&painted(screen, line));
    }
}

/// What marks a state, and its colour.
fn sign(state: State) -> (&'static str, Option<Tone>) {
    match state {
        State::Ok => ("✓", Some(Tone::Good)),
        State::Failed => ("✗", Some(Tone::Bad)),
        State::NotChecked => ("-", None),
    }
}

/// A line with its mark in colour.
fn painted(screen: Screen, line: &str) -> String {
    for (sign, tone) in [State::Ok, State::Failed].map(sign) {
        if let (Some(rest), Some(tone)) = (line.strip_prefix(sign), tone) {
            return format!("{}{rest}", screen.paint(tone, sign));
        }
    }
    line.to_owned()
}
