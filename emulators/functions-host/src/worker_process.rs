//! The handler's process: started, watched, started again (Azure Functions host,
//! `HttpFunctionInvocationDispatcher`).

use std::{
    process::ExitStatus,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    process::Child,
    sync::{mpsc, watch},
    task::JoinSet,
};
use uuid::Uuid;

use super::{
    console::{self, LastLines, Stream},
    log::{HostLog, LogLevel},
    restart_rules::{Reaction, RestartRules, WorkerEnd},
    settings::HostSettings,
    worker_command,
};

const CATEGORY: &str = "Host.Function.Worker";
/// How often the host asks whether the handler answers.
const READINESS_INTERVAL: Duration = Duration::from_millis(25);
/// How long the host waits for a handler that it killed, and for the rest of what it printed.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// An invocation waits for one start and three restarts.
const STARTS_WAITED_FOR: u32 = 4;
/// What .NET adds to a signal to make an exit code.
#[cfg(unix)]
const SIGNAL_OFFSET: i32 = 128;

/// What the handler is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkerState {
    /// It has not answered yet.
    Starting,
    /// It answered. If it then exits with 0, the host does not notice.
    Initialized(Uuid),
    /// It cannot be started, or the host has given up.
    Gone,
}

enum Order {
    /// As if it crashed.
    Kill,
    /// A function of this worker ran out of time.
    FunctionTimeout(Uuid),
    Stop,
}

/// What the rest of the host knows of the handler's process.
pub(super) struct WorkerProcess {
    pub(super) port: u16,
    state: watch::Receiver<WorkerState>,
    process_id: watch::Receiver<Option<u32>>,
    orders: mpsc::UnboundedSender<Order>,
    wait_limit: Duration,
}

/// The process, and what it takes to start it again. Runs as a task of its own.
pub(super) struct Supervisor {
    settings: Arc<HostSettings>,
    client: reqwest::Client,
    log: HostLog,
    port: u16,
    rules: RestartRules,
    state: watch::Sender<WorkerState>,
    process_id: watch::Sender<Option<u32>>,
    orders: mpsc::UnboundedReceiver<Order>,
}

/// How one process's life ended.
enum Ended {
    Restart,
    ShutDown,
    Stopped,
}

pub(super) fn prepare(
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
        rules: RestartRules::default(),
        state,
        process_id,
        orders: orders_taken,
    };
    (worker, supervisor)
}

impl WorkerProcess {
    /// Waits until the handler can be called, and says which process it is. The error is the state that
    /// it was in when the time was over.
    pub(super) async fn wait_until_initialized(&self) -> Result<Uuid, WorkerState> {
        let mut state = self.state.clone();
        let initialized = state.wait_for(|state| matches!(state, WorkerState::Initialized(_)));
        if let Ok(Ok(state)) = tokio::time::timeout(self.wait_limit, initialized).await
            && let WorkerState::Initialized(worker_id) = *state
        {
            return Ok(worker_id);
        }
        Err(*self.state.borrow())
    }

    /// How long an invocation waits for the handler.
    pub(super) fn wait_limit(&self) -> Duration {
        self.wait_limit
    }

    /// The system's id of the process; none while there is none.
    pub(super) fn process_id(&self) -> Option<u32> {
        *self.process_id.borrow()
    }

    /// Kills the handler as if it had crashed; returns when the host has noticed.
    pub(super) async fn kill(&self) {
        self.order_and_wait(Order::Kill).await;
    }

    /// Kills and restarts the handler because one of its functions ran out of time.
    pub(super) async fn end_after_function_timeout(&self, worker_id: Uuid) {
        if *self.state.borrow() == WorkerState::Initialized(worker_id) {
            self.order_and_wait(Order::FunctionTimeout(worker_id)).await;
        }
    }

    pub(super) fn stop(&self) {
        // An error says that it has stopped already.
        drop(self.orders.send(Order::Stop));
    }

    async fn order_and_wait(&self, order: Order) {
        let mut state = self.state.clone();
        let before = *state.borrow_and_update();
        if self.orders.send(order).is_ok() && before != WorkerState::Gone {
            // An error says that there is nothing left to wait for.
            drop(state.wait_for(|now| *now != before).await);
        }
    }
}

impl Supervisor {
    /// Keeps the handler running until it is told to stop, or until the host must give up; true then.
    pub(super) async fn run(mut self) -> bool {
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
                let ended = self.watch_process(child, worker_id).await;
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

    /// There is no second attempt: invocations wait in vain, and the first to give up stops the host.
    async fn until_stopped(&mut self) -> Ended {
        while !matches!(self.orders.recv().await, None | Some(Order::Stop)) {}
        Ended::Stopped
    }

    async fn watch_process(&mut self, mut child: Child, worker_id: Uuid) -> Ended {
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
                    print_the_rest(&mut printing).await;
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
                    self.state.send_replace(WorkerState::Initialized(worker_id));
                }
                order = self.orders.recv() => match order {
                    // The branch above then sees it end.
                    Some(Order::Kill) => drop(child.start_kill()),
                    Some(Order::FunctionTimeout(id)) if id == worker_id => {
                        kill(&mut child).await;
                        let ended = self.after(WorkerEnd::FunctionTimeout, &last_lines);
                        return ended.unwrap_or(Ended::Restart);
                    }
                    Some(Order::FunctionTimeout(_)) => {}
                    Some(Order::Stop) | None => {
                        kill(&mut child).await;
                        return Ended::Stopped;
                    }
                },
            }
        }
    }

    fn copy_console(&self, child: &mut Child, last_lines: &LastLines) -> JoinSet<()> {
        let errors_only = self.settings.custom_handler.stderr_is_for_errors_only;
        let mut printing = JoinSet::new();
        let (log, last) = (&self.log, last_lines);
        if let Some(stdout) = child.stdout.take() {
            printing.spawn(console::copy(stdout, Stream::Stdout, log.clone(), last.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            let stream = Stream::Stderr { errors_only };
            printing.spawn(console::copy(stderr, stream, log.clone(), last.clone()));
        }
        printing
    }

    /// What the end of the process leads to; `None` if the host does not react.
    fn after(&mut self, end: WorkerEnd, last_lines: &LastLines) -> Option<Ended> {
        let name = worker_command::executable(&self.settings).display().to_string();
        let (level, message) = match end {
            WorkerEnd::NotInitialized => {
                (LogLevel::Error, "Initializing HttpWorker timed out.".to_owned())
            }
            WorkerEnd::FunctionTimeout => {
                (LogLevel::Information, "Restarting the worker process.".to_owned())
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
        match self.rules.react(end, Instant::now()) {
            Reaction::Ignore => None,
            Reaction::Restart => Some(Ended::Restart),
            Reaction::ShutDown => Some(Ended::ShutDown),
        }
    }
}

/// Any answer will do, and so will anything that is not a refused or broken connection.
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

/// SIGKILL, no SIGTERM before it, to this one process and not to its children.
async fn kill(child: &mut Child) {
    drop(child.start_kill());
    drop(tokio::time::timeout(KILL_WAIT, child.wait()).await);
}

/// A child of the handler may hold the pipes open for ever.
async fn print_the_rest(printing: &mut JoinSet<()>) {
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
