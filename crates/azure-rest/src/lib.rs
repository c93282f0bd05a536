#![doc = include_str!("../README.md")]

pub mod arm;
mod audience;
pub mod body;
pub mod call_error;
mod certificate_authorities;
pub mod claims;
pub mod client;
pub mod credential;
pub mod endpoints;
mod identity_endpoint;
mod reader;
pub mod rest;
pub mod retry;
mod status;
pub mod storage;
pub mod timing;
pub mod token;
