//! The state that all parts of a running host share.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::{
    binding::{BoundTrigger, Function},
    invocation_outcome::{FinishedInvocation, Outcome, StopReason},
    log::HostLog,
    options::{EasyAuth, EmptyAnswer, HostKey},
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
    pub(crate) empty_answer: EmptyAnswer,
    pub(crate) message_lease: Duration,
    pub(crate) keys: Vec<HostKey>,
    pub(crate) easy_auth: Option<EasyAuth>,
    pub(crate) wakers: Wakers,
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

/// Wakes the listener of a queue to which this host writes.
#[derive(Default)]
pub(crate) struct Wakers(HashMap<String, Arc<Notify>>);

impl Wakers {
    pub(crate) fn new(functions: &[Arc<Function>]) -> Self {
        let addresses = functions.iter().filter_map(|function| match &function.trigger {
            BoundTrigger::Queue(trigger) => Some((trigger.binding.address.clone(), Arc::default())),
            BoundTrigger::Http(_) | BoundTrigger::Timer(_) | BoundTrigger::EventGrid { .. } => None,
        });
        Self(addresses.collect())
    }

    pub(crate) fn of(&self, address: &str) -> Arc<Notify> {
        self.0.get(address).cloned().unwrap_or_default()
    }

    pub(crate) fn wake(&self, address: &str) {
        if let Some(notify) = self.0.get(address) {
            notify.notify_one();
        }
    }
}
