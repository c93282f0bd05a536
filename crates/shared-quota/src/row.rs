//! What an instance stores for the others.

use std::time::Duration;

/// A time of the storage service, in microseconds since an origin that all rows share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerTime(pub i64);

/// A number of writes, and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// In microseconds after the row was stored.
    pub at: i64,
    /// The number of writes.
    pub writes: u32,
}

/// The row of an instance. Its times count from when it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The number of rows that the instance has stored before.
    pub sequence: u64,
    /// The writes that were sent, and when they cease to count.
    pub sent: Vec<Step>,
    /// The allowances that the instance holds for certain, and from when each may be used.
    pub held: Vec<Step>,
    /// The allowances that the instance holds if no other instance has claimed them. They include those
    /// that it holds for certain.
    pub claimed: Vec<Step>,
    /// The number of writes that the instance has to send.
    pub needed: u32,
    /// The number of writes of low priority that the instance has to send besides.
    pub needed_low: u32,
    /// How long Graph has asked the instance to wait.
    pub pause: Duration,
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// The id of the instance.
    pub instance: String,
    /// When storage has stored it, by storage's own clock.
    pub stored: ServerTime,
    /// What the instance has stored.
    pub row: Row,
}
