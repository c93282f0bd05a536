//! The emulated tenant's behaviour, over HTTP.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml lets tests assert with these, but overlooks functions that tests share"
)]

mod arm;
mod assignments;
mod authorization;
mod caller;
mod faults;
mod finding;
mod hostile_names;
mod identity_endpoint;
mod inventory;
mod late_arrival;
mod ledger;
mod list_lag;
mod listing;
mod payload;
mod reading;
mod replication;
mod requests;
mod revoking;
mod seeded_faults;
mod service_principals;
mod storage_service;
mod throttling;
