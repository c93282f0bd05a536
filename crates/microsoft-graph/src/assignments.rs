//! The assignments of app roles: listing them, and creating or removing one.

mod assign;
mod holders;
mod known;
mod look;
mod memory;
mod requests;
mod revoke;
mod turn;
mod turns;
mod write;

use std::sync::Arc;

use crate::{
    caller::Caller, client::GraphClient, error::GraphError, odata::Key, pages::Listed,
    rate_limiter::WriteRateLimiter,
};
use app_roles::{
    directory::{Api, Assignment, Principal},
    held::HeldAssignments,
    ids::ObjectId,
    policy::Permit,
};
use azure_rest::retry::Deadline;
pub use holders::NamedHolder;
pub use look::{Look, Removable};
use record::intent::Intent;
use requests::{AssignmentRequests, Found};
pub use turn::Turn;
use turns::Turns;
pub use write::{WriteOptions, Written};

/// The assignments of a tenant.
pub struct Assignments {
    turns: Turns,
}

impl Assignments {
    pub(crate) fn new(client: Arc<GraphClient>, limiter: WriteRateLimiter) -> Self {
        Self { turns: Turns::new(AssignmentRequests::new(client, limiter)) }
    }

    /// Lists the assignments of a principal, on all APIs.
    pub async fn list(
        &self,
        principal: &Principal,
        deadline: Deadline,
    ) -> Result<HeldAssignments, GraphError> {
        let by_client_id = principal.client_id.filter(|_| principal.by_client_id).map(Key::AppId);
        let key = by_client_id.unwrap_or(Key::ObjectId(principal.object_id));
        self.turns.requests.list(key, deadline).await
    }

    /// Lists the assignments of the principal with this object id, on all APIs.
    pub async fn list_by_object_id(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<HeldAssignments, GraphError> {
        self.turns.requests.list(Key::ObjectId(principal), deadline).await
    }

    /// Remembers listed assignments of a principal. A request to create one of them then reads before it
    /// writes.
    pub fn expect<'a>(&self, principal: ObjectId, listed: impl Iterator<Item = &'a Assignment>) {
        for one in listed {
            self.turns.memory.seen((principal, one.api, one.role), one);
        }
    }

    /// Lists the users, groups and service principals that hold a role of an API.
    pub async fn list_holders(
        &self,
        api: &Api,
        deadline: Deadline,
    ) -> Result<Listed<NamedHolder>, GraphError> {
        self.turns.requests.list_holders(api.object_id, deadline).await
    }

    /// The assignment of a permit, if Graph lists it. An error can also mean that the list contains an
    /// unreadable assignment, which may be this one.
    pub async fn find(
        &self,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Option<Assignment>, GraphError> {
        match self.turns.requests.find(permit, deadline).await? {
            Found::Assignment(assignment) => Ok(Some(assignment)),
            Found::Nothing => Ok(None),
            Found::Unclear => Err(GraphError::unclear_assignment()),
        }
    }

    /// Prevents all writes that have not been sent yet. Writes in progress are finished.
    pub fn stop_writes(&self) {
        self.turns.requests.stop_writes();
    }

    /// Waits for a turn to write to a principal. Graph refuses concurrent writes to one principal.
    /// Requesters that wait for one principal take turns.
    ///
    /// The error means that the deadline passed first.
    pub async fn turn(
        &self,
        principal: ObjectId,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Turn<'_>, GraphError> {
        Turn::take(&self.turns, principal, caller, deadline).await
    }

    /// Creates or removes the assignment whose intent is on record, in a turn of its own.
    ///
    /// `held` are the principal's assignments at the time of the decision. Only a revocation uses them.
    pub async fn write(
        &self,
        intent: &Intent,
        held: &HeldAssignments,
        options: WriteOptions,
    ) -> Result<Written, GraphError> {
        let permit = intent.permit();
        let mut turn = self.turn(permit.principal(), &options.caller, options.deadline).await?;
        match turn.without_write(permit, held, &options).await? {
            Some(done) => Ok(done),
            None => turn.write(intent, held, options).await,
        }
    }
}
