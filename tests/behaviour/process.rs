//! The process of the handler: start, stop, health, TLS, and faults around it.

mod broken_log;
mod container;
pub(crate) mod deployed;
mod encrypted;
mod health;
mod orphan;
mod start;
mod stopping;
mod trouble;
