//! What an instance has stored.

use std::time::Instant;

use crate::row::Row;

/// A claim that was stored and not confirmed yet.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) row: Row,
    /// Whether it may be used soon, so that it is confirmed at once.
    pub(crate) is_urgent: bool,
    /// Whether it was made without knowing the other instances. Then a better one follows at once.
    pub(crate) is_first: bool,
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
}
