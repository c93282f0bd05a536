//! `app-role`, run as an operator runs it, against an emulated tenant.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod change;
mod command_line;
mod doctor;
mod documentation;
mod drift;
mod fake_arm;
mod fake_broker;
mod golden;
mod late_server;
mod names;
mod plan;
mod policy;
mod reading;
mod replay;
mod sign_in;
mod submit;
mod transcript;
mod why;
mod world;
