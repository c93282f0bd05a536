//! What the broker knows without asking anybody: ids, requests, the policy, outcomes.
//!
//! Pure: no I/O, no clock, no async.

pub mod arm;
mod ascii_json;
pub mod assignment_list;
pub mod directory;
pub mod event;
pub mod failed_request;
pub mod ids;
pub mod mode;
pub mod names;
pub mod outcome;
pub mod pace;
mod parsed_string;
pub mod plan;
pub mod policy;
pub mod priority;
pub mod privileged;
pub mod reconcile;
pub mod request;
pub mod requester;
pub mod resource_type;
pub mod result;
pub mod text;
pub mod write_quota;
