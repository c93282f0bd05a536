//! The handler: an Azure Functions custom handler that grants app roles on Microsoft Graph with its own
//! managed identity, if its policy allows it.
//!
//! [`config`] reads every setting once, [`wiring`] makes a [`broker::Broker`] of the settings,
//! [`functions`] reads the function folders, and [`handler`] serves the Functions host. [`triggers`]
//! decode what a trigger delivers, ask the broker, and reply.

pub mod app;
pub mod config;
pub mod functions;
pub mod handler;
pub mod ignored_events;
pub mod parent;
pub mod telemetry;
pub mod triggers;
pub mod wiring;
