//! The audit table that the broker writes.

mod audit;
mod record_lost;
mod telemetry;
mod telemetry_size;
