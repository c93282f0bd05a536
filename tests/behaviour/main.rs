//! The handler's behaviour, seen from outside.

#![expect(clippy::unwrap_used, clippy::panic, reason = "so tests fail")]

mod architecture;
mod files_agree;
mod graph_payloads;
mod protocol;
mod start;
