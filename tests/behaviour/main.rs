//! End-to-end tests of the handler, grouped by topic.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod approvals;
mod certificates;
mod clients;
mod ends;
mod events;
mod fixed_arm;
mod http;
mod notices;
mod process;
mod queue;
mod record;
mod repository;
mod world;
