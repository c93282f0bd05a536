#![doc = include_str!("../README.md")]

pub mod arm;
mod audience;
pub mod body;
pub mod call_error;
mod certificate_authorities;
pub mod claims;
pub mod client;
pub mod connection_string;
pub mod credential;
pub mod endpoints;
mod exchange;
mod identity_endpoint;
mod presence;
pub mod queues;
mod reader;
pub mod reason;
pub mod rest;
pub mod retry;
pub mod shared_key;
pub mod status;
pub mod storage;
mod storage_access;
pub mod tables;
pub mod timing;
pub mod token;
pub mod traffic;
