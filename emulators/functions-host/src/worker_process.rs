//! The handler process: starts, watches and restarts it (Azure Functions host,
//! `HttpFunctionInvocationDispatcher`).

use std::{process::ExitStatus, sync::Arc, time::Duration};

use tokio::{
    process::Child,
    sync::{mpsc, watch},
    task::JoinSet,
};
use uuid::Uuid;

use crate::{
    handler_console::{self, LastLines, Stream},
    log::{HostLog, LogLevel},
    settings::HostSettings,
    worker_command,
};

const CATEGORY: &str = "Host.Function.Worker";
/// The interval of readiness probes.
const READINESS_INTERVAL: Duration = Duration::from_millis(25);
/// The longest wait for a killed handler to end, and for the rest of its output.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// The number of starts for which an invocation waits: one start and three restarts.
const STARTS_WAITED_FOR: u32 = 4;
/// The number that .NET adds to a signal to get an exit code.
#[cfg(unix)]
const SIGNAL_OFFSET: i32 = 128;

/// The number of errors at which the host gives up.
const MOST_ERRORS: usize = 3;

/// The state of the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkerState {
    /// The handler has not answered yet.
    Starting,
    /// The handler has answered. If it then exits with 0, this state remains.
    Initialized,
    /// The host has stopped, or has given up on the handler.
    Gone,
}

enum Order {
    /// Kill the handler as if it had crashed.
    Kill,
    Stop,
}

/// The host's view of the handler process.
pub(crate) struct WorkerProcess {
    pub(crate) port: u16,
    state: watch::Receiver<WorkerState>,
    process_id: watch::Receiver<Option<u32>>,
    orders: mpsc::UnboundedSender<Order>,
    wait_limit: Duration,
}

/// Starts and restarts the handler process, as a task.
pub(crate) struct Supervisor {
    settings: Arc<HostSettings>,
    client: reqwest::Client,
    log: HostLog,
    port: u16,
    errors: usize,
    state: watch::Sender<WorkerState>,
    process_id: watch::Sender<Option<u32>>,
    orders: mpsc::UnboundedReceiver<Order>,
}

/// The end of a handler process.
#[derive(Clone, Copy)]
enum WorkerEnd {
    /// The process exited with this code.
    Exited(i32),
    /// A signal ended the process. .NET reports it as this exit code.
    Killed(i32),
    /// The process did not answer within `initializationTimeout`.
    NotInitialized,
}

/// What follows the end of one process.
enum Ended {
    Restart,
    ShutDown,
    Stopped,
}

/// Prepares a handler process. It starts when the supervisor runs.
pub(crate) fn prepare(
    settings: Arc<HostSettings>,
    client: reqwest::Client,
    log: HostLog,
    port: u16,
) -> (WorkerProcess, Supervisor) {
    let (state, state_seen) = watch::channel(WorkerState::Starting);
    let (process_id, process_id_seen) = watch::channel(None);
    let (orders, orders_taken) = mpsc::unbounded_channel();
    let wait_limit = settings.custom_handler.initialization_timeout * STARTS_WAITED_FOR;
    let worker =
        WorkerProcess { port, state: state_seen, process_id: process_id_seen, orders, wait_limit };
    let supervisor = Supervisor {
        settings,
        client,
        log,
        port,
        errors: 0,
        state,
        process_id,
        orders: orders_taken,
    };
    (worker, supervisor)
}

impl WorkerProcess {
    /// Waits until the handler answers. The error is the state at the timeout.
    pub(crate) async fn wait_until_initialized(&self) -> Result<(), WorkerState> {
        let mut state = self.state.clone();
        let initialized = state.wait_for(|state| *state == WorkerState::Initialized);
        match tokio::time::timeout(self.wait_limit, initialized).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(*self.state.borrow()),
        }
    }

    /// The longest wait of an invocation for the handler.
    pub(crate) fn wait_limit(&self) -> Duration {
        self.wait_limit
    }

    /// The process id; `None` while no process runs.
    pub(crate) fn process_id(&self) -> Option<u32> {
        *self.process_id.borrow()
    }

    /// Kills the handler as if it had crashed, and waits until the host has noticed.
    pub(crate) async fn kill(&self) {
        let mut state = self.state.clone();
        let before = *state.borrow_and_update();
        if self.orders.send(Order::Kill).is_ok() && before != WorkerState::Gone {
            // An error means that the supervisor has stopped.
            drop(state.wait_for(|now| *now != before).await);
        }
    }

    pub(crate) fn stop(&self) {
        // An error means that the supervisor has stopped already.
        drop(self.orders.send(Order::Stop));
    }
}

impl Supervisor {
    /// Keeps the handler running. Returns false after an order to stop, and true if the handler has
    /// failed too often.
    pub(crate) async fn run(mut self) -> bool {
        loop {
            self.state.send_replace(WorkerState::Starting);
            match self.run_process().await {
                Ended::Restart => {}
                Ended::Stopped => break,
                Ended::ShutDown => {
                    let message =
                        "Exceeded http worker restart retry count. Shutting down Functions Host";
                    self.log.write(LogLevel::Error, CATEGORY, message);
                    self.state.send_replace(WorkerState::Gone);
                    return true;
                }
            }
        }
        self.state.send_replace(WorkerState::Gone);
        false
    }

