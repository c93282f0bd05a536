//! The turns to write to principals.

use app_roles::ids::ObjectId;
use azure_rest::retry::Deadline;
use memory_cache::{KeyGuard, KeyedLock};

use super::{known::Known, memory::Memory, requests::AssignmentRequests};
use crate::{error::GraphError, priority::Priority};

/// The turns to write to principals, and what all of them need.
pub(super) struct Turns {
    pub(super) requests: AssignmentRequests,
    pub(super) memory: Memory,
    /// The principals that are being written to. Graph answers 409 to concurrent writes on one object.
    principals: KeyedLock<ObjectId, Known>,
}

impl Turns {
    pub(super) fn new(requests: AssignmentRequests) -> Self {
        Self { requests, memory: Memory::new(), principals: KeyedLock::default() }
    }

    /// Waits for the turn to write to a principal.
    pub(super) async fn take(
        &self,
        principal: ObjectId,
        priority: Priority,
        deadline: Deadline,
    ) -> Result<KeyGuard<Known>, GraphError> {
        if priority == Priority::Low {
            // Before the turn, so that a waiting background write does not keep others from writing.
            self.requests.wait_for_capacity(deadline).await?;
        }
        let guard = self.principals.lock_before(principal, deadline.moment()).await;
        guard.ok_or_else(GraphError::principal_busy)
    }
}
