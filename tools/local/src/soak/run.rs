//! A run: requests are sent, handlers killed and queues troubled, until everything has come out or
//! the time is over.

#![expect(clippy::print_stdout, reason = "a run says how it goes")]

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;
use storage_emulator::{Account, Queue};
use tokio::{sync::watch, time::Instant};

use super::{
    book::Book,
    checks::Evidence,
    plan::Plan,
    world::{HANDLERS, STORAGE_TROUBLE, World},
};
use crate::{
    Outcome,
    app::{FAILED, POISON},
};

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// Between two looks at a queue that was empty.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long a message that was taken stays hidden; it is deleted at once, unless the run ends just
/// then.
const LEASE: Duration = Duration::from_secs(5);
/// The most messages that one request returns ("Get Messages").
const MOST_MESSAGES: u8 = 32;

/// A run under way.
pub(super) struct Run<'a> {
    world: World,
    plan: &'a Plan,
    began: Instant,
    book: Mutex<Book>,
    sent: watch::Sender<usize>,
    finished: watch::Sender<usize>,
}

impl<'a> Run<'a> {
    pub(super) fn new(world: World, plan: &'a Plan) -> Self {
        let (sent, finished) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { world, plan, began: Instant::now(), book: Mutex::default(), sent, finished }
    }

    /// Runs until no message is left, or until the time is over.
    pub(super) async fn run(&self, time: Duration) -> Outcome {
        let whole = async {
            self.send_in_trouble().await?;
            self.until_settled().await
        };
        tokio::select! {
            outcome = tokio::time::timeout_at(self.began + time, whole) => {
                if outcome.is_err() {
                    println!("The time is over");
                }
                outcome.unwrap_or(Ok(()))
            }
            ended = self.take_results() => ended.map(|never| match never {}),
            never = self.report() => match never {},
        }
    }

    /// Stops everything and gathers what is to be checked.
    pub(super) async fn end(self) -> Outcome<Evidence> {
        self.world.proxy.set_trouble(None);
        let seen = self.world.hosts.stop().await?;
        let mut book = self.book.into_inner().unwrap_or_else(PoisonError::into_inner);
        take_all(&self.world.results, |text| book.note(text)).await?;
        Ok(Evidence {
            requests: self.plan.requests.clone(),
            book,
            given_up: given_up(&self.world.account).await?,
            writes: self.world.tenant.accepted_writes(),
            assignments: self.world.tenant.assignments(),
            memory: seen.memory.medians(),
        })
    }

    async fn send_in_trouble(&self) -> Outcome {
        let sent = tokio::select! {
            sent = self.send() => sent,
            never = self.kill_handlers() => match never {},
            never = self.trouble_storage() => match never {},
        };
        self.world.proxy.set_trouble(None);
        sent
    }

    async fn send(&self) -> Outcome {
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
            // The sender is part of this run, so the wait cannot fail.
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

    /// Until no request is left to be delivered, and no result to be taken.
    async fn until_settled(&self) -> Outcome {
        for queue in [&self.world.requests, &self.world.results] {
            while queue.approximate_count().await? > 0 {
                tokio::time::sleep(INTERVAL).await;
            }
        }
        Ok(())
    }

    async fn take_results(&self) -> Outcome<Infallible> {
        loop {
            if take(&self.world.results, |text| self.book().note(text)).await? == 0 {
                tokio::time::sleep(INTERVAL).await;
            }
            self.finished.send_replace(self.book().finished());
        }
    }

    async fn report(&self) -> Infallible {
        loop {
            tokio::time::sleep(PROGRESS).await;
            let seen = self.world.hosts.seen();
            let megabytes = seen.memory.latest().unwrap_or_default() as f64 / 1024.0;
            println!(
                "{:4} s: {} of {} sent, {} with a result; {} faults, {} writes refused by the quota, \
                 {} handlers killed, {} hosts started again; a handler takes {megabytes:.1} MB",
                self.began.elapsed().as_secs(),
                *self.sent.borrow(),
                self.plan.requests.len(),
                *self.finished.borrow(),
                self.world.tenant.seeded_fault_count(),
                self.world.tenant.quota_refusals(),
                seen.kills,
                seen.host_restarts,
            );
        }
    }

    /// A panic elsewhere leaves the book as it was.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes some messages away; how many. What was noted and not deleted comes again: nothing is lost
/// if this is not run to its end.
async fn take(queue: &Queue, mut note: impl FnMut(&str)) -> Outcome<usize> {
    let messages = queue.receive(MOST_MESSAGES, LEASE).await?;
    for message in &messages {
        note(&message.text);
        queue.delete(&message.id, &message.pop_receipt).await?;
    }
    Ok(messages.len())
}

/// Takes all messages away, also those that are hidden for a moment.
async fn take_all(queue: &Queue, mut note: impl FnMut(&str)) -> Outcome {
    while queue.approximate_count().await? > 0 {
        if take(queue, &mut note).await? == 0 {
            tokio::time::sleep(INTERVAL).await;
        }
    }
    Ok(())
}

/// What the handler writes of a request when it gives up, as far as a run looks at it.
#[derive(Deserialize)]
struct FailedRequest {
    request: String,
    reason: String,
}

/// The requests that the handler or the host gave up. Neither queue exists before the first one.
async fn given_up(account: &Account) -> Outcome<BTreeMap<String, String>> {
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
