//! The handler's behaviour, seen from outside.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod architecture;
mod assign;
mod audit;
mod deliveries;
mod faults;
mod files_agree;
mod graph_payloads;
mod health;
mod host_payloads;
mod hostile;
mod http;
mod http_caller;
mod http_hostile;
mod http_reading;
mod http_record;
mod http_requesters;
mod http_trouble;
mod log_events;
mod lost_answers;
mod names;
mod other_clients;
mod protocol;
mod record_lost;
mod refusals;
mod replay;
mod start;
mod stopping;
mod throttling;
mod trouble;
mod world;
