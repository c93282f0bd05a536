//! The outcomes of invocations and of a host.

use uuid::Uuid;

/// A finished invocation, whose message, if any, is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedInvocation {
    /// The function's name.
    pub function: String,
    /// The id that the handler received.
    pub invocation_id: Uuid,
    /// The outcome.
    pub outcome: Outcome,
    /// The id of the queue message; `None` for other triggers.
    pub message_id: Option<String>,
    /// The number of deliveries of the message; 0 for other triggers.
    pub dequeue_count: i64,
}

/// The outcome of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler replied and its outputs were written.
    Succeeded,
    /// The handler did not reply, its reply was invalid, or an output failed, for this reason.
    Failed(String),
}

/// Why a host stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// [`FunctionsHost::stop`](crate::FunctionsHost::stop) was called.
    Requested,
    /// The handler failed too often. Azure would restart the host.
    TooManyWorkerErrors,
    /// An invocation waited too long for the handler to start. Azure would restart the host.
    NotInitialized,
}
