//! Tests of the program `app-role`, against an emulated tenant.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod agents;
mod approvals;
mod change;
mod command_line;
mod contexts;
mod doctor;
mod documentation;
mod drift;
mod ends;
mod fake_approvals;
mod fake_arm;
mod fake_broker;
mod fake_queue_broker;
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
mod proxy;
mod record;
mod replay;
mod report;
mod sign_in;
mod slow_clock;
mod storage_accounts;
mod submit;
mod submit_by_queue;
mod submit_file;
#[cfg(unix)]
mod terminal;
mod time_limit;
mod transcript;
mod verbose;
mod whoami;
mod why;
mod world;
