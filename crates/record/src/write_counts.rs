//! The table of the writes that requesters make by rules with a limit.
//!
//! A row counts the writes of one requester by one rule within the last hour. They are counted before they
//! are sent, by a change that no other instance can overlook: each replaces the version that it has read. A
//! count is a pure value ([`WriteCount`]).

mod client;
mod columns;
mod count;

pub use client::{WriteCounts, WriteCountsError};
pub use columns::WRITE_COUNT_TABLE;
pub use count::{Demand, OverLimit, WriteCount};
