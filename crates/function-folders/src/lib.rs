#![doc = include_str!("../README.md")]

pub mod app;
pub mod file_fault;
pub mod function_json;
pub mod host_json;
pub mod use_case;

pub use file_fault::{FileFault, Lookup};
