//! What an instance does with storage.

use std::time::Instant;

use crate::row::Row;

/// What an instance does with storage next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It reads the rows of all and stores its own, at this time.
    Exchange(Instant),
    /// It stores a row with fewer allowances, at this time, and reads nothing.
    GiveBack(Instant),
    /// Nothing, until a write arrives.
    WhenNeeded,
}

/// A transaction with storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transaction {
    /// Stores the row of this instance. Then call `Share::stored` or `Share::failed`.
    Store(Row),
    /// Reads the rows of all instances. Then call `Share::seen` or `Share::failed`.
    Read,
}
