//! One simulated instance.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use shared_quota::{
    budget::{Budget, SPACING},
    priority::Priority,
    share::Share,
    turn::{Ticket, Turn},
    write_quota::WriteQuota,
};

/// An instance: its share, and the writes that wait for it.
pub(crate) struct Simulated {
    pub(crate) share: Share,
    /// The moment at which the simulation began, on the clock of this instance.
    origin: Instant,
    pub(crate) is_running: bool,
    /// The writes that wait.
    waiting: VecDeque<Priority>,
    /// The number of messages in progress.
    pub(crate) in_progress: u32,
    /// Until when the service has asked it to wait.
    pub(crate) pause: i64,
    /// When it tries to send again, and when it looks for an exchange that is due.
    pub(crate) pump_at: Option<i64>,
    pub(crate) exchange_at: Option<i64>,
    /// Whether an exchange is in progress.
    pub(crate) is_exchanging: bool,
    pub(crate) transactions: Vec<Duration>,
}

impl Simulated {
    pub(crate) fn new(name: usize, quota: WriteQuota, clock: Duration) -> Self {
        let origin = Instant::now() + clock;
        Self {
            share: Share::new(
                format!("instance-{name:03}"),
                quota,
                Budget::new(SPACING, origin),
                origin,
            ),
            origin,
            is_running: false,
            waiting: VecDeque::new(),
            in_progress: 0,
            pause: 0,
            pump_at: None,
            exchange_at: None,
            is_exchanging: false,
            transactions: Vec::new(),
        }
    }

    /// A time of the simulation on the clock of this instance.
    pub(crate) fn moment(&self, now: i64) -> Instant {
        self.origin + duration(now)
    }

    /// A moment of this instance as a time of the simulation.
    pub(crate) fn time(&self, moment: Instant) -> i64 {
        microseconds(moment.saturating_duration_since(self.origin))
    }

    pub(crate) fn wait(&mut self, now: i64, priority: Priority) {
        let moment = self.moment(now);
        match priority {
            Priority::Normal => self.waiting.push_front(priority),
            Priority::Low => self.waiting.push_back(priority),
        }
        self.share.arrived(moment, priority);
    }

    /// The service has answered a write, and may have asked to wait.
    pub(crate) fn answered(&mut self, now: i64, ticket: Ticket, refused: Option<i64>) {
        let moment = self.moment(now);
        self.share.ended(moment, ticket, true);
        match refused {
            None => {
                self.in_progress = self.in_progress.saturating_sub(1);
                self.share.paused(None);
            }
            Some(wait) => {
                // Graph rounds up to whole seconds.
                let wait = (wait + 999_999) / 1_000_000 * 1_000_000;
                self.pause = self.pause.max(now + wait);
                self.share.paused(Some(moment + duration(wait)));
                self.wait(now, Priority::Normal);
            }
        }
    }

    /// Sends the next write if it may be sent; otherwise says when to ask again, if that is known.
    pub(crate) fn send(&mut self, now: i64) -> Result<Ticket, Option<i64>> {
        let moment = self.moment(now);
        let priority = *self.waiting.front().ok_or(None)?;
        if self.pause > now {
            return Err(Some(self.pause));
        }
        match self.share.turn(moment, priority) {
            Turn::Now => {
                self.waiting.pop_front();
                let ticket = self.share.take(moment, priority);
                self.share.left(moment, priority);
                Ok(ticket)
            }
            Turn::At(at) => Err(Some(self.time(at))),
            Turn::Later => Err(None),
        }
    }
}

pub(crate) fn duration(microseconds: i64) -> Duration {
    Duration::from_micros(u64::try_from(microseconds).unwrap_or(0))
}

pub(crate) fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
