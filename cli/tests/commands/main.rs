//! Tests of the program `app-role`, against an emulated tenant.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod agents;
mod approvals;
#[cfg(unix)]
mod approvals_page;
#[cfg(unix)]
mod archive;
mod broken_answers;
mod change;
mod change_policy;
#[cfg(unix)]
mod cli_page;
mod command_line;
mod contexts;
#[cfg(unix)]
mod demo_world;
mod denied_by_graph;
mod doctor;
mod documentation;
mod drift;
mod ends;
mod fake_approvals;
mod fake_arm;
mod fake_broker;
mod fake_queue_broker;
mod fake_reading;
mod formats;
mod golden;
mod history;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod hostile_world;
#[cfg(unix)]
mod interrupted;
mod lists;
mod lost_answers;
mod manual;
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
#[cfg(unix)]
mod progress;
mod proxy;
mod record;
mod replay;
mod replay_endings;
mod report;
mod rude_server;
#[cfg(unix)]
mod shells;
mod sign_in;
mod slow_clock;
mod storage_accounts;
mod submit;
mod submit_by_queue;
mod submit_file;
#[cfg(unix)]
mod terminal;
mod through_broker;
mod time_limit;
mod transcript;
mod verbose;
mod whoami;
mod why;
mod world;
