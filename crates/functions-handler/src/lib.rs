#![doc = include_str!("../README.md")]

pub mod http_request;
pub mod http_response;
pub mod invocation;
pub mod reply;
pub mod server;
