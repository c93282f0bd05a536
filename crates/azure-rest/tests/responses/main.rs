//! The clients of this crate against a server with fixed responses.

#![expect(clippy::panic, clippy::unwrap_used, reason = "so tests fail")]

mod arm_payloads;
mod queues;
mod rest_client;
mod server;
mod statuses;
mod storage;
mod table_service;
mod table_statuses;
mod tables;
