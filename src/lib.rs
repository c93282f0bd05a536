//! App Role Broker: grants app roles on Microsoft Graph with its own managed identity, if its policy
//! allows it.
//!
//! [`config`] reads every setting once, [`wiring`] turns settings into a [`broker::Broker`], and [`app`]
//! puts it behind the server that the Functions host calls. [`triggers`] decode what each trigger
//! delivers and call one use case of the broker.

pub mod app;
pub mod config;
pub mod telemetry;
pub mod triggers;
pub mod wiring;
