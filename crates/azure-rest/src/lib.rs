#![doc = include_str!("../README.md")]

pub mod arm;
pub mod call_error;
mod certificate_authorities;
pub mod claims;
pub mod client;
pub mod credential;
pub mod endpoints;
pub mod rest;
pub mod retry;
pub mod storage;
pub mod timing;
pub mod token;
