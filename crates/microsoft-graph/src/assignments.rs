//! The assignments of app roles: listing them, and creating or removing one.

mod assign;
mod holders;
mod requests;
mod revoke;
mod write;

use std::{sync::Arc, time::Duration};

use crate::{
    client::{GraphClient, GraphResponse},
    error::GraphError,
    odata::Key,
    pages::Listed,
    priority::Priority,
    write_quota::WriteQuota,
};
use app_roles::{
    directory::{Api, Assignment, Principal},
    held::{HeldAssignments, Holding},
    ids::{AppRoleId, ObjectId},
    policy::Permit,
    request::Action,
};
use assign::AssignWrite;
use azure_rest::retry::{Backoff, Deadline};
pub use holders::NamedHolder;
use memory_cache::{KeyedLock, TimedCache};
use requests::{AssignmentRequests, Found};
use revoke::{RevokeWrite, Target};
pub use write::{WriteOptions, Written};

/// How long Graph's lists may lag behind writes. 30 to 60 seconds have been reported for new
/// assignments; this is twice as long.
const REPLICA_LAG: Duration = Duration::from_secs(120);

/// The number of new assignments that are remembered: more than the documented quota allows in that
/// time.
const MAX_RECENT: usize = 4096;

/// Principal, API and role.
type AssignmentKey = (ObjectId, ObjectId, AppRoleId);

/// The assignments of a tenant.
pub struct Assignments {
    requests: AssignmentRequests,
    /// The principals that are being written to. Graph answers 409 to concurrent writes on one object.
    principals: KeyedLock<ObjectId>,
    /// Assignments that this process has created. A requester who revokes a new role must not be told
    /// that there is nothing to revoke, only because Graph does not list it yet.
    recent: TimedCache<AssignmentKey, Assignment>,
}

impl Assignments {
    pub(crate) fn new(client: Arc<GraphClient>, quota: WriteQuota) -> Self {
        Self {
            requests: AssignmentRequests::new(client, quota),
            principals: KeyedLock::default(),
            recent: TimedCache::new(MAX_RECENT),
        }
    }

    /// Lists the assignments of a principal, on all APIs.
    pub async fn list(
        &self,
        principal: &Principal,
        deadline: Deadline,
    ) -> Result<HeldAssignments, GraphError> {
        let by_client_id = principal.client_id.filter(|_| principal.by_client_id).map(Key::AppId);
        let key = by_client_id.unwrap_or(Key::ObjectId(principal.object_id));
        self.requests.list(key, deadline).await
    }

    /// Lists the assignments of the principal with this object id, on all APIs.
    pub async fn list_by_object_id(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<HeldAssignments, GraphError> {
        self.requests.list(Key::ObjectId(principal), deadline).await
    }

    /// Lists the users, groups and service principals that hold a role of an API.
    pub async fn list_holders(
        &self,
        api: &Api,
        deadline: Deadline,
    ) -> Result<Listed<NamedHolder>, GraphError> {
        self.requests.list_holders(api.object_id, deadline).await
    }

    /// The assignment that a permit is about, if Graph lists it. An error also means that the list has an
    /// assignment that cannot be read and may be the one.
    pub async fn find(
        &self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Option<Assignment>, GraphError> {
        match self.requests.find(permit, deadline).await? {
            Found::Assignment(assignment) => Ok(Some(assignment)),
            Found::Nothing => Ok(None),
            Found::Unclear => Err(GraphError::unclear_assignment()),
        }
    }

    /// Sends no write from now on that has not been sent yet. Writes in progress are finished.
    pub fn stop_writes(&self) {
        self.requests.stop_writes();
    }

    /// Creates or removes the assignment that `permit` allows.
    ///
    /// `held` are the principal's assignments at the time of the decision. Only a revocation uses them.
    pub async fn write(
        &self,
        permit: &Permit,
        held: &HeldAssignments,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        if options.priority == Priority::Low {
            // Before the lock, so that a waiting background write does not block other writes.
            self.requests.wait_for_capacity(options.deadline).await?;
        }
        let lock = self.principals.lock_before(permit.principal(), options.deadline.moment());
        let _lock = lock.await.ok_or_else(GraphError::principal_busy)?;
        let written = match permit.action() {
            Action::Assign => self.assign(permit, options).await?,
            Action::Revoke => self.revoke(permit, held, options).await?,
        };
        self.update_recent(permit, &written);
        Ok(written)
    }

    async fn assign(&self, permit: &Permit, options: WriteOptions) -> Result<Written, GraphError> {
        let mut write = AssignWrite::new(&self.requests, permit, options);
        let mut backoff = self.backoff("create the assignment", options.deadline);
        loop {
            if let Some(result) = backoff.after(write.attempt().await).await {
                return result.map_err(|error| error.in_doubt(write.lost_response()));
            }
        }
    }

    async fn revoke(
        &self,
        permit: &Permit,
        held: &HeldAssignments,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        // What this process has written since is newer than the list.
        let recent = self.recent.get(&key(permit), REPLICA_LAG);
        let was_listed = recent.is_none();
        let assignment = match (recent, held.holding(permit.api(), permit.role())) {
            (Some(assignment), _) => assignment,
            (None, Holding::Held(assignment)) => assignment.clone(),
            (None, Holding::NotHeld) => return Ok(Written::AlreadyRevoked),
            // "Already revoked" could be untrue.
            (None, Holding::Unclear) => return Err(GraphError::unclear_assignment()),
        };
        let target = Target { assignment, was_listed };
        let mut write = RevokeWrite::new(&self.requests, permit, target, options);
        let mut backoff = self.backoff("remove the assignment", options.deadline);
        loop {
            if let Some(result) = backoff.after(write.attempt().await).await {
                return result.map_err(|error| error.in_doubt(write.lost_response()));
            }
        }
    }

    fn backoff(&self, operation: &'static str, deadline: Deadline) -> Backoff {
        Backoff::new(operation, self.requests.timing(), deadline)
    }

    fn update_recent(&self, permit: &Permit, written: &Written) {
        match written {
            Written::Assigned(GraphResponse { body, .. }) => {
                self.recent.insert(key(permit), body.clone());
            }
            Written::Revoked(_) | Written::AlreadyRevoked => self.recent.remove(&key(permit)),
            Written::AlreadyAssigned(_) => {}
        }
    }
}

fn key(permit: &Permit) -> AssignmentKey {
    (permit.principal(), permit.api(), permit.role())
}
