//! Making an assignment not exist.

use super::{Done, Effort, Next, again};
use crate::{
    Answer, Graph,
    assignments::is_of,
    error::{ErrorKind, GraphError},
};
use app_roles::{directory::Assignment, policy::Permit};
use azure_rest::retry::Attempt;

/// An assignment on its way out.
pub(super) struct Revoking<'a> {
    graph: &'a Graph,
    permit: &'a Permit,
    effort: Effort,
    assignment: Assignment,
    /// Whether Graph's list has shown it; otherwise only this process knows of it.
    was_listed: bool,
    renewed: bool,
    /// Whether an earlier try of ours may have removed it.
    may_be_ours: bool,
}

impl<'a> Revoking<'a> {
    /// Something to remove, unless neither the list nor this process knows of it.
    pub(super) fn new(
        graph: &'a Graph,
        permit: &'a Permit,
        held: &[Assignment],
        effort: Effort,
    ) -> Option<Self> {
        // What this process has made since is newer than the list.
        let made = graph.recent.get(permit);
        let was_listed = made.is_none();
        let assignment = made.or_else(|| held.iter().find(|one| is_of(one, permit)).cloned())?;
        let (renewed, may_be_ours) = (false, false);
        Some(Self { graph, permit, effort, assignment, was_listed, renewed, may_be_ours })
    }

    /// Removes it by its id. To remove it again when the answer was lost is safe, and says more than
    /// a list that may lag.
    pub(super) async fn step(&mut self) -> Attempt<Done, GraphError> {
        let removed = self.graph.remove(self.permit, &self.assignment, self.effort).await;
        let error = match removed {
            Ok(Answer { request_id, .. }) => return Attempt::Done(self.revoked(request_id)),
            Err(error) if error.kind() == ErrorKind::AlreadyRevoked => {
                return Attempt::Done(self.is_gone());
            }
            Err(error) => error,
        };
        match self.effort.after(error, &mut self.renewed) {
            Next::Later { in_doubt, error } => {
                self.may_be_ours |= in_doubt;
                again(error)
            }
            Next::Look(error) => self.look(error).await,
            Next::End(error) => Attempt::Stop(error),
        }
    }

    /// A refusal may hide a success.
    async fn look(&mut self, refusal: GraphError) -> Attempt<Done, GraphError> {
        match self.graph.listed(self.permit, self.effort.deadline).await {
            Ok(None) if self.was_listed => {
                self.may_be_ours = true;
                Attempt::Done(self.is_gone())
            }
            // Whoever may not write may not be able to read either.
            Ok(_) | Err(_) => Attempt::Stop(refusal),
        }
    }

    fn is_gone(&self) -> Done {
        if self.may_be_ours { self.revoked(None) } else { Done::AlreadyRevoked }
    }

    fn revoked(&self, request_id: Option<String>) -> Done {
        Done::Revoked(Answer { body: self.assignment.clone(), request_id })
    }
}
