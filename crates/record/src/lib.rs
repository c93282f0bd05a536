#![doc = include_str!("../README.md")]

pub mod approval_record;
pub mod approvals;
pub mod ends;
pub mod instances;
pub mod intent;
mod long_text;
pub mod message_changes;
pub mod open_intents;
pub mod record;
pub mod settlement;
pub mod write_counts;
