//! What is known of the write quota: arithmetic without a clock of its own.
//!
//! Two limits hold at once, each "so many writes in any period of this length": the quota that is
//! documented or configured, and the one that refusals have taught. A write counts from the moment
//! its answer arrives, so Graph, which counted it earlier, is never ahead. Whatever Graph's own way
//! of counting is, fixed windows or a bucket that refills, such a client does not exceed it.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::{closing::Closing, write_quota::WriteQuota};
use azure_rest::timing::CallTiming;

/// How much more than what was learned is tried with each period that passes without a refusal: the
/// quota may be shared with somebody who has finished.
const GROWTH: f64 = 0.2;

/// How many writes must have been accepted between two closings to teach anything: after fewer, the
/// quota was used by others, and waiting is all that helps.
const LEAST_LESSON: u32 = 10;

/// The part of either limit that those who can wait may use. The rest is for requests that come while a
/// whole tenant is being brought up to its baseline.
const SHARE_OF_THOSE_WHO_CAN_WAIT: f64 = 0.5;

/// So many writes under way are in a hurry, as is one that had to wait; and how long after the last one
/// the hurry is over.
const HURRY: u32 = 8;
const REST: Duration = Duration::from_secs(1);

/// How long a lesson lasts: so many of its periods, and not less than this.
const MEMORY_IN_PERIODS: u32 = 3;
const SHORTEST_MEMORY: Duration = Duration::from_secs(30);

/// Writes under way at first after a closing; as many are added each time that all of them were
/// accepted. Everybody at once would be refused again.
const RESUMPTION: u32 = 1;
const RESUMPTION_STEP: u32 = 2;

/// When the next write may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Now; it counts as under way from here on.
    Now,
    /// Not before this moment.
    At(Instant),
    /// Not before one that is under way is answered.
    AfterAnAnswer,
}

/// How a write that was admitted ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ending {
    /// Graph took it, whatever came of it, and may have said how much of its limit is used.
    Taken { used: Option<f64> },
    /// Graph refused it because of the quota, and may have said for how long.
    Refused { retry_after: Option<Duration> },
    /// There was no answer. It may have counted.
    Unanswered,
    /// It was not sent after all.
    NotSent,
}

/// What a refusal has taught: so many writes in this time, and when that was.
#[derive(Debug, Clone, Copy)]
struct Learned {
    writes: u32,
    period: Duration,
    at: Instant,
}

#[derive(Debug)]
pub(super) struct Ledger {
    quota: WriteQuota,
    timing: CallTiming,
    learned: Option<Learned>,
    /// When writes that count were answered, oldest first.
    answered: VecDeque<Instant>,
    under_way: u32,
    /// Since when writes have been in a hurry without a refusal, and how many were accepted since.
    opened: Instant,
    accepted: u32,
    /// When a write was last in a hurry.
    hurried: Option<Instant>,
    closing: Closing,
    /// How many may be under way at once while feeling the way after a closing, and how many of them
    /// were accepted.
    resumption: Option<(u32, u32)>,
    /// Writes of others within the quota's period, as far as Graph has said.
    elsewhere: u32,
}

impl Ledger {
    pub(super) fn new(quota: WriteQuota, timing: CallTiming, now: Instant) -> Self {
        Self {
            quota,
            timing,
            learned: None,
            answered: VecDeque::new(),
            under_way: 0,
            opened: now,
            accepted: 0,
            hurried: None,
            closing: Closing::default(),
            resumption: None,
            elsewhere: 0,
        }
    }

    /// Whether a write may be sent now, or when to ask again. `waited` says whether it asks again.
    pub(super) fn admit(&mut self, now: Instant, waited: bool) -> Admission {
        self.admit_within(1.0, now, waited)
    }

    /// The same for a write that leaves a part of the quota to others.
    pub(super) fn admit_leaving_room(&mut self, now: Instant, waited: bool) -> Admission {
        self.admit_within(SHARE_OF_THOSE_WHO_CAN_WAIT, now, waited)
    }

    fn admit_within(&mut self, share: f64, now: Instant, waited: bool) -> Admission {
        if let Some(until) = self.closing.until(now) {
            return Admission::At(until);
        }
        if let Some(end) = self.closing.take_end() {
            self.reopen(end, now);
        }
        if self.resumption.is_some_and(|(at_once, _)| self.under_way >= at_once) {
            return Admission::AfterAnAnswer;
        }
        self.learned = self.learned.filter(|known| known.lasts(now));
        let part = |writes: u32| ((f64::from(writes) * share) as u32).max(1);
        let by_quota = self.within(part(self.quota_left_by_others()), self.quota.period, now);
        let by_learning =
            self.learned.map(|known| self.within(part(known.now(now)), known.period, now));
        let admission = later(by_quota, by_learning.unwrap_or(Admission::Now));
        if admission == Admission::Now {
            if waited || self.under_way >= HURRY {
                self.hurry(now);
            }
            self.under_way += 1;
        }
        admission
    }

