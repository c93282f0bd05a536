//! What an instance has sent, and what it has to send.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    grid::microseconds,
    priority::Priority,
    row::{Row, Step},
    timing::{FALLBACK_INSTANCES, FORESIGHT, IN_FLIGHT},
    turn::Turn,
    write_quota::WriteQuota,
};

/// Writes of one priority that are waiting, and the times at which such writes arrived.
#[derive(Debug, Default)]
struct Queue {
    waiting: u32,
    arrivals: VecDeque<Instant>,
}

/// What an instance has sent, and what it has to send.
#[derive(Debug)]
pub(crate) struct Demand {
    quota: WriteQuota,
    normal: Queue,
    low: Queue,
    /// The times of the responses to counted writes, oldest first.
    answered: VecDeque<Instant>,
    in_flight: u32,
    /// When a write last began to wait, was sent or ended.
    last: Instant,
}

impl Demand {
    pub(crate) fn new(quota: WriteQuota, now: Instant) -> Self {
        Self {
            quota,
            normal: Queue::default(),
            low: Queue::default(),
            answered: VecDeque::new(),
            in_flight: 0,
            last: now,
        }
    }

    fn queue(&mut self, priority: Priority) -> &mut Queue {
        match priority {
            Priority::Normal => &mut self.normal,
            Priority::Low => &mut self.low,
        }
    }

    /// A write begins to wait.
    pub(crate) fn arrived(&mut self, now: Instant, priority: Priority) {
        let most = self.quota.writes as usize;
        let queue = self.queue(priority);
        queue.waiting += 1;
        queue.arrivals.push_back(now);
        while queue.arrivals.len() > most {
            queue.arrivals.pop_front();
        }
        self.last = now;
    }

    /// A write waits no longer: it is sent, or its caller has given up.
    pub(crate) fn left(&mut self, now: Instant, priority: Priority) {
        let queue = self.queue(priority);
        queue.waiting = queue.waiting.saturating_sub(1);
        self.last = now;
    }

    /// A write is being sent.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.in_flight += 1;
        self.last = now;
    }

    /// A write has ended. It counts unless it was not sent.
    pub(crate) fn ended(&mut self, now: Instant, counts: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.last = now;
        if counts {
            self.answered.push_back(now);
        }
        while self.answered.front().is_some_and(|at| *at + self.quota.period <= now) {
            self.answered.pop_front();
        }
    }

    /// The number of waiting writes.
    pub(crate) fn waiting(&self, priority: Priority) -> u32 {
        match priority {
            Priority::Normal => self.normal.waiting,
            Priority::Low => self.low.waiting,
        }
    }

    /// The number of waiting writes of any priority.
    pub(crate) fn waiting_in_all(&self) -> u32 {
        self.normal.waiting.saturating_add(self.low.waiting)
    }

    /// The number of writes to send until the next exchange: the waiting ones, and as many as have arrived
    /// lately.
    pub(crate) fn needed(&self, now: Instant, priority: Priority) -> u32 {
        let queue = match priority {
            Priority::Normal => &self.normal,
            Priority::Low => &self.low,
        };
        queue.waiting.saturating_add(expected(&queue.arrivals, now))
    }

    /// When a write last began to wait, was sent or ended.
    pub(crate) fn last(&self) -> Instant {
        self.last
    }

    /// Since when nothing waits and nothing is in flight.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.in_flight == 0 && self.normal.waiting == 0 && self.low.waiting == 0;
        is_idle.then_some(self.last)
    }

    /// Whether a write may be sent without storage: the instance keeps to the part that it would have among many.
    pub(crate) fn fallback_turn(&self, now: Instant) -> Turn {
        let most = (self.quota.writes / FALLBACK_INSTANCES).max(1);
        if self.counted(now) < most {
            return Turn::Now;
        }
        let mut ends = self.answered.iter().map(|at| *at + self.quota.period);
        ends.find(|end| *end > now).map_or(Turn::Later, Turn::At)
    }

    /// The number of writes that count now.
    fn counted(&self, now: Instant) -> u32 {
        let answered = self.answered.iter().rev();
        let answered = answered.take_while(|at| **at + self.quota.period > now).count();
        self.in_flight.saturating_add(u32::try_from(answered).unwrap_or(u32::MAX))
    }

    /// A row with what was sent and what has to be sent, in slots of this length.
    pub(crate) fn row(&self, now: Instant, slot: i64) -> Row {
        Row {
            sent: self.sent_steps(now, slot),
            needed: self.needed(now, Priority::Normal),
            needed_low: self.needed(now, Priority::Low),
            ..Row::default()
        }
    }

    /// The writes that count now, and when they cease to count.
    fn sent_steps(&self, now: Instant, slot: i64) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut add = |at: i64| match steps.last_mut() {
            Some(last) if last.at == at => last.writes += 1,
            _ => steps.push(Step { at, writes: 1 }),
        };
        for at in &self.answered {
            let left = microseconds((*at + self.quota.period).saturating_duration_since(now));
            if left > 0 {
                add((left + slot - 1) / slot * slot);
            }
        }
        let response = microseconds(IN_FLIGHT).max(slot);
        let in_flight = microseconds(self.quota.period).saturating_add(response);
        (0..self.in_flight).for_each(|_| add(in_flight));
        steps
    }
}

/// The number of arrivals that are expected until the next exchange: as many as lately, unless they were a
/// burst, which is not expected to repeat.
fn expected(arrivals: &VecDeque<Instant>, now: Instant) -> u32 {
    let within = |from: Duration, until: Duration| {
        let latest = arrivals.iter().rev().skip_while(|at| now - **at < from);
        latest.take_while(|at| now - **at < until).count()
    };
    let half = FORESIGHT / 2;
    let least = within(Duration::ZERO, half).min(within(half, FORESIGHT));
    u32::try_from(least).unwrap_or(u32::MAX).saturating_mul(2)
}

/// How long until `moment`; nothing if it has passed.
pub(crate) fn until(moment: Option<Instant>, now: Instant) -> Duration {
    moment.map_or(Duration::ZERO, |moment| moment.saturating_duration_since(now))
}
