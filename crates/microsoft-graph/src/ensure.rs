//! Making an assignment exist, or not exist, whatever becomes of the answers.
//!
//! Neither write is idempotent on Graph's side, and an answer of failure may hide a success: a 504, a
//! connection that breaks, even a 403 has been seen for an assignment that was made. So a write is a
//! small state machine: **write**; if what came of it is in **doubt**, **read**; if the list does not
//! settle it, **write again**, until the deadline. "Already exists" and "not found" are successes.

mod assign;
mod revoke;

use assign::Assigning;
use revoke::Revoking;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    Answer, Graph,
    error::{ErrorKind, GraphError},
};
use crate::priority::Priority;
use app_roles::{directory::Assignment, policy::Permit, request::Action};
use azure_rest::retry::{Attempt, Deadline, retry};

/// What carrying out a permit came to.
#[derive(Debug)]
pub enum Done {
    /// This call created the assignment.
    Assigned(Answer<Assignment>),
    /// It stood already.
    AlreadyAssigned(Assignment),
    /// This call removed it. The body is the assignment that was.
    Revoked(Answer<Assignment>),
    /// It did not exist.
    AlreadyRevoked,
}

/// How much may be done for one write.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// By which name Graph and the log know it.
    pub client_request_id: Uuid,
    /// By when it must be done.
    pub deadline: Deadline,
    /// Until when to wait for Graph's replicas: one may not know a principal that another one knows, or
    /// not list an assignment that exists.
    pub replication: Deadline,
    /// Whether it goes before or after others.
    pub priority: Priority,
}

/// What a failed write leads to.
enum Next {
    /// Look first, at once: the error may hide a success.
    Look(GraphError),
    /// Write again later. In doubt, nobody knows whether this write took place.
    Later { in_doubt: bool, error: GraphError },
    /// Give up.
    End(GraphError),
}

impl Graph {
    /// Does what `permit` allows. `held` is what the principal held when that was decided; only
    /// revoking looks at it.
    pub async fn carry_out(
        &self,
        permit: &Permit,
        held: &[Assignment],
        effort: Effort,
    ) -> Result<Done, GraphError> {
        if effort.priority == Priority::Low {
            // Before it keeps somebody else from writing to the same principal.
            self.writes.lull(effort.deadline).await.ok_or_else(GraphError::held_back)?;
        }
        let turn = self.order.turn(permit.principal(), effort.deadline).await;
        let _turn = turn.ok_or_else(GraphError::other_writes)?;
        let done = match permit.action() {
            Action::Assign => self.ensure_assigned(permit, effort).await?,
            Action::Revoke => self.ensure_revoked(permit, held, effort).await?,
        };
        match &done {
            Done::Assigned(Answer { body, .. }) => self.recent.add(permit, body),
            Done::Revoked(_) | Done::AlreadyRevoked => self.recent.remove(permit),
            Done::AlreadyAssigned(_) => {}
        }
        Ok(done)
    }

    async fn ensure_assigned(&self, permit: &Permit, effort: Effort) -> Result<Done, GraphError> {
        let assigning = Mutex::new(Assigning::new(self, permit, effort));
        let name = "create the assignment";
        retry(name, &self.timing, effort.deadline, || async { assigning.lock().await.step().await })
            .await
    }

    async fn ensure_revoked(
        &self,
        permit: &Permit,
        held: &[Assignment],
        effort: Effort,
    ) -> Result<Done, GraphError> {
        let Some(revoking) = Revoking::new(self, permit, held, effort) else {
            return Ok(Done::AlreadyRevoked);
        };
        let (revoking, name) = (Mutex::new(revoking), "remove the assignment");
        retry(name, &self.timing, effort.deadline, || async { revoking.lock().await.step().await })
            .await
    }
}

impl Effort {
    /// What a write that failed leads to. `renewed` says whether a refused token was replaced before.
    fn after(&self, error: GraphError, renewed: &mut bool) -> Next {
        let in_doubt = error.kind() == ErrorKind::Unavailable;
        match error.kind() {
            ErrorKind::AlreadyAssigned | ErrorKind::Forbidden => Next::Look(error),
            ErrorKind::TokenRefused if !std::mem::replace(renewed, true) => {
                Next::Later { in_doubt, error }
            }
            ErrorKind::NotFound | ErrorKind::PrincipalNotFound
                if !self.replication.remaining().is_zero() =>
            {
                Next::Later { in_doubt, error }
            }
            _ if error.is_passing() => Next::Later { in_doubt, error },
            _ => Next::End(error),
        }
    }
}

/// Another try, when Graph allows it.
fn again(error: GraphError) -> Attempt<Done, GraphError> {
    // Waiting out a 429 is the business of the pace of writes, for all writes at once.
    let after = match error.kind() {
        ErrorKind::Throttled => None,
        _ => error.retry_after(),
    };
    Attempt::Again { after, error }
}