    /// A write that was admitted has ended.
    pub(super) fn end(&mut self, now: Instant, ending: Ending) {
        self.under_way = self.under_way.saturating_sub(1);
        match ending {
            Ending::Refused { retry_after } => {
                if self.closing.until(now).is_none() && !self.is_in_a_hurry(now) {
                    self.accepted = 0;
                }
                self.closing.close(now, retry_after, &self.timing);
            }
            Ending::Unanswered => self.count(now),
            Ending::NotSent => {}
            Ending::Taken { used } => {
                self.count(now);
                self.accepted += 1;
                self.closing.accepted();
                self.resume();
                self.elsewhere = used.map_or(0, |used| self.not_ours(used, now));
            }
        }
    }

    /// Only writes that press each other say something about the quota: what is accepted at leisure is
    /// what was asked for.
    fn hurry(&mut self, now: Instant) {
        if !self.is_in_a_hurry(now) {
            (self.opened, self.accepted) = (now, 0);
        }
        self.hurried = Some(now);
    }

    fn is_in_a_hurry(&self, now: Instant) -> bool {
        self.hurried.is_some_and(|hurried| now - hurried < REST)
    }

    fn count(&mut self, now: Instant) {
        self.answered.push_back(now);
        // Older ones decide nothing: no limit is above the quota.
        while self.answered.len() > self.quota.writes as usize {
            self.answered.pop_front();
        }
    }

    /// What was accepted in a hurry between two closings is what the quota was in that time.
    fn reopen(&mut self, end: Instant, now: Instant) {
        if self.accepted >= LEAST_LESSON {
            let period = end.saturating_duration_since(self.opened);
            self.learned = Some(Learned { writes: self.accepted, period, at: now });
        }
        self.opened = now;
        self.accepted = 0;
        self.resumption = Some((RESUMPTION, 0));
    }

    fn resume(&mut self) {
        self.resumption = self.resumption.map(|(at_once, accepted)| {
            if accepted + 1 >= at_once {
                (at_once + RESUMPTION_STEP, 0)
            } else {
                (at_once, accepted + 1)
            }
        });
    }

    fn quota_left_by_others(&self) -> u32 {
        self.quota.writes.saturating_sub(self.elsewhere).max(1)
    }

    /// How many of the writes that Graph has counted are not this process's.
    fn not_ours(&self, used: f64, now: Instant) -> u32 {
        let ours = self.answered.iter().rev().take_while(|at| now - **at < self.quota.period);
        let ours = ours.count() as f64 + f64::from(self.under_way);
        (used * f64::from(self.quota.writes) - ours).max(0.0) as u32
    }

    /// Whether one more write fits into `writes` in any `period`.
    fn within(&self, writes: u32, period: Duration, now: Instant) -> Admission {
        let Some(room) = writes.checked_sub(self.under_way).filter(|room| *room > 0) else {
            return Admission::AfterAnAnswer;
        };
        // The write that must have left the period before there is room for another one.
        let Some(index) = self.answered.len().checked_sub(room as usize) else {
            return Admission::Now;
        };
        match self.answered.get(index).map(|at| *at + period) {
            Some(moment) if moment > now => Admission::At(moment),
            _ => Admission::Now,
        }
    }
}

impl Learned {
    fn lasts(&self, now: Instant) -> bool {
        now - self.at < SHORTEST_MEMORY.max(self.period * MEMORY_IN_PERIODS)
    }

    /// What is tried by now.
    fn now(&self, now: Instant) -> u32 {
        let periods = (now - self.at).as_secs_f64() / self.period.as_secs_f64().max(0.001);
        (f64::from(self.writes) * (1.0 + GROWTH * periods)) as u32
    }
}

fn later(one: Admission, other: Admission) -> Admission {
    match (one, other) {
        (Admission::AfterAnAnswer, _) | (_, Admission::AfterAnAnswer) => Admission::AfterAnAnswer,
        (Admission::At(one), Admission::At(other)) => Admission::At(one.max(other)),
        (Admission::Now, other) => other,
        (one, Admission::Now) => one,
    }
}

#[cfg(test)]
mod tests;
