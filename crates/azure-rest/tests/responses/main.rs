//! The clients of this crate against a server with fixed responses.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

mod arm_payloads;
mod rest_client;
mod server;
mod statuses;
mod storage;
