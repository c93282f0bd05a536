//! The entry points. A trigger decodes what it delivers, calls a use case of the broker, and replies with
//! the outcome.

pub mod approvals;
mod delivery;
pub mod end_assignments;
pub mod events;
pub mod health;
pub mod http;
mod message;
pub mod queue;
mod replies;
mod sentences;
pub mod settle_intents;
pub mod timer;
