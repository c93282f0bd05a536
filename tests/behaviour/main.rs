//! The handler's behaviour, seen from outside.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "so tests fail")]

mod architecture;
mod arm_payloads;
mod assign;
mod audit;
mod deliveries;
mod event_costs;
mod event_deliveries;
mod event_order;
mod event_payloads;
mod event_records;
mod events;
mod faults;
mod files_agree;
mod graph_payloads;
mod health;
mod host_payloads;
mod hostile;
mod hostile_events;
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
mod reconcile;
mod record_lost;
mod refusals;
mod replay;
mod resource_events;
mod start;
mod stopping;
mod throttling;
mod trouble;
mod world;
