//! The clients of tables and queues against Azurite, with keys and with tokens.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "so tests fail")]

mod accounts;
mod entities;
mod lost_answers;
mod queues;
mod relay;
