//! Queues, tables and the proxies, each against Azurite.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod account;
mod proxy;
mod queues;
mod table_proxy;
mod tables;
