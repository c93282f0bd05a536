//! What a host tells whoever started it.

use uuid::Uuid;

/// An invocation that is over, its message settled if there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedInvocation {
    /// The function's name.
    pub function: String,
    /// The id that the handler was told.
    pub invocation_id: Uuid,
    /// How it ended.
    pub outcome: Outcome,
    /// The message's id; `None` if no message started it.
    pub message_id: Option<String>,
    /// How often the message had been received; 0 if no message started it.
    pub dequeue_count: i64,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler answered and its outputs were written.
    Succeeded,
    /// It did not, for this reason.
    Failed(String),
    /// It took longer than `functionTimeout`; the handler was killed.
    TimedOut,
}

/// Why a host is no longer running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// [`FunctionsHost::stop`](super::FunctionsHost::stop) was called.
    Requested,
    /// The handler ended with errors too often. Azure would start the host again.
    TooManyWorkerErrors,
    /// An invocation waited for the handler in vain. Azure would start the host again.
    NotInitialized,
}
