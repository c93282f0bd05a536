//! The simulation: events in the order of their times.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use shared_quota::{
    priority::Priority,
    row::{Row, ServerTime, StoredRow},
    transaction::{Due, Transaction},
    turn::Ticket,
};

use crate::{
    graph::Graph,
    outcome::Outcome,
    scenario::{Outage, Scenario},
    simulated::{Simulated, duration, microseconds},
};

/// The most messages that an instance works on, and those that it takes at a time (`host.json`).
const MOST_IN_PROGRESS: u32 = 224;
const BATCH: u32 = 32;
/// The time between two looks at the queue.
const POLL: i64 = 20_000;
/// How long an instance waits for storage.
const TIMEOUT: i64 = 2_000_000;
/// How far storage's clock is ahead of the simulation.
const STORAGE_CLOCK: i64 = 1_795_000_000_000_000;

enum Event {
    Start,
    Kill,
    Fetch,
    Ready(Priority),
    Pump,
    Arrive(Ticket),
    Answered(Ticket, Option<i64>),
    Exchange,
    Store(Row),
    Stored,
    Read,
    Seen(Vec<StoredRow>),
    Failed,
}

/// Runs a scenario.
#[must_use]
pub fn run(scenario: &Scenario) -> Outcome {
    let mut world = World::new(scenario);
    while let Some(Reverse((now, key))) = world.times.pop() {
        if now > microseconds(scenario.end) {
            break;
        }
        if let Some((instance, event)) = world.events.remove(&key) {
            world.handle(now, instance, event);
        }
    }
    world.outcome()
}

