//! Everything that the demo needs, started.

#![expect(clippy::print_stdout, reason = "the demo says what it is doing")]

use std::{path::Path, sync::Arc, time::Duration};

use functions_host_emulator::{FunctionsHost, LogRecord, Outcome as InvocationOutcome};
use serde_json::Value;
use storage_emulator::{Azurite, Queue, Table};
use tenant_emulator::{Tenant, contoso::contoso};

use super::{PATIENCE, http_call};
use crate::{
    Outcome,
    app::{App, EVENTS, RECORD, REQUESTS, RESULTS},
};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/policy.json");

/// How long a result that was received stays hidden; it is deleted at once.
const RESULT_LEASE: Duration = Duration::from_secs(30);

/// The demo's world.
pub(super) struct Stage {
    pub(super) tenant: Tenant,
    pub(super) host: FunctionsHost,
    pub(super) requests: Queue,
    pub(super) events: Queue,
    pub(super) record: Table,
    pub(super) queue_port: u16,
    results: Queue,
    _azurite: Azurite,
    _app: App,
}

impl Stage {
    /// Takes the handler from a package or builds it, and starts Azurite, the tenant and the host.
    pub(super) async fn set(package: Option<&Path>, verbose: bool) -> Outcome<Self> {
        let app = app(package).await?;
        println!("Starting Azurite (the first time it is installed, which takes a minute)");
        let azurite = Azurite::start().await?;
        let account = azurite.well_known_account()?;
        let requests = account.queue(REQUESTS)?;
        requests.create_if_missing().await?;
        let results = account.queue(RESULTS)?;
        results.create_if_missing().await?;
        let events = account.queue(EVENTS)?;
        events.create_if_missing().await?;
        println!("Starting the emulated tenant and the Functions host, which starts the handler");
        let tenant = Tenant::start(contoso()).await?;
        let mut options = app.options(&tenant, &account, Path::new(POLICY));
        options.keys.push(http_call::key());
        if verbose {
            options.echo = Some(Arc::new(print_record));
        }
        let host = FunctionsHost::start(options).await?;
        host.ready().await?;
        println!(
            "Sending five messages to the queue {REQUESTS}, and one call over HTTP; then creating a \
             managed identity\n"
        );
        let [_, queue_port, _] = azurite.ports();
        let record = account.table(RECORD);
        let (_azurite, _app) = (azurite, app);
        Ok(Self { tenant, host, requests, events, record, queue_port, results, _azurite, _app })
    }

    /// Waits for the first invocation after so many, which must succeed.
    pub(super) async fn succeeds_after(&self, finished: usize) -> Outcome {
        let invocations = self.host.wait_for_invocations(finished + 1, PATIENCE).await?;
        let Some(invocation) = invocations.get(finished) else {
            return Err("no invocation".into());
        };
        if let InvocationOutcome::Failed(reason) = &invocation.outcome {
            return Err(format!("the invocation failed: {reason}; --verbose shows the log").into());
        }
        Ok(())
    }

    /// The next message of the results queue.
    pub(super) async fn next_result(&self) -> Outcome<Value> {
        let messages = self.results.receive(1, RESULT_LEASE).await?;
        let Some(message) = messages.first() else {
            return Err("the invocation succeeded and wrote no result".into());
        };
        self.results.delete(&message.id, &message.pop_receipt).await?;
        Ok(serde_json::from_str(&message.text)?)
    }
}

async fn app(package: Option<&Path>) -> Outcome<App> {
    if let Some(package) = package {
        println!("Unpacking {}", package.display());
        return App::unpack(package);
    }
    println!("Building the handler");
    App::build().await
}

#[expect(clippy::print_stderr, reason = "the log is beside what the demo has to say")]
fn print_record(record: &LogRecord) {
    eprintln!("[{:?}] {}: {}", record.level, record.category, record.message);
}
