//! Simulated instances share one quota, whatever happens to them and to storage.

mod burst;
mod lives;
mod never_exceeded;
mod outages;
mod scenarios;
