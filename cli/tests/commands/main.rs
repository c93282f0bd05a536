//! Tests of the program `app-role`, against an emulated tenant.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod agents;
mod approvals;
mod broken_answers;
mod change;
mod command_line;
mod doctor;
mod documentation;
mod drift;
mod ends;
mod fake_approvals;
mod fake_arm;
mod fake_broker;
mod formats;
mod golden;
#[cfg(unix)]
mod hostile;
mod lists;
mod names;
mod partial_answers;
mod plan;
mod policy;
mod policy_check;
mod policy_diff;
mod policy_explain;
mod policy_in_force;
mod policy_init;
mod policy_test;
mod record;
mod replay;
mod report;
mod sign_in;
mod slow_clock;
mod submit;
#[cfg(unix)]
mod terminal;
mod transcript;
mod why;
mod world;
