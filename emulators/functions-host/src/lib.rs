//! A stand-in for the Azure Functions host: starts a custom handler and calls it as the real host does.
//!
//! It follows the source of the Azure Functions host (version 4) and of its extensions more than "Azure
//! Functions custom handlers", where these differ. It runs functions with a queue, HTTP, timer or Event
//! Grid trigger, and writes queues, tables and HTTP responses; a function with any other binding is
//! named in the log and does not run.

mod admin;
mod back_off;
mod base64_text;
mod binding;
mod configuration;
mod console;
mod dates;
mod easy_auth;
mod envelope;
mod event_grid;
mod function_folder;
mod host;
mod host_json;
mod http_trigger;
mod identity;
mod invocation;
mod json;
mod log;
mod options;
mod outputs;
mod queue_listener;
mod report;
mod response;
mod restart_rules;
mod server;
mod settings;
mod time_span;
mod timer;
mod worker_command;
mod worker_process;

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use binding::BoundTrigger;
use host::{Host, STARTUP, Wakers};
use log::HostLog;
pub use log::{Echo, LogLevel, LogRecord, WaitError};
use loopback::free_port;
pub use options::{EasyAuth, EmptyAnswer, HostKey, KeyLevel, Options, UnauthenticatedAction};
use queue_listener::QueueListener;
pub use report::{FinishedInvocation, Outcome, StopReason};
use settings::HostSettings;
pub use settings::SettingsError;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use url::Url;
use worker_process::Supervisor;

/// What .NET's client follows before it gives up.
const MOST_REDIRECTS: usize = 50;

