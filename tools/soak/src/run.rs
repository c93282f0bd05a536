//! A run: sends requests, kills handlers and disturbs storage until every request is finished or the
//! time is over.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Result;
use app_process::app::{FAILED, POISON};
use serde::Deserialize;
use serde_json::Value;
use storage_emulator::{Account, Queue};
use tokio::{sync::watch, time::Instant};

use crate::{
    checks::Evidence,
    leftovers,
    plan::Plan,
    results::Results,
    world::{HANDLERS, STORAGE_TROUBLE, World},
};

/// The interval between lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// The interval between reads of an empty queue.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long no request may be finished after the time is over. It is longer than the time of a delivery
/// and the wait for the next one.
const LONGEST_STALL: Duration = Duration::from_secs(60);
/// The visibility timeout of a received message, which is deleted at once unless the run ends first.
const LEASE: Duration = Duration::from_secs(5);
/// The largest number of messages in one response ("Get Messages").
const MOST_MESSAGES: u8 = 32;

/// A run.
pub(crate) struct Run<'a> {
    world: World,
    plan: &'a Plan,
    began: Instant,
    results: Mutex<Results>,
    sent: watch::Sender<usize>,
    finished: watch::Sender<usize>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(world: World, plan: &'a Plan) -> Self {
        let (sent, finished) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { world, plan, began: Instant::now(), results: Mutex::default(), sent, finished }
    }

    /// Runs until no message is left. When the time is over, nothing fails any more, and the run ends
    /// if no request is finished for [`LONGEST_STALL`].
    pub(crate) async fn run(&self, time: Duration) -> Result<()> {
        let whole = async {
            self.send_in_trouble().await?;
            tokio::select! {
                emptied = self.wait_until_empty() => emptied,
                () = self.wait_for_stall(self.began + time) => Ok(()),
            }
        };
        tokio::select! {
            outcome = whole => outcome,
            ended = self.take_results() => ended.map(|never| match never {}),
            never = self.report() => match never {},
        }
    }

    /// Stops everything and collects the evidence.
    pub(crate) async fn end(self) -> Result<Evidence> {
        self.world.proxy.set_trouble(None);
        let observed = self.world.hosts.stop().await?;
        let mut results = self.results.into_inner().unwrap_or_else(PoisonError::into_inner);
        take_all(&self.world.results, |text| results.add(text)).await?;
        Ok(Evidence {
            requests: self.plan.requests.clone(),
            results,
            left: leftovers::collect(&self.world.requests, request_id).await?,
            given_up: given_up(&self.world.account).await?,
            writes: self.world.tenant.accepted_writes(),
            assignments: self.world.tenant.assignments(),
            memory: observed.memory.long_lived(),
        })
    }

    async fn send_in_trouble(&self) -> Result<()> {
        let sent = tokio::select! {
            sent = self.send() => sent,
            never = self.kill_handlers() => match never {},
            never = self.trouble_storage() => match never {},
        };
        self.world.proxy.set_trouble(None);
        sent
    }

    async fn send(&self) -> Result<()> {
        let mut ticks = tokio::time::interval(self.plan.interval);
        for request in &self.plan.requests {
            ticks.tick().await;
            self.world.requests.send(&request.text()).await?;
            self.sent.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    async fn kill_handlers(&self) -> Infallible {
        let mut finished = self.finished.subscribe();
        for (count, handler) in self.plan.kills(HANDLERS) {
            // The wait cannot fail, because the sender is part of this run.
            drop(finished.wait_for(|finished| *finished >= count).await);
            self.world.hosts.kill(handler);
        }
        std::future::pending().await
    }

    async fn trouble_storage(&self) -> Infallible {
        loop {
            for (trouble, time) in STORAGE_TROUBLE {
                self.world.proxy.set_trouble(trouble);
                tokio::time::sleep(time).await;
            }
        }
    }

    /// Waits until no request is left to be delivered and no result to be taken.
    async fn wait_until_empty(&self) -> Result<()> {
        for queue in [&self.world.requests, &self.world.results] {
            while queue.approximate_count().await? > 0 {
                tokio::time::sleep(INTERVAL).await;
            }
        }
        Ok(())
    }

    /// Waits until the time is over and no request has been finished for [`LONGEST_STALL`].
    async fn wait_for_stall(&self, end: Instant) {
        tokio::time::sleep_until(end).await;
        println!(
            "The time is over: nothing fails any more, and the requests that are left follow."
        );
        self.world.tenant.set_seeded_faults(None);
        let mut finished = self.finished.subscribe();
        while tokio::time::timeout(LONGEST_STALL, finished.changed()).await.is_ok() {}
        println!("No request was finished for {LONGEST_STALL:?}.");
    }

    async fn take_results(&self) -> Result<Infallible> {
        loop {
            if take(&self.world.results, |text| self.results().add(text)).await? == 0 {
                tokio::time::sleep(INTERVAL).await;
            }
            let count = self.results().finished();
            self.finished.send_if_modified(|known| std::mem::replace(known, count) != count);
        }
    }

    async fn report(&self) -> Infallible {
        loop {
            tokio::time::sleep(PROGRESS).await;
            let observed = self.world.hosts.observations();
            // Only progress is printed, so an error does not end the run.
            let left = self.world.requests.approximate_count().await.unwrap_or_default();
            let megabytes = observed.memory.latest().unwrap_or_default() as f64 / 1024.0;
            println!(
                "{:4} s: {} of {} requests sent, {} with a result, {left} messages left; {} faults, \
                 {} writes accepted, {} throttled, {} handlers killed, {} hosts restarted; a handler holds {megabytes:.1} MB",
                self.began.elapsed().as_secs(),
                *self.sent.borrow(),
                self.plan.requests.len(),
                *self.finished.borrow(),
                self.world.tenant.seeded_fault_count(),
                self.world.tenant.accepted_writes().len(),
                self.world.tenant.quota_refusals(),
                observed.kills,
                observed.host_restarts,
            );
        }
    }

    /// A panic elsewhere leaves the results consistent.
    fn results(&self) -> MutexGuard<'_, Results> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Receives some messages and returns their number. A message that is not deleted, because the run ends
/// first, is delivered again.
async fn take(queue: &Queue, mut note: impl FnMut(&str)) -> Result<usize> {
    let messages = queue.receive(MOST_MESSAGES, LEASE).await?;
    for message in &messages {
        note(&message.text);
        queue.delete(&message.id, &message.pop_receipt).await?;
    }
    Ok(messages.len())
}

/// Receives all messages, hidden ones included.
async fn take_all(queue: &Queue, mut note: impl FnMut(&str)) -> Result<()> {
    while queue.approximate_count().await? > 0 {
        if take(queue, &mut note).await? == 0 {
            tokio::time::sleep(INTERVAL).await;
        }
    }
    Ok(())
}

/// The fields of a failed request that the checks need.
#[derive(Deserialize)]
struct FailedRequest {
    request: String,
    reason: String,
}

/// The requests on which the handler or the host gave up. The queues exist only if there are some.
async fn given_up(account: &Account) -> Result<BTreeMap<String, String>> {
    let mut given_up = BTreeMap::new();
    for name in [FAILED, POISON] {
        let queue = account.queue(name)?;
        if !queue.exists().await? {
            continue;
        }
        let note = |text: &str| {
            given_up.extend(match serde_json::from_str::<FailedRequest>(text) {
                Ok(failed) => request_id(&failed.request).zip(Some(failed.reason)),
                Err(_) => request_id(text).zip(Some(format!("in {name}"))),
            });
        };
        take_all(&queue, note).await?;
    }
    Ok(given_up)
}

fn request_id(text: &str) -> Option<String> {
    let request: Value = serde_json::from_str(text).ok()?;
    request.get("requestId")?.as_str().map(str::to_owned)
}
