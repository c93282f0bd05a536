//! Tests of the program `app-role`, against an emulated tenant.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod agents;
mod change;
mod command_line;
mod doctor;
mod documentation;
mod drift;
mod fake_arm;
mod fake_broker;
mod golden;
#[cfg(unix)]
mod hostile;
mod lists;
mod names;
mod partial_answers;
mod plan;
mod policy;
mod replay;
mod sign_in;
mod slow_clock;
mod submit;
#[cfg(unix)]
mod terminal;
mod transcript;
mod why;
mod world;
