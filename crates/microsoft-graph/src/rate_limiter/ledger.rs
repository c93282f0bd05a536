//! The count of writes and the limits on it. The caller supplies the time.
//!
//! Two limits apply, each a number of writes in any period of a given length (a sliding window): the
//! documented or configured quota, and the limit learned from 429 responses. A write counts from the
//! time of its response, which is after Graph counted it. So the client stays within the quota,
//! whether Graph counts in fixed windows or with a token bucket.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::throttle::Throttle;
use azure_rest::timing::CallTiming;
use shared_quota::write_quota::{LOW_PRIORITY_SHARE, WriteQuota};

/// The growth of the learned limit with each period without a 429. Another client that shared the quota
/// may have finished.
const GROWTH: f64 = 0.2;

/// The number of writes that must have been accepted between two waits for a limit to be learned. After
/// fewer, other clients have used the quota.
const MIN_LEARNED: u32 = 10;

/// The number of writes in flight that counts as contention, as does a write that had to wait.
const CONTENTION: u32 = 8;

/// How long contention lasts after the last write under contention.
const CONTENTION_END: Duration = Duration::from_secs(1);

/// How long a learned limit applies: this number of its periods, but at least [`MIN_MEMORY`].
const MEMORY_IN_PERIODS: u32 = 3;
const MIN_MEMORY: Duration = Duration::from_secs(30);

/// The number of writes in flight after a wait (slow start). It grows by the same number when all of them
/// were accepted. If all writes were sent at once, Graph would throttle again.
const SLOW_START: u32 = 1;
const SLOW_START_STEP: u32 = 2;

/// The time at which the next write may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Now. The write counts as in flight from here on.
    Now,
    /// Not before this time.
    At(Instant),
    /// Not before the response to a write in flight.
    AfterNextResponse,
}

/// The end of an admitted write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum WriteEnd {
    /// Graph did not throttle it, and may have reported the used share of its limit.
    Accepted { used: Option<f64> },
    /// Graph throttled it, and may have said for how long.
    Throttled { retry_after: Option<Duration> },
    /// There was no response. It may have counted.
    Unanswered,
    /// It was not sent.
    NotSent,
}

/// A limit that was learned from 429 responses, and the time of learning.
#[derive(Debug, Clone, Copy)]
struct LearnedLimit {
    writes: u32,
    period: Duration,
    at: Instant,
}

/// The state of the slow start.
#[derive(Debug, Clone, Copy)]
struct SlowStart {
    max_in_flight: u32,
    /// The number of writes accepted since `max_in_flight` has grown.
    accepted: u32,
}

/// The count of writes and the limits on it.
#[derive(Debug)]
pub(super) struct Ledger {
    quota: WriteQuota,
    timing: CallTiming,
    learned: Option<LearnedLimit>,
    /// The times of the responses to counted writes, oldest first.
    answered: VecDeque<Instant>,
    in_flight: u32,
    /// The start of the current contention without a 429, and the number of writes accepted since.
    contention_start: Instant,
    accepted: u32,
    /// The time of the last write under contention.
    last_contention: Option<Instant>,
    throttle: Throttle,
    slow_start: Option<SlowStart>,
    /// Writes of other clients within the quota's period, according to Graph.
    used_by_others: u32,
}

impl Ledger {
    pub(super) fn new(quota: WriteQuota, timing: CallTiming, now: Instant) -> Self {
        Self {
            quota,
            timing,
            learned: None,
            answered: VecDeque::new(),
            in_flight: 0,
            contention_start: now,
            accepted: 0,
            last_contention: None,
            throttle: Throttle::default(),
            slow_start: None,
            used_by_others: 0,
        }
    }

    /// Admits a write, or returns when to ask again. `waited` says whether the write has been waiting.
    pub(super) fn admit(&mut self, now: Instant, waited: bool) -> Admission {
        self.admit_within(1.0, now, waited)
    }

    /// Admits a write that leaves a part of the quota to others, like [`Ledger::admit`].
    pub(super) fn admit_low_priority(&mut self, now: Instant, waited: bool) -> Admission {
        self.admit_within(LOW_PRIORITY_SHARE, now, waited)
    }

    fn admit_within(&mut self, share: f64, now: Instant, waited: bool) -> Admission {
        if let Some(moment) = self.throttle.wait(now) {
            return Admission::At(moment);
        }
        if !self.throttle.is_waiting(now)
            && let Some(end) = self.throttle.take_end()
        {
            self.resume(end, now);
        }
        if self.slow_start.is_some_and(|start| self.in_flight >= start.max_in_flight) {
            return Admission::AfterNextResponse;
        }
        self.learned = self.learned.filter(|limit| limit.applies(now));
        let part = |writes: u32| ((f64::from(writes) * share) as u32).max(1);
        let by_quota = self.within(part(self.quota_left()), self.quota.period, now);
        let by_learning =
            self.learned.map(|limit| self.within(part(limit.at(now)), limit.period, now));
        let admission = later(by_quota, by_learning.unwrap_or(Admission::Now));
        if admission == Admission::Now {
            if waited || self.in_flight >= CONTENTION {
                self.note_contention(now);
            }
            self.in_flight += 1;
            self.throttle.sent(now, &self.timing);
        }
        admission
    }

