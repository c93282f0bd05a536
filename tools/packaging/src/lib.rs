#![doc = include_str!("../README.md")]

pub mod bill_of_materials;
pub mod contents;
pub mod root_file_system;
pub mod zip_file;
