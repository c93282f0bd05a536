//! The stand-in for the Functions host, and Azurite under it, from outside: a handler that is a small
//! Node.js script, real queues, and assertions on what the queues hold in the end.

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
