//! A running host: how it starts, and how tests observe and stop it.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use loopback::free_port;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use url::Url;

use crate::{
    binding::{self, BoundTrigger},
    easy_auth, function_folder,
    host::Host,
    http_server,
    invocation_outcome::{FinishedInvocation, StopReason},
    log::{HostLog, LogLevel, LogRecord, STARTUP, WaitError},
    options::Options,
    queue_listener::QueueListener,
    settings::HostSettings,
    settings_error::SettingsError,
    timer_listener,
    worker_process::{self, Supervisor},
};

/// The number of redirects that .NET's HTTP client follows.
const MOST_REDIRECTS: usize = 50;

/// Why a host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings are invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A schedule was given to a function that has no timer or does not exist.
    #[error("no function {0} with a timer: its schedule cannot be replaced")]
    NoTimer(String),
    /// No port was free, or not the one of the options.
    #[error("no free port on 127.0.0.1: {0}")]
    Port(#[from] io::Error),
    /// The address of the HTTP server is not a URL.
    #[error("the host's HTTP server has no usable address: {0}")]
    Address(#[from] url::ParseError),
    /// The HTTP client could not be built.
    #[error("cannot build an HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

/// A running host. Dropping it kills the handler and stops the host.
pub struct FunctionsHost {
    host: Arc<Host>,
    http_url: Url,
    tasks: JoinSet<()>,
}

impl FunctionsHost {
    /// Starts the handler and the listeners, without waiting for the handler.
    ///
    /// # Errors
    ///
    /// If host.json or local.settings.json is invalid. A function that cannot run is only logged.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let mut environment = options.environment;
        let platform = options.easy_auth.as_ref().map(|_| easy_auth::SWITCH);
        environment.extend(platform.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let settings = Arc::new(HostSettings::read(&options.app_root, &environment)?);
        let log = HostLog::new(options.echo);
        let mut folders = function_folder::find(&options.app_root)?;
        for (function, schedule) in options.schedules {
            if !function_folder::replace_schedule(&mut folders, &function, schedule) {
                return Err(StartError::NoTimer(function));
            }
        }
        let functions = binding::bind_all(&settings, folders, &log);
        let client = http_client()?;
        // Restarts use the port again, as in the real host.
        let port = free_port()?;
        let (worker, supervisor) =
            worker_process::prepare(settings.clone(), client.clone(), log.clone(), port);
        let host = Arc::new(Host {
            settings,
            log,
            client,
            worker,
            functions,
            message_lease: options.message_lease,
            keys: options.keys,
            easy_auth: options.easy_auth,
            written: options.written,
            finished: watch::Sender::default(),
            stopping: watch::Sender::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.http_port)).await?;
        let http_url = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
        let tasks = spawn_all(&host, supervisor, listener);
        Ok(Self { host, http_url, tasks })
    }

    /// Waits until the handler answers.
    ///
    /// # Errors
    ///
    /// If the handler does not answer within four times `initializationTimeout`, which is also the
    /// longest wait of an invocation.
    pub async fn ready(&self) -> Result<(), WaitError> {
        let limit = self.host.worker.wait_limit();
        let initialized = self.host.worker.wait_until_initialized().await;
        initialized.map_err(|state| {
            self.host.log.timed_out(format!("the handler to answer ({state:?})"), limit)
        })
    }

    /// The log so far.
    #[must_use]
    pub fn log(&self) -> Vec<LogRecord> {
        self.host.log.records()
    }

    /// Waits for the first line of the log that contains a text, which may exist already.
    ///
    /// # Errors
    ///
    /// If there is no such line at the deadline.
    pub async fn wait_for_log(
        &self,
        text: &str,
        deadline: Duration,
    ) -> Result<LogRecord, WaitError> {
        self.host.log.wait_for(text, deadline).await
    }

    /// The finished invocations, in the order in which they ended.
    #[must_use]
    pub fn invocations(&self) -> Vec<FinishedInvocation> {
        self.host.finished.borrow().clone()
    }

    /// Waits until at least `count` invocations are finished, and returns all finished ones.
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
            _ => Err(self.host.log.timed_out(format!("{count} finished invocations"), deadline)),
        }
    }

    /// Kills the handler (SIGKILL) as if it had crashed, and waits until the host has noticed.
    pub async fn kill_worker(&self) {
        self.host.worker.kill().await;
    }

    /// The handler's process id; `None` while no process runs.
    #[must_use]
    pub fn worker_process_id(&self) -> Option<u32> {
        self.host.worker.process_id()
    }

    /// The base URL of the HTTP server. HTTP functions are at `api/<route>`, or at another route prefix
    /// of host.json.
    #[must_use]
    pub fn http_url(&self) -> &Url {
        &self.http_url
    }

    /// The base URL of the host's own endpoints, for example `admin/functions/<function>`.
    #[must_use]
    pub fn admin_url(&self) -> &Url {
        &self.http_url
    }

    /// Waits until the host has stopped, and returns the reason.
    pub async fn stopped(&self) -> StopReason {
        self.host.until_stopping().await
    }

    /// Stops the listeners and kills the handler (SIGKILL). Messages in flight stay hidden until their
    /// visibility timeout.
    pub async fn stop(mut self) {
        self.stop_and_keep_log().await;
    }

    /// Like [`FunctionsHost::stop`], but the log and the invocations can still be read.
    pub async fn stop_and_keep_log(&mut self) {
        self.host.stop(StopReason::Requested);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for FunctionsHost {
    fn drop(&mut self) {
        // Manually started invocations have no other owner that stops them.
        self.host.stop(StopReason::Requested);
    }
}

fn spawn_all(host: &Arc<Host>, supervisor: Supervisor, listener: TcpListener) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(http_server::serve(host.clone(), listener));
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
                tasks.spawn(timer_listener::run(host.clone(), function.clone(), trigger));
            }
            // The HTTP server calls these functions.
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

/// The client that calls the handler. It follows redirects, so a handler must not send one.
fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    loopback::http_client_builder()
        .redirect(reqwest::redirect::Policy::limited(MOST_REDIRECTS))
        .build()
}
