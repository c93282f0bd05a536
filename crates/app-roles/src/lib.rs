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
pub mod names;
pub mod outcome;
mod parsed_string;
pub mod plan;
pub mod policy;
pub mod privileged;
pub mod reconcile;
pub mod request;
pub mod requester;
pub mod resource_type;
pub mod result;
pub mod text;

/// The version of this broker, as it appears in results and in the `User-Agent` header.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
