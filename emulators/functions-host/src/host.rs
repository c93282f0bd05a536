//! The state that all parts of a running host share.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    binding::Function,
    invocation_outcome::{FinishedInvocation, Outcome, StopReason},
    log::HostLog,
    options::{EasyAuth, HostKey, WrittenMessages},
    settings::HostSettings,
    worker_process::WorkerProcess,
};

/// The running host.
pub(crate) struct Host {
    pub(crate) settings: Arc<HostSettings>,
    pub(crate) log: HostLog,
    pub(crate) client: reqwest::Client,
    pub(crate) worker: WorkerProcess,
    pub(crate) functions: Vec<Arc<Function>>,
    pub(crate) message_lease: Duration,
    pub(crate) keys: Vec<HostKey>,
    pub(crate) easy_auth: Option<EasyAuth>,
    pub(crate) written: Option<WrittenMessages>,
    pub(crate) finished: watch::Sender<Vec<FinishedInvocation>>,
    pub(crate) stopping: watch::Sender<Option<StopReason>>,
}

impl Host {
    /// Waits until the host stops.
    pub(crate) async fn until_stopping(&self) -> StopReason {
        let mut stopping = self.stopping.subscribe();
        let reason = stopping.wait_for(Option::is_some).await;
        // The wait cannot fail, because the sender is part of this host.
        reason.ok().and_then(|reason| *reason).unwrap_or(StopReason::Requested)
    }

    /// Stops the host. Only the first reason counts.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.stopping.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(reason);
            is_first
        });
    }

    /// Records an invocation without a queue message.
    pub(crate) fn record_without_message(&self, function: &Function, id: Uuid, outcome: Outcome) {
        self.record(FinishedInvocation {
            function: function.name.clone(),
            invocation_id: id,
            outcome,
            message_id: None,
            dequeue_count: 0,
        });
    }

    /// Records a finished invocation.
    pub(crate) fn record(&self, finished: FinishedInvocation) {
        self.finished.send_modify(|all| all.push(finished));
    }
}
