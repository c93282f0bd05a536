//! The demo as its reader meets it: what it prints, what it endures, and the pages of docs that are walks
//! through it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod http_page;
mod output;
mod own_policy;
mod paper;
mod program;
mod story;
