//! The common part of creating and removing an assignment.
//!
//! Neither write is idempotent at Graph, and an error response may hide a success: a 504, a broken
//! connection, and even a 403 have been seen for assignments that were created. So a write is a small
//! state machine: **write**; if the outcome is **in doubt**, **read**; if the list does not show the
//! outcome, **write again**, until the deadline. "Already exists" and "not found" are successes.

use uuid::Uuid;

use crate::{
    caller::Caller,
    client::GraphResponse,
    error::{ErrorKind, GraphError},
};
use app_roles::directory::Assignment;
use azure_rest::{
    rest::ServiceError,
    retry::{Attempt, Deadline},
};

/// The outcome of a successful write.
#[derive(Debug)]
pub enum Written {
    /// This write created the assignment.
    Assigned(GraphResponse<Assignment>),
    /// The assignment existed before. `None` if Graph says so, and its list has an assignment that cannot
    /// be read.
    AlreadyAssigned(Option<Assignment>),
    /// This write removed the assignment. The body is the removed assignment.
    Revoked(GraphResponse<Assignment>),
    /// The assignment did not exist.
    AlreadyRevoked,
}

impl Written {
    /// Whether the outcome is only inferred: the write got no answer, and afterwards the assignment existed
    /// or was gone.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        let (Self::Assigned(response) | Self::Revoked(response)) = self else { return false };
        response.request_id.is_none()
    }
}

/// The limits and the identification of a write.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// The id of the write in Graph's logs.
    pub client_request_id: Uuid,
    /// The latest time for the outcome of the write.
    pub deadline: Deadline,
    /// The time until which to wait for Graph's replicas. A replica may not know a new principal yet, or
    /// not list a new assignment.
    pub replication_deadline: Deadline,
    /// The caller, whose turn the write waits for.
    pub caller: Caller,
}

/// The next step after a failed write.
pub(super) enum NextStep {
    /// Read the assignments now: the error may hide a success.
    Read(GraphError),
    /// Write again later. `is_in_doubt` says whether the failed write may have succeeded.
    Retry { is_in_doubt: bool, error: GraphError },
    /// Return the error.
    Fail(GraphError),
}

impl WriteOptions {
    /// Whether a write may still wait for Graph's replicas.
    pub(super) fn waits_for_replicas(&self) -> bool {
        !self.replication_deadline.remaining().is_zero()
    }

    /// Decides what follows a failed write. A refused token is replaced once, which `has_new_token`
    /// keeps track of.
    pub(super) fn after(&self, error: GraphError, has_new_token: &mut bool) -> NextStep {
        // An unreadable answer belongs to a write that was accepted.
        let is_unreadable = error.kind() == ErrorKind::Unreadable;
        let is_in_doubt = error.kind() == ErrorKind::Unavailable || is_unreadable;
        match error.kind() {
            ErrorKind::AlreadyAssigned | ErrorKind::Forbidden | ErrorKind::NotForAgents => {
                NextStep::Read(error)
            }
            ErrorKind::Unknown if !error.is_transient() => NextStep::Read(error),
            ErrorKind::TokenRefused if !std::mem::replace(has_new_token, true) => {
                NextStep::Retry { is_in_doubt, error }
            }
            ErrorKind::NotFound | ErrorKind::PrincipalNotFound if self.waits_for_replicas() => {
                NextStep::Retry { is_in_doubt, error }
            }
            _ if error.is_transient() || is_unreadable => NextStep::Retry { is_in_doubt, error },
            _ => NextStep::Fail(error),
        }
    }
}

/// A retry after `error`.
pub(super) fn again(error: GraphError) -> Attempt<Written, GraphError> {
    // After a 429, the rate limiter makes all writes wait.
    let after = match error.kind() {
        ErrorKind::Throttled => None,
        _ => error.retry_after(),
    };
    Attempt::Again { after, error }
}
