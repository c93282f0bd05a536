#![doc = include_str!("../README.md")]

mod credential;
mod server;

pub use credential::FixedToken;
pub use server::{Answer, Request, answer, serve};
