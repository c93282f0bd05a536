//! The alerts, evaluated as `infra/modules/alerts.bicep` wires them: query, window, frequency, threshold, and
//! the time that rows take to arrive.

mod faults;
mod log;
mod log_events;
mod one_request;
mod open_ends;
mod quiet_day;
mod rule;
mod runbook;
mod times;
mod wiring;
mod writes;
