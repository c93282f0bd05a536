//! Microsoft Graph as it answers over HTTP: documented, unexpected, broken or hostile.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

mod faults;
mod hostile_graph;
mod missing_objects;
mod payloads;
mod server;
mod turns;
mod unreadable_answers;
mod unreadable_rows;
mod waiting;
mod writes;
