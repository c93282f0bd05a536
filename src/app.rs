//! The state that all triggers share.

use broker::{Broker, WatchedQueue, timing::Timing};

use crate::ignored_events::IgnoredEvents;

/// What every trigger works with: the broker, and what the settings and the host's files say.
pub struct App {
    /// The use cases.
    pub broker: Broker,
    /// How often the host delivers a message before it gives up.
    pub max_dequeue_count: u32,
    /// Whether App Service Authentication protects the app.
    pub easy_auth: bool,
    /// How long to work and wait.
    pub timing: Timing,
    /// The queues of all functions.
    pub queues: Vec<WatchedQueue>,
    /// Whether a function folder has a fault.
    pub has_faulty_function: bool,
    /// Counts the events that the broker ignores.
    pub ignored_events: IgnoredEvents,
}