    /// Counts an admitted write that has ended.
    pub(super) fn end(&mut self, now: Instant, end: WriteEnd) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match end {
            WriteEnd::Throttled { retry_after } => {
                if !self.throttle.is_waiting(now) && !self.is_contended(now) {
                    self.accepted = 0;
                }
                self.throttle.throttle(now, retry_after, &self.timing);
            }
            WriteEnd::Unanswered => self.count(now),
            WriteEnd::NotSent => self.throttle.not_sent(now),
            WriteEnd::Accepted { used } => {
                self.count(now);
                self.accepted += 1;
                self.throttle.accepted(now);
                self.slow_start = self.slow_start.map(SlowStart::after_accepted_write);
                self.used_by_others = used.map_or(0, |used| self.others_share(used, now));
            }
        }
    }

    /// Until when Graph has asked to wait, if that time has not passed.
    pub(super) fn throttled_until(&self, now: Instant) -> Option<Instant> {
        self.throttle.end(now)
    }

    /// Notes whether there is contention. Only then does the number of accepted writes tell something about
    /// the quota; otherwise it is the number of requested ones.
    fn note_contention(&mut self, now: Instant) {
        if !self.is_contended(now) {
            (self.contention_start, self.accepted) = (now, 0);
        }
        self.last_contention = Some(now);
    }

    fn is_contended(&self, now: Instant) -> bool {
        self.last_contention.is_some_and(|last| now - last < CONTENTION_END)
    }

    fn count(&mut self, now: Instant) {
        self.answered.push_back(now);
        // Older ones are irrelevant: no limit is above the quota.
        while self.answered.len() > self.quota.writes as usize {
            self.answered.pop_front();
        }
    }

    /// Resumes sending after a wait. The number of writes accepted under contention since the wait before
    /// is taken as the limit.
    fn resume(&mut self, end: Instant, now: Instant) {
        if self.accepted >= MIN_LEARNED {
            let period = end.saturating_duration_since(self.contention_start);
            self.learned = Some(LearnedLimit { writes: self.accepted, period, at: now });
        }
        self.contention_start = now;
        self.accepted = 0;
        self.slow_start = Some(SlowStart { max_in_flight: SLOW_START, accepted: 0 });
    }

    /// The quota without the writes of other clients.
    fn quota_left(&self) -> u32 {
        self.quota.writes.saturating_sub(self.used_by_others).max(1)
    }

    /// The number of writes that Graph has counted and that this process did not send.
    fn others_share(&self, used: f64, now: Instant) -> u32 {
        let ours = self.answered.iter().rev().take_while(|at| now - **at < self.quota.period);
        let ours = ours.count() as f64 + f64::from(self.in_flight);
        (used * f64::from(self.quota.writes) - ours).max(0.0) as u32
    }

    /// Whether one more write fits into `writes` in any `period`.
    fn within(&self, writes: u32, period: Duration, now: Instant) -> Admission {
        let Some(room) = writes.checked_sub(self.in_flight).filter(|room| *room > 0) else {
            return Admission::AfterNextResponse;
        };
        // The write that must leave the period before another one fits.
        let Some(index) = self.answered.len().checked_sub(room as usize) else {
            return Admission::Now;
        };
        match self.answered.get(index).map(|at| *at + period) {
            Some(moment) if moment > now => Admission::At(moment),
            _ => Admission::Now,
        }
    }
}

impl SlowStart {
    fn after_accepted_write(self) -> Self {
        if self.accepted + 1 >= self.max_in_flight {
            Self { max_in_flight: self.max_in_flight + SLOW_START_STEP, accepted: 0 }
        } else {
            Self { accepted: self.accepted + 1, ..self }
        }
    }
}

impl LearnedLimit {
    fn applies(&self, now: Instant) -> bool {
        now - self.at < MIN_MEMORY.max(self.period * MEMORY_IN_PERIODS)
    }

    /// The limit including its growth.
    fn at(&self, now: Instant) -> u32 {
        let periods = (now - self.at).as_secs_f64() / self.period.as_secs_f64().max(0.001);
        (f64::from(self.writes) * (1.0 + GROWTH * periods)) as u32
    }
}

fn later(one: Admission, other: Admission) -> Admission {
    match (one, other) {
        (Admission::AfterNextResponse, _) | (_, Admission::AfterNextResponse) => {
            Admission::AfterNextResponse
        }
        (Admission::At(one), Admission::At(other)) => Admission::At(one.max(other)),
        (Admission::Now, other) => other,
        (one, Admission::Now) => one,
    }
}

#[cfg(test)]
mod tests;
