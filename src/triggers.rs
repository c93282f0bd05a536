//! From what a trigger delivers to a use case of the broker, and from its outcome to a reply.

mod delivery;
pub mod events;
pub mod health;
pub mod http;
mod message;
pub mod queue;
mod replies;
mod sentences;
pub mod timer;