struct World<'a> {
    scenario: &'a Scenario,
    graph: Graph,
    instances: Vec<Simulated>,
    messages: u32,
    rows: BTreeMap<String, StoredRow>,
    times: BinaryHeap<Reverse<(i64, u64)>>,
    events: BTreeMap<u64, (usize, Event)>,
    next_key: u64,
    last_stored: i64,
    accepted: Vec<(Duration, usize)>,
    refused: usize,
    random: StdRng,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let quota = scenario.quota;
        let lives = scenario.instances.iter().enumerate();
        let instances = lives.map(|(name, life)| Simulated::new(name, quota, life.clock)).collect();
        let mut world = Self {
            scenario,
            graph: Graph::new(scenario.model, quota),
            instances,
            messages: scenario.messages,
            rows: BTreeMap::new(),
            times: BinaryHeap::new(),
            events: BTreeMap::new(),
            next_key: 0,
            last_stored: 0,
            accepted: Vec::new(),
            refused: 0,
            random: StdRng::seed_from_u64(scenario.jitter.seed),
        };
        for (index, life) in scenario.instances.iter().enumerate() {
            world.at(microseconds(life.start), index, Event::Start);
            if let Some(killed) = life.killed {
                world.at(microseconds(killed), index, Event::Kill);
            }
        }
        for call in &scenario.calls {
            for _ in 0..call.writes {
                world.at(microseconds(call.at), call.instance, Event::Ready(call.priority));
            }
        }
        world
    }

    fn at(&mut self, time: i64, instance: usize, event: Event) {
        self.times.push(Reverse((time, self.next_key)));
        self.events.insert(self.next_key, (instance, event));
        self.next_key += 1;
    }

    /// One way of a call or a transaction that takes `both` ways, or longer.
    fn way(&mut self, both: Duration) -> i64 {
        let most = microseconds(self.scenario.jitter.most);
        microseconds(both) / 2 + self.random.random_range(0..=most)
    }

    fn handle(&mut self, now: i64, index: usize, event: Event) {
        // A write that was sent arrives even if its sender is killed.
        match event {
            Event::Arrive(ticket) => return self.arrive(now, index, ticket),
            Event::Store(row) => return self.store(now, index, row),
            Event::Start => {
                if let Some(instance) = self.instances.get_mut(index) {
                    instance.is_running = true;
                }
                return self.at(now, index, Event::Fetch);
            }
            _ => {}
        }
        if self.instances.get(index).is_some_and(|one| one.is_running) {
            self.handle_running(now, index, event);
        }
    }

    /// An event of an instance that runs.
    fn handle_running(&mut self, now: i64, index: usize, event: Event) {
        let Some(instance) = self.instances.get_mut(index) else { return };
        let moment = instance.moment(now);
        match event {
            Event::Kill => {
                instance.is_running = false;
                self.messages += std::mem::take(&mut instance.in_progress);
                return;
            }
            Event::Fetch => return self.fetch(now, index),
            Event::Ready(priority) => instance.wait(now, priority),
            Event::Answered(ticket, refused) => instance.answered(now, ticket, refused),
            Event::Exchange => return self.exchange(now, index),
            Event::Stored => {
                let next = instance.share.stored(moment);
                return self.go_on(now, index, next);
            }
            Event::Read => {
                let rows = self.rows.values().cloned().collect();
                let way = self.way(self.scenario.storage_latency);
                return self.at(now + way, index, Event::Seen(rows));
            }
            Event::Seen(rows) => {
                let next = instance.share.seen(moment, rows);
                return self.go_on(now, index, next);
            }
            Event::Failed => {
                instance.share.failed(moment);
                instance.is_exchanging = false;
            }
            _ => {}
        }
        self.pump(now, index);
    }

    /// A write arrives at the service.
    fn arrive(&mut self, now: i64, index: usize, ticket: Ticket) {
        let refused = self.graph.write(now);
        match refused {
            None => self.accepted.push((duration(now), index)),
            Some(_) => self.refused += 1,
        }
        let answered = now + self.way(self.scenario.latency);
        self.at(answered, index, Event::Answered(ticket, refused));
    }

    /// Takes messages from the queue.
    fn fetch(&mut self, now: i64, index: usize) {
        let Some(instance) = self.instances.get_mut(index) else { return };
        let mut taken = 0;
        if instance.in_progress + BATCH <= MOST_IN_PROGRESS {
            taken = self.messages.min(BATCH);
            self.messages -= taken;
            instance.in_progress += taken;
        }
        // A read of Graph and a row of storage come before the write.
        let before = self.scenario.latency + self.scenario.storage_latency;
        for _ in 0..taken {
            let before = self.way(before) + self.way(before);
            self.at(now + before, index, Event::Ready(Priority::Normal));
        }
        if self.scenario.messages > 0 {
            self.at(now + POLL, index, Event::Fetch);
        }
    }

    /// Sends what may be sent, and looks whether an exchange is due.
    fn pump(&mut self, now: i64, index: usize) {
        loop {
            let way = self.way(self.scenario.latency);
            let Some(instance) = self.instances.get_mut(index) else { return };
            match instance.send(now) {
                Ok(ticket) => self.at(now + way, index, Event::Arrive(ticket)),
                Err(again) => {
                    let known = instance.pump_at.filter(|at| *at > now);
                    let is_known = |again: i64| known.is_some_and(|at| at <= again);
                    if let Some(again) = again.filter(|again| *again > now && !is_known(*again)) {
                        instance.pump_at = Some(again);
                        self.at(again, index, Event::Pump);
                    }
                    break;
                }
            }
        }
        self.look(now, index);
    }

    fn look(&mut self, now: i64, index: usize) {
        let Some(instance) = self.instances.get_mut(index) else { return };
        if instance.is_exchanging {
            return;
        }
        match instance.share.due(instance.moment(now)) {
            Due::Exchange(at) | Due::GiveBack(at) => {
                let at = instance.time(at).max(now);
                let known = instance.exchange_at.filter(|at| *at > now);
                if known.is_none_or(|known| known > at) {
                    instance.exchange_at = Some(at);
                    self.at(at, index, Event::Exchange);
                }
            }
            Due::WhenNeeded => {}
        }
    }

    fn exchange(&mut self, now: i64, index: usize) {
        let Some(instance) = self.instances.get_mut(index).filter(|one| !one.is_exchanging) else {
            return;
        };
        let moment = instance.moment(now);
        let first = match instance.share.due(moment) {
            Due::Exchange(at) if at <= moment => instance.share.begin(moment),
            Due::GiveBack(at) if at <= moment => instance.share.give_back(moment),
            Due::WhenNeeded => return,
            // A write has changed what is due.
            _ => return self.look(now + 1, index),
        };
        instance.is_exchanging = true;
        self.go_on(now, index, Some(first));
    }

    /// Makes the next transaction of an exchange, or ends it.
    fn go_on(&mut self, now: i64, index: usize, next: Option<Transaction>) {
        let Some(instance) = self.instances.get_mut(index) else { return };
        let Some(next) = next else {
            instance.is_exchanging = false;
            return self.pump(now, index);
        };
        instance.transactions.push(duration(now));
        match next {
            Transaction::Store(row) => self.ask_storage(now, index, Event::Store(row)),
            Transaction::Read => self.ask_storage(now, index, Event::Read),
        }
    }

    fn ask_storage(&mut self, now: i64, index: usize, event: Event) {
        let outages = self.scenario.outages.iter();
        let within =
            |outage: &&Outage| microseconds(outage.from) <= now && now < microseconds(outage.until);
        let latency = microseconds(self.scenario.storage_latency);
        match outages.filter(within).map(|outage| outage.hangs).reduce(|one, _| one) {
            None => {
                let way = self.way(self.scenario.storage_latency);
                self.at(now + way, index, event);
            }
            Some(false) => self.at(now + latency, index, Event::Failed),
            Some(true) => {
                // It is carried out although its sender no longer waits.
                if let Event::Store(_) = event {
                    self.at(now + TIMEOUT - 1, index, event);
                }
                self.at(now + TIMEOUT, index, Event::Failed);
            }
        }
    }

    fn store(&mut self, now: i64, index: usize, row: Row) {
        let name = self.instances.get(index).map(|one| one.share.instance().to_owned());
        let instance = name.unwrap_or_default();
        // Storage stores the rows of a partition one after the other.
        let stored = self.last_stored.max(now + STORAGE_CLOCK - 1) + 1;
        self.last_stored = stored;
        let stored = ServerTime(stored);
        self.rows.insert(instance.clone(), StoredRow { instance, stored, row });
        let way = self.way(self.scenario.storage_latency);
        self.at(now + way, index, Event::Stored);
    }

    fn outcome(self) -> Outcome {
        Outcome {
            accepted: self.accepted,
            refused: self.refused,
            most_in_a_period: self.graph.most_in_a_period(),
            transactions: self.instances.into_iter().map(|one| one.transactions).collect(),
        }
    }
}
