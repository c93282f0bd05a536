//! From what a trigger delivers to a use case of the broker, and from its outcome to a reply.

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