    async fn run_process(&mut self) -> Ended {
        let worker_id = Uuid::new_v4();
        let mut command = worker_command::of(&self.settings, self.port, worker_id);
        match command.spawn() {
            Ok(child) => {
                self.process_id.send_replace(child.id());
                let ended = self.watch_process(child).await;
                self.process_id.send_replace(None);
                ended
            }
            Err(error) => {
                let path = worker_command::executable(&self.settings);
                let message = format!(
                    "Failed to start Worker Channel. Process fileName: {}: {error}",
                    path.display()
                );
                self.log.write(LogLevel::Error, CATEGORY, message);
                self.until_stopped().await
            }
        }
    }

    /// Waits for the order to stop. There is no second attempt to start the handler: the first
    /// invocation that times out stops the host.
    async fn until_stopped(&mut self) -> Ended {
        while !matches!(self.orders.recv().await, None | Some(Order::Stop)) {}
        Ended::Stopped
    }

    async fn watch_process(&mut self, mut child: Child) -> Ended {
        let last_lines = LastLines::default();
        let mut printing = self.copy_console(&mut child, &last_lines);
        let url = format!("http://127.0.0.1:{}/", self.port);
        let limit = self.settings.custom_handler.initialization_timeout;
        let client = self.client.clone();
        let answers = tokio::time::timeout(limit, until_it_answers(&client, &url));
        tokio::pin!(answers);
        let (mut is_initialized, mut is_running) = (false, true);
        loop {
            tokio::select! {
                status = child.wait(), if is_running => {
                    is_running = false;
                    self.process_id.send_replace(None);
                    let end = worker_end(status.ok());
                    copy_rest(&mut printing).await;
                    if let Some(ended) = self.after(end, &last_lines) {
                        return ended;
                    }
                }
                answered = &mut answers, if !is_initialized => {
                    if answered.is_err() {
                        kill(&mut child).await;
                        let ended = self.after(WorkerEnd::NotInitialized, &last_lines);
                        return ended.unwrap_or(Ended::Restart);
                    }
                    is_initialized = true;
                    let message = "Worker process started and initialized.";
                    self.log.write(LogLevel::Information, CATEGORY, message);
                    self.state.send_replace(WorkerState::Initialized);
                }
                order = self.orders.recv() => match order {
                    // The first branch then sees the process end.
                    Some(Order::Kill) => drop(child.start_kill()),
                    Some(Order::Stop) | None => {
                        kill(&mut child).await;
                        return Ended::Stopped;
                    }
                },
            }
        }
    }

    fn copy_console(&self, child: &mut Child, last_lines: &LastLines) -> JoinSet<()> {
        let mut printing = JoinSet::new();
        let (log, last) = (&self.log, last_lines);
        if let Some(stdout) = child.stdout.take() {
            printing.spawn(handler_console::copy(
                stdout,
                Stream::Stdout,
                log.clone(),
                last.clone(),
            ));
        }
        if let Some(stderr) = child.stderr.take() {
            let stream = Stream::Stderr;
            printing.spawn(handler_console::copy(stderr, stream, log.clone(), last.clone()));
        }
        printing
    }

    /// Logs the end of the process and decides the reaction; `None` if the host does not react.
    fn after(&mut self, end: WorkerEnd, last_lines: &LastLines) -> Option<Ended> {
        let name = worker_command::executable(&self.settings).display().to_string();
        let (level, message) = match end {
            WorkerEnd::NotInitialized => {
                (LogLevel::Error, "Initializing HttpWorker timed out.".to_owned())
            }
            WorkerEnd::Exited(0) => {
                (LogLevel::Information, format!("{name} exited with code 0 (0x0)."))
            }
            WorkerEnd::Exited(code) | WorkerEnd::Killed(code) => {
                let lines = last_lines.joined();
                (LogLevel::Error, format!("{name} exited with code {code} (0x{code:X}). {lines}"))
            }
        };
        self.log.write(level, CATEGORY, message);
        if matches!(end, WorkerEnd::Exited(0)) {
            return None;
        }
        self.errors += 1;
        Some(if self.errors < MOST_ERRORS { Ended::Restart } else { Ended::ShutDown })
    }
}

/// Probes the handler until it answers. Any response counts, and any error other than a refused or broken
/// connection.
async fn until_it_answers(client: &reqwest::Client, url: &str) {
    loop {
        match client.get(url).send().await {
            Err(error) if error.is_connect() || error.is_request() => {
                tokio::time::sleep(READINESS_INTERVAL).await;
            }
            _ => return,
        }
    }
}

/// Sends SIGKILL, without a SIGTERM before it, to this process and not to its children.
async fn kill(child: &mut Child) {
    drop(child.start_kill());
    drop(tokio::time::timeout(KILL_WAIT, child.wait()).await);
}

/// Copies the rest of the output. The wait is bounded, because a child of the handler may hold the pipes
/// open.
async fn copy_rest(printing: &mut JoinSet<()>) {
    let rest = async { while printing.join_next().await.is_some() {} };
    drop(tokio::time::timeout(KILL_WAIT, rest).await);
}

fn worker_end(status: Option<ExitStatus>) -> WorkerEnd {
    if let Some(code) = status.and_then(|status| status.code()) {
        return WorkerEnd::Exited(code);
    }
    #[cfg(unix)]
    if let Some(signal) = status.and_then(|s| std::os::unix::process::ExitStatusExt::signal(&s)) {
        return WorkerEnd::Killed(SIGNAL_OFFSET + signal);
    }
    WorkerEnd::Killed(-1)
}
