//! Removing an assignment.

use super::{
    look::Look,
    requests::{AssignmentRequests, Found},
    write::{NextStep, WriteOptions, Written, again},
};
use crate::{
    client::GraphResponse,
    error::{ErrorKind, GraphError},
};
use app_roles::{directory::Assignment, policy::Permit};
use azure_rest::retry::Attempt;

/// The removal of an assignment, across its attempts.
pub(super) struct RevokeWrite<'a> {
    requests: &'a AssignmentRequests,
    permit: &'a Permit,
    options: WriteOptions,
    target: Target,
    has_new_token: bool,
    /// Whether an earlier attempt may have removed it.
    may_be_ours: bool,
    /// Whether an attempt got no response, so that Graph may have committed it.
    lost_response: bool,
}

/// The assignment to remove.
pub(super) struct Target {
    pub(super) assignment: Assignment,
    /// Whether Graph's list has shown it. Otherwise only this process knows it.
    pub(super) was_listed: bool,
    /// What was read of it before the first attempt.
    pub(super) look: Look,
}

impl<'a> RevokeWrite<'a> {
    pub(super) fn new(
        requests: &'a AssignmentRequests,
        permit: &'a Permit,
        target: Target,
        options: WriteOptions,
    ) -> Self {
        Self {
            requests,
            permit,
            options,
            target,
            has_new_token: false,
            may_be_ours: false,
            lost_response: false,
        }
    }

    /// Removes the assignment by its id. If the response is lost, removing it again is safe, and more
    /// reliable than a list that may lag.
    pub(super) async fn attempt(&mut self) -> Attempt<Written, GraphError> {
        let target = &self.target.assignment;
        let error = match self.requests.remove(self.permit, target, &self.options).await {
            Ok(GraphResponse { request_id, .. }) => return Attempt::Done(self.revoked(request_id)),
            Err(error) if error.kind() == ErrorKind::AlreadyRevoked => {
                return Attempt::Done(self.is_gone());
            }
            Err(error) => error,
        };
        match self.options.after(error, &mut self.has_new_token) {
            NextStep::Retry { is_in_doubt, error } => {
                self.may_be_ours |= is_in_doubt;
                self.lost_response |= is_in_doubt;
                again(error)
            }
            NextStep::Read(error) => self.read(error).await,
            NextStep::Fail(error) => Attempt::Stop(error),
        }
    }

    /// Reads whether the refused removal succeeded.
    async fn read(&mut self, refusal: GraphError) -> Attempt<Written, GraphError> {
        match self.requests.find(self.permit, self.options.deadline).await {
            Ok(Found::Nothing) if self.target.was_listed => {
                self.may_be_ours = true;
                Attempt::Done(self.is_gone())
            }
            // Without the permission to write, the permission to read may be missing too.
            Ok(_) | Err(_) => Attempt::Stop(refusal),
        }
    }

    /// Whether an attempt got no response, so that Graph may have committed it.
    pub(super) fn lost_response(&self) -> bool {
        self.lost_response
    }

    fn is_gone(&self) -> Written {
        let was_gone = self.target.look == Look::Gone;
        if self.may_be_ours && !was_gone { self.revoked(None) } else { Written::AlreadyRevoked }
    }

    fn revoked(&self, request_id: Option<String>) -> Written {
        Written::Revoked(GraphResponse { body: self.target.assignment.clone(), request_id })
    }
}
