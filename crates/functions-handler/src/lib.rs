#![doc = include_str!("../README.md")]

mod body;
mod call_ids;
pub mod http_request;
pub mod http_response;
pub mod invocation;
pub mod reply;
pub mod server;
