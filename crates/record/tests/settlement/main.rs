//! Intents that were left open, against a model that knows what really happened.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod decisions;
mod histories;
mod model;
mod rows;
