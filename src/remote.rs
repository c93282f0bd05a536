//! What every remote system needs: one HTTP client, tokens, deadlines, one retry loop.

mod authorities;
pub mod claims;
pub mod client;
pub mod credential;
pub mod retry;
pub mod token;
