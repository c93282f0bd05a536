//! The emulated tenant's behaviour, over HTTP.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml lets tests assert with these, but overlooks functions that tests share"
)]

mod assignments;
mod authorization;
mod caller;
mod faults;
mod finding;
mod hostile_names;
mod identity_endpoint;
mod listing;
mod payload;
mod replication;
mod requests;
mod revoking;
mod service_principals;
mod throttling;
