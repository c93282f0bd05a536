#![doc = include_str!("../README.md")]

pub mod app;
mod app_settings;
pub mod file_fault;
pub mod function_json;
pub mod host_json;
pub mod use_case;

pub use app_settings::AppSettings;
pub use file_fault::FileFault;
