//! What every part of a running host shares.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::{
    EmptyAnswer, FinishedInvocation, Outcome, StopReason,
    binding::{BoundTrigger, Function},
    log::HostLog,
    options::{EasyAuth, HostKey},
    settings::HostSettings,
    worker_process::WorkerProcess,
};

pub(super) const STARTUP: &str = "Host.Startup";

/// The running host.
pub(super) struct Host {
    pub(super) settings: Arc<HostSettings>,
    pub(super) log: HostLog,
    pub(super) client: reqwest::Client,
    pub(super) worker: WorkerProcess,
    pub(super) functions: Vec<Arc<Function>>,
    pub(super) empty_answer: EmptyAnswer,
    pub(super) message_lease: Duration,
    pub(super) keys: Vec<HostKey>,
    pub(super) easy_auth: Option<EasyAuth>,
    pub(super) wakers: Wakers,
    pub(super) finished: watch::Sender<Vec<FinishedInvocation>>,
    pub(super) stopping: watch::Sender<Option<StopReason>>,
}

impl Host {
    pub(super) async fn until_stopping(&self) -> StopReason {
        let mut stopping = self.stopping.subscribe();
        let reason = stopping.wait_for(Option::is_some).await;
        // The sender is part of this host, so the wait cannot fail.
        reason.ok().and_then(|reason| *reason).unwrap_or(StopReason::Requested)
    }

    /// Only the first reason counts.
    pub(super) fn stop(&self, reason: StopReason) {
        self.stopping.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(reason);
            is_first
        });
    }

    /// Reports an invocation that no message started.
    pub(super) fn record_without_message(&self, function: &Function, id: Uuid, outcome: Outcome) {
        self.record(FinishedInvocation {
            function: function.name.clone(),
            invocation_id: id,
            outcome,
            message_id: None,
            dequeue_count: 0,
        });
    }

    pub(super) fn record(&self, finished: FinishedInvocation) {
        self.finished.send_modify(|all| all.push(finished));
    }
}

/// Wakes the listener of a queue when this host writes to it.
#[derive(Default)]
pub(super) struct Wakers(HashMap<String, Arc<Notify>>);

impl Wakers {
    pub(super) fn new(functions: &[Arc<Function>]) -> Self {
        let addresses = functions.iter().filter_map(|function| match &function.trigger {
            BoundTrigger::Queue(trigger) => Some((trigger.binding.address.clone(), Arc::default())),
            BoundTrigger::Http(_) | BoundTrigger::Timer(_) | BoundTrigger::EventGrid { .. } => None,
        });
        Self(addresses.collect())
    }

    pub(super) fn of(&self, address: &str) -> Arc<Notify> {
        self.0.get(address).cloned().unwrap_or_default()
    }

    pub(super) fn wake(&self, address: &str) {
        if let Some(notify) = self.0.get(address) {
            notify.notify_one();
        }
    }
}
