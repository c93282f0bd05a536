//! App Role Broker: grants app roles on Microsoft Graph with its own managed identity, if its policy
//! allows it.
//!
//! The rooms, from the outside inwards: [`config`] reads every setting once, [`wiring`] turns
//! settings into a [`broker::Broker`], [`app`] puts it behind the server that the Functions host
//! calls. [`host`] is the host's protocol and nothing else, [`triggers`] decode what each trigger
//! delivers and call one use case of [`broker`], which decides by [`domain`], asks [`arm`] who a
//! resource's identity is and writes through [`graph`]; [`storage`] is asked whether the record can be
//! kept. Everything remote goes through [`remote`].

pub mod app;
pub mod arm;
pub mod broker;
pub mod config;
pub mod domain;
pub mod graph;
pub mod host;
pub mod remote;
pub mod storage;
pub mod telemetry;
pub mod triggers;
pub mod wiring;

/// The version of this broker, as it appears in results and in the `User-Agent` header.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
