//! The emulated tenant's behaviour, over HTTP.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml lets tests assert with these, but overlooks functions that tests share"
)]

mod annotations;
mod arm;
mod assigned_to;
mod assignments;
mod authorization;
mod caller;
mod directory_audits;
mod faults;
mod filtering_assignments;
mod finding;
mod hostile_names;
mod identity_endpoint;
mod inventory;
mod late_arrival;
mod ledger;
mod list_lag;
mod listing;
mod official_clients;
mod payload;
mod reading;
mod replication;
mod requests;
mod revoking;
mod sdk_requests;
mod seeded_faults;
mod service_principals;
mod storage_service;
mod throttling;
