//! Everything that stands in for Azure: Azurite, the emulated tenant, and the emulated Functions host
//! with the handler.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use app_process::app::{App, EVENTS, RECORD, REQUESTS, RESULTS};
use functions_host_emulator::{FunctionsHost, LogRecord, Outcome};
use serde_json::Value;
use storage_emulator::{Azurite, Queue, Table};
use tenant_emulator::{Tenant, contoso::contoso};

use crate::http_call;

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy.json");

/// The longest wait for an invocation. The handler needs milliseconds; the rest allows for a slow
/// machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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
        let queues = [REQUESTS, RESULTS, EVENTS].map(|name| account.queue(name));
        let [requests, results, events] = queues;
        let (requests, results, events) = (requests?, results?, events?);
        for queue in [&requests, &results, &events] {
            queue.create_if_missing().await?;
        }
        println!("Starting the emulated tenant and Functions host, which starts the handler");
        let tenant = Tenant::start(contoso()).await?;
        let mut options = app.options(&tenant, &account, Path::new(POLICY));
        options.keys.push(http_call::key());
        if verbose {
            options.echo = Some(Arc::new(print_record));
        }
        let host = FunctionsHost::start(options).await?;
        host.ready().await?;
        let [_, queue_port, _] = azurite.ports();
        let record = account.table(RECORD);
        let (_azurite, _app) = (azurite, app);
        Ok(Self { tenant, host, requests, events, record, queue_port, results, _azurite, _app })
    }

    /// Waits for the invocation that follows the first `finished` ones, and checks that it succeeded.
    pub(crate) async fn wait_for_success(&self, finished: usize) -> Result<()> {
        let invocations = self.host.wait_for_invocations(finished + 1, PATIENCE).await?;
        let invocation = invocations.get(finished).context("the host lost an invocation")?;
        if let Outcome::Failed(reason) = &invocation.outcome {
            bail!("the invocation failed: {reason}; run with --verbose to see the log");
        }
        Ok(())
    }

    /// Takes the next message from the queue of results.
    pub(crate) async fn next_result(&self) -> Result<Value> {
        let messages = self.results.receive(1, RESULT_LEASE).await?;
        let message = messages.first().context("the invocation succeeded but wrote no result")?;
        self.results.delete(&message.id, &message.pop_receipt).await?;
        Ok(serde_json::from_str(&message.text)?)
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
