//! `app-role doctor`: checks of everything that the broker needs to work, with the operator's own
//! permissions. Nothing is changed.

mod azure;
mod broker;
mod clock;
mod connection;
mod files;
mod finding;
mod identity;
mod requesters;

use std::path::PathBuf;

use clap::Args;
use connection::Connection;
use finding::{Finding, State};
use function_folders::function_json::HOST_CONNECTION;

use crate::{
    exit::Exit,
    failure::Failure,
    options::{BrokerAddress, BrokerIdentity, GlobalOptions},
    output::{Line, Progress, Screen, Tone, table},
    session::Session,
    storage_account::{AccountText, HOST_STORAGE, REQUESTS, RequestsAccount},
};

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    broker: BrokerAddress,
    #[command(flatten)]
    identity: BrokerIdentity,
    /// Folder with host.json and the function folders; default: the current one, if it has them
    #[arg(long, value_name = "FOLDER")]
    app_root: Option<PathBuf>,
    #[command(flatten)]
    account: RequestsAccount,
    /// Storage account of the connection `AzureWebJobsStorage`, by its queue endpoint. The variable may
    /// hold a connection string
    #[arg(long, env = "APP_ROLE_HOST_STORAGE", hide_env_values = true, value_name = "ENDPOINT")]
    host_storage: Option<AccountText>,
}

impl DoctorArguments {
    fn connections(&self) -> [Connection<'_>; 2] {
        let (requests, host_storage) = (&self.account.requests, &self.host_storage);
        [
            Connection { name: "RequestQueues", option: REQUESTS, account: requests.as_ref() },
            Connection {
                name: HOST_CONNECTION,
                option: HOST_STORAGE,
                account: host_storage.as_ref(),
            },
        ]
    }
}

/// Runs `app-role doctor`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &DoctorArguments,
) -> Result<Exit, Failure> {
    let findings = check(global, arguments).await;
    if screen.prints_document() {
        screen.json(&findings)?;
    } else {
        show(screen, &findings);
    }
    Ok(exit(&findings))
}

/// Returns the exit status. A failure takes precedence over something that could not be seen.
fn exit(findings: &[Finding]) -> Exit {
    let has = |state| findings.iter().any(|finding| finding.state == state);
    if has(State::Failed) {
        Exit::Failed
    } else if has(State::Unknown) {
        Exit::Unknown
    } else {
        Exit::Done
    }
}

/// Runs all checks. A failed check does not stop the others.
async fn check(global: &GlobalOptions, arguments: &DoctorArguments) -> Vec<Finding> {
    let progress = Progress::start("checking files …");
    let (mut findings, folders) = files::check(global, arguments.app_root.as_deref());
    progress.say("signing in …");
    match Session::open(global).await {
        Err(failure) => findings.push(Finding::not_seen("sign-in", &failure)),
        Ok(session) => {
            findings.push(Finding::ok("sign-in", identity::who(&session)));
            progress.say("checking the broker's identity …");
            let broker = arguments.identity.name();
            findings.extend(identity::check(&session, broker).await);
            findings.extend(azure::check(&session, broker).await);
        }
    }
    progress.say("checking the clock …");
    findings.push(clock::check(global).await);
    progress.say("checking the broker's health …");
    findings.extend(broker::check(global, &arguments.broker).await);
    for connection in arguments.connections() {
        progress.say(&format!("checking {} …", connection.name));
        findings.extend(connection::check(global, &connection, &folders).await);
    }
    findings
}

/// Prints a line for each finding, and its advice below it.
fn show(screen: Screen, findings: &[Finding]) {
    let rows = findings.iter().flat_map(|finding| {
        let sign = sign(finding.state).0.to_owned();
        let row = vec![sign, finding.check.clone(), finding.found.clone()];
        let advice = finding.advice.as_ref();
        let advice = advice.map(|advice| vec![String::new(), String::new(), format!("→ {advice}")]);
        std::iter::once(row).chain(advice)
    });
    for line in table(&[], rows).lines() {
        screen.say(painted(line));
    }
}

/// Returns the sign and the color of a state.
fn sign(state: State) -> (&'static str, Option<Tone>) {
    match state {
        State::Ok => ("✓", Some(Tone::Good)),
        State::Warning => ("!", Some(Tone::Warning)),
        State::Failed => ("✗", Some(Tone::Bad)),
        State::NotChecked => ("-", None),
        State::Unknown => ("?", Some(Tone::Warning)),
    }
}

/// Colors the sign of a line.
fn painted(line: &str) -> Line {
    for (sign, tone) in [State::Ok, State::Warning, State::Failed, State::Unknown].map(sign) {
        if let (Some(rest), Some(tone)) = (line.strip_prefix(sign), tone) {
            return Line::painted(tone, sign).then(rest);
        }
    }
    line.into()
}
