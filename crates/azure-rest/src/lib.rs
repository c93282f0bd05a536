//! What every remote system needs: one HTTP client, tokens, deadlines, one retry loop.

pub mod arm;
mod authorities;
pub mod claims;
pub mod client;
pub mod credential;
pub mod endpoints;
pub mod retry;
pub mod storage;
pub mod timing;
pub mod token;
