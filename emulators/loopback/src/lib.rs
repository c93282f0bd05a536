#![doc = include_str!("../README.md")]

mod http_client;
mod port;
mod wait;

pub use http_client::{http_client_builder, http_client_builder_trusting};
pub use port::free_port;
pub use wait::{until, until_found, until_listening};
