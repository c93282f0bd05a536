//! The emulated Functions host, with a stub handler in Node.js and with Azurite. Tests assert on the final
//! state of queues and tables.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod admin;
mod app;
mod easy_auth;
mod event_grid;
mod http_output;
mod http_trigger;
mod invocation;
mod queue_listener;
mod settings;
mod table_output;
mod timer;
mod worker_process;
