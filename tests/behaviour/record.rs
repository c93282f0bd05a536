//! The audit table that the broker writes.

mod audit;
mod record_lost;
mod table_faults;
mod telemetry;
mod telemetry_size;
