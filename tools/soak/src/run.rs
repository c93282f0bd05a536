//! A run: sends requests, kills handlers and disturbs storage until every request is finished or the
//! time is over.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Result;
use tokio::{sync::watch, time::Instant};

use crate::{
    checks::Evidence,
    leftovers,
    plan::Plan,
    queues::{INTERVAL, given_up, request_id, take, take_all, wait_until_empty},
    record::Record,
    results::Results,
    step::STEPS,
    table_trouble,
    world::{HANDLERS, World, table_requests},
};

/// The interval between lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// How long no request may be finished after the time is over. It is longer than the time of a delivery
/// and the wait for the next one.
const LONGEST_STALL: Duration = Duration::from_secs(60);

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
                emptied = wait_until_empty([&self.world.requests, &self.world.results]) => emptied,
                () = self.wait_for_stall(self.began + time) => Ok(()),
            }
        };
        tokio::select! {
            outcome = whole => outcome,
            ended = self.take_results() => ended.map(|never| match never {}),
            never = self.report() => match never {},
        }
    }

    /// Waits for the timer, stops everything and collects the evidence.
    pub(crate) async fn end(self) -> Result<Evidence> {
        self.world.proxy.set_trouble(None);
        self.world.settle().await?;
        let observed = self.world.hosts.stop().await?;
        let table_requests = table_requests(&self.world.tables);
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
            record: Record::collect(&self.world.account, &table_requests).await?,
        })
    }

    async fn send_in_trouble(&self) -> Result<()> {
        let outages = Mutex::default();
        let sent = tokio::select! {
            sent = self.send() => sent,
            never = self.kill_handlers() => match never {},
            never = self.world.trouble_queues() => match never {},
            never = table_trouble::repeat(&self.world.tables, self.plan.seed, &outages) => match never {},
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
        for ((count, handler), step) in self.plan.kills(HANDLERS).zip(STEPS.into_iter().cycle()) {
            // The wait cannot fail, because the sender is part of this run.
            drop(finished.wait_for(|finished| *finished >= count).await);
            let Some(way) = self.world.tables.get(handler) else { continue };
            let held = step.reach(way).await;
            self.world.hosts.kill(handler).await;
            drop(held);
        }
        std::future::pending().await
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
