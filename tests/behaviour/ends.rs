//! Assignments with an end.

pub(crate) mod end_world;
mod grants;
mod instances;
mod kills;
mod obstacles;
mod overlap;
mod removals;
mod timer;
