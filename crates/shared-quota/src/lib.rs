#![doc = include_str!("../README.md")]

mod allowance;
pub mod budget;
mod claim;
mod demand;
pub mod exchange;
mod fair;
mod grid;
pub mod instance;
mod pace;
mod plan;
pub mod priority;
mod proposal;
pub mod row;
pub mod share;
pub mod timing;
pub mod transaction;
pub mod turn;
mod view;
pub mod write_quota;
