#![doc = include_str!("../README.md")]

mod approval;
pub mod demo;
mod ended;
pub mod http_call;
pub mod local_azure;
mod new_identity;
pub mod persons;
pub mod ports;
pub mod practice_folder;
mod queue_requests;
mod report;
pub mod results;
pub mod running;
pub mod screen;
pub mod second_terminal;
pub mod walk;
