//! The audit table that the broker writes.

mod audit;
mod identity_endpoint_faults;
pub(crate) mod intents;
mod kills;
mod order;
mod settling;
pub(crate) mod table_faults;
mod table_faults_http;
mod telemetry;
mod telemetry_size;
