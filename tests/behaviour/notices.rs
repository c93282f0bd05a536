//! The events that the broker sends about its own work.

mod away;
mod changes;
mod ending;
mod notice_queue;
