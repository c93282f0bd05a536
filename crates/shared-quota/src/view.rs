//! What an instance knows of the others from storage.

use std::time::{Duration, Instant};

use crate::{
    grid::microseconds,
    row::{ServerTime, StoredRow},
    timing::{FRESH, LEASE, MOST_DELETED, OUTDATED},
    write_quota::WriteQuota,
};

/// The result of the last read.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) others: Vec<StoredRow>,
    /// When storage stored the row of this instance, and a later moment on this machine.
    pub(crate) own: ServerTime,
    pub(crate) own_at: Instant,
    /// When it was read; `None` if this instance had no row, or if a later transaction failed.
    pub(crate) read: Option<Instant>,
}

impl View {
    /// Nothing is known of the others.
    pub(crate) fn unknown(now: Instant) -> Self {
        Self { others: Vec::new(), own: ServerTime(0), own_at: now, read: None }
    }

    /// What is known while this instance has no row: storage's clock is at least where it was when the newest
    /// row was stored.
    pub(crate) fn without_own(others: Vec<StoredRow>, now: Instant) -> Self {
        let newest = others.iter().map(|row| row.stored).max().unwrap_or(ServerTime(0));
        Self { others, own: newest, own_at: now, read: None }
    }

    /// Whether a claim may be based on what was read.
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.read.is_some_and(|read| now.saturating_duration_since(read) < FRESH)
    }

    /// Whether none of the others held allowances when the rows were read.
    pub(crate) fn is_alone(&self) -> bool {
        self.read.is_some_and(|read| {
            let lease_began = self.at(read).0.saturating_sub(microseconds(LEASE));
            self.others.iter().all(|other| other.stored.0 < lease_began)
        })
    }

    /// Whether none of the others claims allowances or waits for them.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut rows = self.others.iter().map(|other| &other.row);
        rows.all(|row| row.claimed.is_empty() && row.needed == 0 && row.needed_low == 0)
    }

    /// A lower bound of the time on storage's clock.
    pub(crate) fn at(&self, now: Instant) -> ServerTime {
        let since = microseconds(now.saturating_duration_since(self.own_at));
        ServerTime(self.own.0.saturating_add(since))
    }

    /// Takes the rows that were stored too long ago to matter, at most as many as one transaction can delete.
    pub(crate) fn take_outdated(&mut self, now: Instant, quota: WriteQuota) -> Vec<StoredRow> {
        let age = microseconds(quota.period).saturating_add(microseconds(OUTDATED));
        let oldest = self.at(now).0.saturating_sub(age);
        let outdated = self.others.extract_if(.., |row| row.stored.0 < oldest);
        outdated.take(MOST_DELETED).collect()
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
