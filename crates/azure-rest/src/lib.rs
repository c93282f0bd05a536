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
pub mod rest;
pub mod retry;
pub mod storage;
pub mod timing;
pub mod token;
