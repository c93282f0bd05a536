//! The handler's behaviour, seen from outside.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod arm_payloads;
mod events;
mod graph_payloads;
mod http;
mod process;
mod queue;
mod record;
mod repository;
mod world;
