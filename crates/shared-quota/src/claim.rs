//! What an instance has stored.

use std::time::Instant;

use crate::row::Row;

/// A claim that was stored and not confirmed yet.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) row: Row,
    /// Whether it may be used soon, so that it is confirmed at once.
    pub(crate) is_urgent: bool,
}

/// The row that was stored last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastRow {
    pub(crate) sequence: u64,
    /// When storing it began, and when storage had stored it.
    pub(crate) began: Instant,
    pub(crate) stored: Option<Instant>,
    /// Whether it claims allowances. Others count these even if they are not used.
    pub(crate) has_allowances: bool,
    /// The number of writes that it says are waiting.
    pub(crate) needed: u32,
    /// What it claims and was not confirmed.
    pub(crate) excess: Excess,
}

impl LastRow {
    /// A row without allowances.
    pub(crate) fn new(sequence: u64, began: Instant) -> Self {
        let (stored, has_allowances, needed, excess) = (None, false, 0, Excess::None);
        Self { sequence, began, stored, has_allowances, needed, excess }
    }
}

/// The part of a claim that was not confirmed. The others leave it unused until the next row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    None,
    /// The others could use it later.
    Later,
    /// The others could use it now.
    Now,
}

impl Excess {
    /// The excess of a claim, by the start of the allowances.
    pub(crate) fn of(claimed: &[u32], confirmed: &[u32]) -> Self {
        let excess = claimed.iter().zip(confirmed).position(|(claimed, is)| claimed > is);
        match excess {
            None => Self::None,
            Some(0) => Self::Now,
            Some(_) => Self::Later,
        }
    }
}
