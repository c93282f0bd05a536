//! Keeps hosts running, as Azure does, kills their handlers, and looks how much memory these take.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use functions_host_emulator::{FunctionsHost, Options, StartError};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{Outcome, resident_memory::Memory};

/// Between two looks at a handler's memory.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(500);

/// Running hosts.
pub(super) struct Supervisor {
    kills: Vec<mpsc::UnboundedSender<()>>,
    hosts: JoinSet<Result<(), StartError>>,
    seen: Arc<Mutex<Seen>>,
}

/// What has happened so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Handlers killed.
    pub(super) kills: usize,
    /// Hosts that gave up and were started again.
    pub(super) host_restarts: usize,
    /// Of all handlers.
    pub(super) memory: Memory,
}

/// Why a host is no longer watched.
enum End {
    HostStopped,
    Requested,
}

impl Supervisor {
    /// Starts so many hosts with the same options.
    pub(super) fn start(options: &Options, count: usize) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let (mut kills, mut hosts) = (Vec::new(), JoinSet::new());
        for _ in 0..count {
            let (kill, orders) = mpsc::unbounded_channel();
            kills.push(kill);
            hosts.spawn(keep_running(options.clone(), orders, seen.clone()));
        }
        Self { kills, hosts, seen }
    }

    /// Has a handler killed (SIGKILL).
    pub(super) fn kill(&self, handler: usize) {
        if let Some(kill) = self.kills.get(handler) {
            // An error says that its host cannot be started any more, which ends the run anyway.
            let _ = kill.send(());
        }
    }

    /// What has happened so far.
    pub(super) fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    /// Stops the hosts.
    pub(super) async fn stop(mut self) -> Outcome<Seen> {
        self.kills.clear();
        while let Some(ended) = self.hosts.join_next().await {
            ended??;
        }
        Ok(lock(&self.seen).clone())
    }
}

/// A host that gave up is started again at once; Azure takes some seconds longer.
async fn keep_running(
    options: Options,
    mut kills: mpsc::UnboundedReceiver<()>,
    seen: Arc<Mutex<Seen>>,
) -> Result<(), StartError> {
    loop {
        let host = FunctionsHost::start(options.clone()).await?;
        let end = watch(&host, &mut kills, &seen).await;
        host.stop().await;
        match end {
            End::Requested => return Ok(()),
            End::HostStopped => lock(&seen).host_restarts += 1,
        }
    }
}

async fn watch(
    host: &FunctionsHost,
    kills: &mut mpsc::UnboundedReceiver<()>,
    seen: &Mutex<Seen>,
) -> End {
    let mut samples = tokio::time::interval(SAMPLE_INTERVAL);
    loop {
        tokio::select! {
            _ = host.stopped() => return End::HostStopped,
            kill = kills.recv() => {
                if kill.is_none() {
                    return End::Requested;
                }
                host.kill_worker().await;
                lock(seen).kills += 1;
            }
            _ = samples.tick() => {
                if let Some(process_id) = host.worker_process_id() {
                    lock(seen).memory.sample(process_id);
                }
            }
        }
    }
}

/// A panic elsewhere leaves the figures as they were.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
