//! The turns to write to principals.

use app_roles::{ids::ObjectId, policy::Permit, requester::Requester};
use azure_rest::retry::Deadline;
use memory_cache::{KeyGuard, KeyedLock};
use shared_quota::priority::Priority;

use super::{
    known::{Fact, Known},
    memory::{Memory, key},
    requests::AssignmentRequests,
    write::Written,
};
use crate::{caller::Caller, client::GraphResponse, error::GraphError};

/// The turn to write to a principal, and what is known of its assignments. Requesters take turns.
pub(super) type PrincipalGuard = KeyGuard<Known, Requester>;

/// The turns to write to principals, and what all of them need.
pub(super) struct Turns {
    pub(super) requests: AssignmentRequests,
    pub(super) memory: Memory,
    /// The principals that are being written to. Graph answers 409 to concurrent writes on one object.
    principals: KeyedLock<ObjectId, Known, Requester>,
}

impl Turns {
    pub(super) fn new(requests: AssignmentRequests) -> Self {
        Self { requests, memory: Memory::new(), principals: KeyedLock::default() }
    }

    /// Waits for the turn to write to a principal.
    pub(super) async fn take(
        &self,
        principal: ObjectId,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<PrincipalGuard, GraphError> {
        if caller.priority == Priority::Low {
            // Waits before the turn, so that a waiting background write does not block other writes.
            self.requests.wait_for_capacity(caller, deadline).await?;
        }
        let turn = self.principals.lock_in_turn(principal, &caller.requester);
        let turn = tokio::time::timeout_at(deadline.moment(), turn).await;
        turn.map_err(|_| GraphError::principal_busy())
    }

    /// Remembers the outcome of a write.
    pub(super) fn remember(&self, permit: &Permit, written: &Written) -> Fact {
        match written {
            Written::Assigned(GraphResponse { body, .. }) => {
                self.memory.created(key(permit), body.clone());
                Fact::Held(Some(body.clone()))
            }
            Written::AlreadyAssigned(assignment) => {
                if let Some(assignment) = assignment {
                    self.memory.seen(key(permit), assignment);
                }
                Fact::Held(assignment.clone())
            }
            Written::Revoked(_) | Written::AlreadyRevoked => {
                self.memory.forget(&key(permit));
                Fact::Absent
            }
        }
    }
}
