//! Keeps hosts running as Azure does, kills their handlers, and samples the handlers' memory.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Result;
use functions_host_emulator::{FunctionsHost, Options, StartError};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::handler_memory::HandlerMemory;

/// The interval between samples of a handler's memory.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(500);

/// The running hosts.
pub(crate) struct Supervisor {
    kills: Vec<mpsc::UnboundedSender<Kill>>,
    hosts: JoinSet<Result<(), StartError>>,
    observations: Arc<Mutex<Observations>>,
}

/// The events so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observations {
    /// The number of kills.
    pub(crate) kills: usize,
    /// When each handler was killed.
    pub(crate) killed: Vec<(usize, Instant)>,
    /// The number of hosts that gave up and were restarted.
    pub(crate) host_restarts: usize,
    /// Samples of all handlers.
    pub(crate) memory: HandlerMemory,
}

/// An order to kill a handler. The answer comes when it is dead.
type Kill = oneshot::Sender<()>;

/// The reason why a host is no longer watched.
enum End {
    HostStopped,
    Requested,
}

impl Supervisor {
    /// Starts a host with each of these options.
    pub(crate) fn start(options: &[Options]) -> Self {
        let observations = Arc::<Mutex<Observations>>::default();
        let (mut kills, mut hosts) = (Vec::new(), JoinSet::new());
        for options in options {
            let (kill, orders) = mpsc::unbounded_channel();
            kills.push(kill);
            hosts.spawn(keep_running(options.clone(), orders, observations.clone()));
        }
        Self { kills, hosts, observations }
    }

    /// Kills a handler (SIGKILL), and waits until it is dead.
    pub(crate) async fn kill(&self, handler: usize) {
        let Some(kills) = self.kills.get(handler) else { return };
        let (killed, dead) = oneshot::channel();
        // Errors mean that the host could not be restarted, which ends the run anyway.
        if kills.send(killed).is_ok() {
            drop(dead.await);
            lock(&self.observations).killed.push((handler, Instant::now()));
        }
    }

    /// The events so far.
    pub(crate) fn observations(&self) -> Observations {
        lock(&self.observations).clone()
    }

    /// Stops the hosts.
    pub(crate) async fn stop(mut self) -> Result<Observations> {
        self.kills.clear();
        while let Some(ended) = self.hosts.join_next().await {
            ended??;
        }
        Ok(lock(&self.observations).clone())
    }
}

/// Restarts a host that gave up at once; Azure needs some seconds.
async fn keep_running(
    options: Options,
    mut kills: mpsc::UnboundedReceiver<Kill>,
    observations: Arc<Mutex<Observations>>,
) -> Result<(), StartError> {
    loop {
        let host = FunctionsHost::start(options.clone()).await?;
        let end = watch(&host, &mut kills, &observations).await;
        host.stop().await;
        match end {
            End::Requested => return Ok(()),
            End::HostStopped => lock(&observations).host_restarts += 1,
        }
    }
}

async fn watch(
    host: &FunctionsHost,
    kills: &mut mpsc::UnboundedReceiver<Kill>,
    observations: &Mutex<Observations>,
) -> End {
    let mut samples = tokio::time::interval(SAMPLE_INTERVAL);
    loop {
        tokio::select! {
            _ = host.stopped() => return End::HostStopped,
            kill = kills.recv() => {
                let Some(killed) = kill else { return End::Requested };
                host.kill_worker().await;
                lock(observations).kills += 1;
                // An error means that the order was given up.
                let _ = killed.send(());
            }
            _ = samples.tick() => {
                if let Some(process_id) = host.worker_process_id() {
                    lock(observations).memory.sample(process_id);
                }
            }
        }
    }
}

/// A panic elsewhere leaves the observations consistent.
fn lock(observations: &Mutex<Observations>) -> MutexGuard<'_, Observations> {
    observations.lock().unwrap_or_else(PoisonError::into_inner)
}