/// Why a host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No port was free.
    #[error("no free port on 127.0.0.1: {0}")]
    Port(#[from] io::Error),
    /// The endpoint's address makes no URL.
    #[error("the host's own endpoint has no usable address: {0}")]
    Address(#[from] url::ParseError),
    /// No HTTP client could be made.
    #[error("cannot make an HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

/// A running host. Dropping it kills the handler and ends everything else.
pub struct FunctionsHost {
    host: Arc<Host>,
    http_url: Url,
    tasks: JoinSet<()>,
}

impl FunctionsHost {
    /// Starts the handler and the listeners; does not wait for the handler.
    ///
    /// # Errors
    ///
    /// If host.json or local.settings.json cannot be used. A function that cannot run is not an error:
    /// the log names it.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let mut environment = options.environment;
        let platform = options.easy_auth.as_ref().map(|_| easy_auth::SWITCH);
        environment.extend(platform.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let settings = Arc::new(HostSettings::read(&options.app_root, &environment)?);
        let log = HostLog::new(options.echo);
        let functions =
            binding::bind_all(&settings, function_folder::find(&options.app_root)?, &log);
        let client = http_client()?;
        // Found once and used again after every restart, as the real host does.
        let port = free_port()?;
        let (worker, supervisor) =
            worker_process::prepare(settings.clone(), client.clone(), log.clone(), port);
        let host = Arc::new(Host {
            settings,
            log,
            client,
            worker,
            wakers: Wakers::new(&functions),
            functions,
            empty_answer: options.empty_answer,
            message_lease: options.message_lease,
            keys: options.keys,
            easy_auth: options.easy_auth,
            finished: watch::Sender::default(),
            stopping: watch::Sender::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let http_url = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
        let tasks = spawn_all(&host, supervisor, listener);
        Ok(Self { host, http_url, tasks })
    }

    /// Waits until the handler answers.
    ///
    /// # Errors
    ///
    /// If it does not within four times `initializationTimeout`, as long as an invocation would wait.
    pub async fn ready(&self) -> Result<(), WaitError> {
        let limit = self.host.worker.wait_limit();
        let initialized = self.host.worker.wait_until_initialized().await;
        let in_vain = |state| {
            let condition = format!("the handler to answer ({state:?})");
            self.host.log.in_vain(condition, limit)
        };
        initialized.map(drop).map_err(in_vain)
    }

    /// The log up to now.
    #[must_use]
    pub fn log(&self) -> Vec<LogRecord> {
        self.host.log.records()
    }

    /// The first line that contains a text, be it there already or yet to come.
    ///
    /// # Errors
    ///
    /// If it does not come before the deadline.
    pub async fn wait_for_log(
        &self,
        text: &str,
        deadline: Duration,
    ) -> Result<LogRecord, WaitError> {
        self.host.log.wait_for(text, deadline).await
    }

    /// The invocations that are over, in the order in which they ended.
    #[must_use]
    pub fn invocations(&self) -> Vec<FinishedInvocation> {
        self.host.finished.borrow().clone()
    }

    /// Waits until so many invocations are over, and returns all that are.
    ///
    /// # Errors
    ///
    /// If there are fewer at the deadline.
    pub async fn wait_for_invocations(
        &self,
        count: usize,
        deadline: Duration,
    ) -> Result<Vec<FinishedInvocation>, WaitError> {
        let mut finished = self.host.finished.subscribe();
        let enough = finished.wait_for(|all| all.len() >= count);
        match tokio::time::timeout(deadline, enough).await {
            Ok(Ok(all)) => Ok(all.clone()),
            _ => Err(self.host.log.in_vain(format!("{count} finished invocations"), deadline)),
        }
    }

    /// Kills the handler (SIGKILL) as if it had crashed; returns when the host has noticed.
    pub async fn kill_worker(&self) {
        self.host.worker.kill().await;
    }

    /// The system's id of the handler's process; none while there is none.
    #[must_use]
    pub fn worker_process_id(&self) -> Option<u32> {
        self.host.worker.process_id()
    }

    /// Where the host listens: functions with an HTTP trigger are at `api/<route>` below it, or at
    /// what host.json has as route prefix.
    #[must_use]
    pub fn http_url(&self) -> &Url {
        &self.http_url
    }

    /// Where the host's own endpoint is, for example for `admin/functions/<function>`.
    #[must_use]
    pub fn admin_url(&self) -> &Url {
        &self.http_url
    }

    /// Waits until the host is no longer running, and says why.
    pub async fn stopped(&self) -> StopReason {
        self.host.until_stopping().await
    }

    /// Stops the listeners, then kills the handler without warning, as the real host does. Messages in
    /// flight stay hidden until their lease is over.
    pub async fn stop(mut self) {
        self.host.stop(StopReason::Requested);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for FunctionsHost {
    fn drop(&mut self) {
        // What was started by hand has nobody else to end it.
        self.host.stop(StopReason::Requested);
    }
}

fn spawn_all(host: &Arc<Host>, supervisor: Supervisor, listener: TcpListener) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(server::serve(host.clone(), listener));
    if host.functions.is_empty() {
        host.log.write(
            LogLevel::Warning,
            STARTUP,
            "No functions found: the handler is not started.",
        );
        return tasks;
    }
    let names: Vec<_> = host.functions.iter().map(|function| function.name.as_str()).collect();
    let message = format!("Found the following functions: {}", names.join(", "));
    host.log.write(LogLevel::Information, STARTUP, message);
    for function in &host.functions {
        match function.trigger.clone() {
            BoundTrigger::Queue(trigger) => {
                tasks.spawn(QueueListener::new(host.clone(), function.clone(), trigger).run());
            }
            BoundTrigger::Timer(trigger) => {
                tasks.spawn(timer::run(host.clone(), function.clone(), trigger));
            }
            // The server calls them.
            BoundTrigger::Http(_) | BoundTrigger::EventGrid { .. } => {}
        }
    }
    tasks.spawn(supervise(host.clone(), supervisor));
    host.log.write(LogLevel::Information, STARTUP, "Job host started");
    tasks
}

async fn supervise(host: Arc<Host>, supervisor: Supervisor) {
    let stopping = async {
        host.until_stopping().await;
        host.worker.stop();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        has_given_up = supervisor.run() => if has_given_up {
            host.stop(StopReason::TooManyWorkerErrors);
        },
        () = stopping => {}
    }
}

/// Redirects are followed, so a handler must never send one.
fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    loopback::http_client_builder()
        .redirect(reqwest::redirect::Policy::limited(MOST_REDIRECTS))
        .build()
}
