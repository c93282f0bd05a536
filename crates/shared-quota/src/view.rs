//! What an instance knows of the others from storage.

use std::time::{Duration, Instant};

use crate::{
    grid::microseconds,
    row::{ServerTime, StoredRow},
    timing::{FRESH, LEASE},
};

/// The result of the last read.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) others: Vec<StoredRow>,
    /// When storage stored the row of this instance, and a later moment on this machine.
    pub(crate) own: ServerTime,
    pub(crate) own_at: Instant,
    /// When it was read.
    pub(crate) read: Instant,
}

impl View {
    /// Whether a claim may be based on what was read.
    pub(crate) fn is_fresh(view: Option<&Self>, now: Instant) -> bool {
        view.is_some_and(|view| now.saturating_duration_since(view.read) < FRESH)
    }

    /// A lower bound of the time on storage's clock.
    pub(crate) fn at(&self, now: Instant) -> ServerTime {
        let since = microseconds(now.saturating_duration_since(self.own_at));
        ServerTime(self.own.0.saturating_add(since))
    }

    /// The end of the waits that Graph has asked other instances for, while these renew their rows.
    pub(crate) fn pause(&self, now: Instant) -> Option<Instant> {
        let server = self.at(now).0;
        let waiting = self.others.iter().filter(|other| !other.row.pause.is_zero());
        let ends = waiting.filter_map(|other| {
            let pause = other.row.pause.min(LEASE);
            let left = other.stored.0.saturating_add(microseconds(pause)).saturating_sub(server);
            u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_micros)
        });
        ends.max().map(|left| now + left.min(LEASE))
    }
}
