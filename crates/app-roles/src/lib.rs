#![doc = include_str!("../README.md")]

pub mod approval;
pub mod approval_decision;
pub mod approval_view;
pub mod arm;
pub mod assignment_list;
pub mod baseline_role;
pub mod cloud_event;
pub mod code;
pub mod directory;
pub mod duration;
pub mod end;
pub mod event;
pub mod failed_request;
pub mod held;
pub mod ids;
mod json;
mod json_fault;
pub mod names;
pub mod outcome;
pub mod policy;
pub mod privileged;
pub mod reconcile;
pub mod request;
pub mod requester;
pub mod resource_type;
pub mod result;
#[cfg(any(test, feature = "schema"))]
pub mod schema;
mod sha256;
pub mod text;

/// The broker's version, as results and the `User-Agent` header state it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
