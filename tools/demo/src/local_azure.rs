//! Everything that stands in for Azure: Azurite, the emulated tenant, and the emulated Functions host
//! with the handler.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use app_process::app::{App, CHECKS, ENDS, EVENTS, RECORD, REQUESTS, RESULTS};
use functions_host_emulator::{FunctionsHost, LogRecord, Outcome};
use serde_json::Value;
use storage_emulator::{Azurite, Queue, Table};
use tenant_emulator::Tenant;

use crate::{approver, http_call};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy.json");

/// The longest wait for an invocation. The handler needs milliseconds; the rest allows for a slow
/// machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The schedule of the timer that ends assignments. By its own one, the reader would wait for a minute.
const ENDS_SCHEDULE: &str = "*/2 * * * * *";

/// The visibility timeout of a received result, which is deleted at once.
const RESULT_LEASE: Duration = Duration::from_secs(30);

/// The running stand-ins. Dropping them stops all processes.
pub(crate) struct LocalAzure {
    pub(crate) tenant: Tenant,
    pub(crate) host: FunctionsHost,
    pub(crate) requests: Queue,
    pub(crate) events: Queue,
    pub(crate) record: Table,
    pub(crate) queue_port: u16,
    /// The connection string of the account with all queues and tables.
    pub(crate) connection_string: String,
    /// The token with which the approver signs in.
    pub(crate) approver_token: String,
    results: Queue,
    _azurite: Azurite,
    _app: App,
}

impl LocalAzure {
    /// Builds the handler or unpacks a package, and starts everything.
    pub(crate) async fn start(package: Option<&Path>, verbose: bool) -> Result<Self> {
        let app = app(package).await?;
        println!("Starting Azurite (installed on first use, which takes about a minute)");
        let azurite = Azurite::start().await?;
        let account = azurite.well_known_account()?;
        let queues = [REQUESTS, RESULTS, EVENTS, CHECKS].map(|name| account.queue(name));
        let [requests, results, events, checks] = queues;
        let (requests, results, events, checks) = (requests?, results?, events?, checks?);
        for queue in [&requests, &results, &events, &checks] {
            queue.create_if_missing().await?;
        }
        println!("Starting the emulated tenant and Functions host, which starts the handler");
        let tenant = Tenant::start(approver::directory()).await?;
        let approver_token = approver::sign_in(&tenant).await?;
        let mut options = app.options(&tenant, &account, Path::new(POLICY));
        options.keys.push(http_call::key());
        options.easy_auth = Some(approver::easy_auth(&approver_token));
        options.schedules.insert(ENDS.to_owned(), ENDS_SCHEDULE.to_owned());
        if verbose {
            options.echo = Some(Arc::new(print_record));
        }
        let host = FunctionsHost::start(options).await?;
        host.ready().await?;
        let [_, queue_port, _] = azurite.ports();
        let record = account.table(RECORD);
        let connection_string = account.connection_string();
        Ok(Self {
            tenant,
            host,
            requests,
            events,
            record,
            queue_port,
            connection_string,
            approver_token,
            results,
            _azurite: azurite,
            _app: app,
        })
    }

    /// The number of finished invocations of a function.
    pub(crate) fn finished(&self, function: &str) -> usize {
        let invocations = self.host.invocations();
        invocations.iter().filter(|invocation| invocation.function == function).count()
    }

    /// Waits for the invocation of a function that follows its first `finished` ones, and checks that it
    /// succeeded. Timers fire meanwhile.
    pub(crate) async fn wait_for_success(&self, function: &str, finished: usize) -> Result<()> {
        let mut all = self.host.invocations();
        loop {
            let of_function = all.iter().filter(|invocation| invocation.function == function);
            match of_function.skip(finished).map(|invocation| &invocation.outcome).next() {
                None => all = self.host.wait_for_invocations(all.len() + 1, PATIENCE).await?,
                Some(Outcome::Succeeded) => return Ok(()),
                Some(Outcome::Failed(reason)) => {
                    bail!("the invocation failed: {reason}; run with --verbose to see the log");
                }
            }
        }
    }

    /// Takes the next message from the queue of results. An error if there is none.
    pub(crate) async fn next_result(&self) -> Result<Value> {
        let result = self.find_result().await?;
        result.context("the invocation succeeded but wrote no result")
    }

    /// Takes the next message from the queue of results, if there is one.
    pub(crate) async fn find_result(&self) -> Result<Option<Value>> {
        let messages = self.results.receive(1, RESULT_LEASE).await?;
        let Some(message) = messages.first() else { return Ok(None) };
        self.results.delete(&message.id, &message.pop_receipt).await?;
        Ok(Some(serde_json::from_str(&message.text)?))
    }
}

async fn app(package: Option<&Path>) -> Result<App> {
    if let Some(package) = package {
        println!("Unpacking {}", package.display());
        return App::unpack(package);
    }
    println!("Building the handler");
    App::build().await
}

#[expect(clippy::print_stderr, reason = "the log must not mix with the report on stdout")]
fn print_record(record: &LogRecord) {
    eprintln!("[{:?}] {}: {}", record.level, record.category, record.message);
}
