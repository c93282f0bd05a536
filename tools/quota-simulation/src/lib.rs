#![doc = include_str!("../README.md")]

mod graph;
mod outcome;
mod scenario;
mod simulated;
mod world;

pub use graph::{MODELS, Model};
pub use outcome::Outcome;
pub use scenario::{Call, Jitter, Life, Outage, Scenario};
pub use world::run;
