//! The rows of approvals, and their table in Azurite.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod corrupted;
mod generators;
mod log;
mod sizes;
mod table;
mod written;
