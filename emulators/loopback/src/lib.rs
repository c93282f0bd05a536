#![doc = include_str!("../README.md")]

mod http_client;
mod port;

pub use http_client::http_client_builder;
pub use port::free_port;
