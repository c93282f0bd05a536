#![doc = include_str!("../README.md")]

pub mod app;
pub mod cargo_build;
pub mod memory_samples;
pub mod process_memory;
