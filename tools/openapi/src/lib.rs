#![doc = include_str!("../README.md")]

mod components;
pub mod document;
mod earlier_version;
mod optional_members;
