//! Writes permitted changes to Microsoft Graph, one role after another.

use std::sync::Arc;

use app_roles::{
    held::Holding,
    outcome::{RoleOutcome, Status},
    policy::Permit,
    request::Action,
};
use azure_rest::retry::Deadline;
use microsoft_graph::{
    Graph, GraphResponse,
    assignments::{Turn, WriteOptions, Written},
    error::{ErrorKind, GraphError},
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    answer::Answer,
    ask::{Ask, IfFailed},
    decide::{Permitted, not_attempted},
    directory::{Directory, Target},
    recorder::Recorder,
    stop::may_pass,
};

/// Writes what was permitted to Microsoft Graph.
pub(crate) struct Writer {
    graph: Arc<Graph>,
    directory: Arc<Directory>,
    recorder: Arc<Recorder>,
}

/// How a series of writes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Every role was written, or has failed finally.
    Complete,
    /// Every role was written, and the list of Microsoft Graph does not show all of them yet.
    NotListedYet,
    /// A role met an obstacle that the roles after it would meet, too.
    Obstacle,
}

impl Writer {
    pub(crate) fn new(
        graph: Arc<Graph>,
        directory: Arc<Directory>,
        recorder: Arc<Recorder>,
    ) -> Self {
        Self { graph, directory, recorder }
    }

    /// Writes one role after another, because Microsoft Graph refuses concurrent writes to one
    /// principal. After an obstacle, the other roles are not attempted.
    pub(crate) async fn write(
        &self,
        ask: &Ask,
        target: &Target,
        permitted: Vec<Permitted>,
    ) -> (Vec<RoleOutcome>, End) {
        let (mut roles, mut end, mut turn) = (Vec::new(), End::Complete, None);
        for one in permitted {
            if end == End::Obstacle {
                roles.push(not_attempted(one.outcome));
                continue;
            }
            let (outcome, this) = self.write_one(ask, target, &mut turn, one).await;
            roles.push(outcome);
            if this != End::Complete {
                end = this;
            }
        }
        (roles, end)
    }

    /// Writes a role, if a write is necessary. All roles of a request share one turn.
    async fn write_one<'a>(
        &'a self,
        ask: &Ask,
        target: &Target,
        turn: &mut Option<Turn<'a>>,
        Permitted { permit, outcome }: Permitted,
    ) -> (RoleOutcome, End) {
        // A read costs no quota for writes. Before a redelivery writes, it knows what is held.
        if permit.action() == Action::Assign
            && let Some(existing) = target.held_assignment(&permit)
        {
            let outcome = RoleOutcome { status: Status::AlreadyAssigned, ..outcome };
            return (outcome.with_assignment(existing.clone()), End::Complete);
        }
        let options = WriteOptions {
            client_request_id: Uuid::new_v4(),
            deadline: ask.deadline,
            replication_deadline: self.directory.replication_deadline(ask),
            priority: ask.priority,
        };
        let turn = match self.turn(ask, target, turn).await {
            Ok(turn) => turn,
            Err(error) => return self.failed(ask, target, Permitted { permit, outcome }, error),
        };
        match turn.without_write(&permit, &target.held, &options).await {
            Ok(Some(done)) => return (written(done, outcome), End::Complete),
            Ok(None) => {}
            Err(error) => return self.failed(ask, target, Permitted { permit, outcome }, error),
        }
        if let Err(failure) = self.recorder.check_available().await {
            return (outcome.with_failure(failure), End::Obstacle);
        }
        if let Err(failure) = self.recorder.intend(ask, &permit, options.client_request_id) {
            return (outcome.with_failure(failure), End::Obstacle);
        }
        match turn.write(&permit, &target.held, options).await {
            Ok(done) => (written(done, outcome), End::Complete),
            Err(error) => self.failed(ask, target, Permitted { permit, outcome }, error),
        }
    }

    /// The turn of a request. It is taken for the first role that needs it.
    async fn turn<'a, 'b>(
        &'a self,
        ask: &Ask,
        target: &Target,
        turn: &'b mut Option<Turn<'a>>,
    ) -> Result<&'b mut Turn<'a>, GraphError> {
        if let Some(turn) = turn {
            return Ok(turn);
        }
        let principal = target.principal.object_id;
        let taken = self.graph.assignments().turn(principal, ask.priority, ask.deadline).await?;
        Ok(turn.insert(taken))
    }

    /// The outcome of a role that could not be read or written.
    fn failed(
        &self,
        ask: &Ask,
        target: &Target,
        Permitted { permit, outcome }: Permitted,
        error: GraphError,
    ) -> (RoleOutcome, End) {
        let may_pass = may_pass(&error);
        if error.is_in_doubt() {
            self.settle_later(ask, permit);
            return (unknown(outcome, error), End::Obstacle);
        }
        match error.kind() {
            ErrorKind::AlreadyAssigned => {
                let outcome = RoleOutcome { status: Status::AlreadyAssigned, ..outcome };
                let message = "the assignment exists; Microsoft Graph does not list it yet";
                return (outcome.with_message(message), End::NotListedYet);
            }
            ErrorKind::ApiNotFound | ErrorKind::RoleNotFound => {
                self.graph.service_principals().forget_api(&target.api_name);
                let outcome = outcome.with_failure(error.into_failure());
                return (RoleOutcome { status: Status::NotFound, ..outcome }, End::Complete);
            }
            _ => {}
        }
        let end = if may_pass { End::Obstacle } else { End::Complete };
        (outcome.with_failure(error.into_failure()), end)
    }
}

impl Writer {
    /// Reads the outcome of an unanswered write after a while, and logs it. A message that is delivered
    /// again needs no such look: the next delivery begins with it.
    fn settle_later(&self, ask: &Ask, permit: Permit) {
        if ask.delivery.if_failed == IfFailed::Redelivered {
            return;
        }
        let (graph, recorder, ask) = (self.graph.clone(), self.recorder.clone(), ask.clone());
        let timing = self.directory.timing().clone();
        let look = async move {
            // The list of Microsoft Graph lags for up to two minutes.
            tokio::time::sleep(timing.settle_unknown).await;
            let deadline = Deadline::after(timing.queue_message);
            let found = graph.assignments().find(&permit, deadline).await;
            recorder.log_settled(&ask, &permit, found.map(|found| found.is_some()));
        };
        tokio::spawn(look.in_current_span());
    }
}

/// The outcome of a role whose write got no response. The next delivery reads it.
fn unknown(outcome: RoleOutcome, error: GraphError) -> RoleOutcome {
    let message = "Microsoft Graph did not answer the write in time, so its outcome is not known; send \
                   the request again, or read what the principal holds";
    let outcome = outcome.with_failure(error.into_failure()).with_message(message);
    RoleOutcome { status: Status::Unknown, ..outcome }
}

/// The outcome of a role after its write.
#[must_use]
pub fn written(done: Written, outcome: RoleOutcome) -> RoleOutcome {
    let (status, assignment, graph_request_id) = match done {
        Written::Assigned(GraphResponse { body, request_id }) => {
            (Status::Assigned, Some(body), request_id)
        }
        Written::AlreadyAssigned(assignment) => (Status::AlreadyAssigned, assignment, None),
        Written::Revoked(GraphResponse { body, request_id }) => {
            (Status::Revoked, Some(body), request_id)
        }
        Written::AlreadyRevoked => (Status::AlreadyRevoked, None, None),
    };
    let outcome = RoleOutcome { status, graph_request_id, ..outcome };
    assignment.into_iter().fold(outcome, RoleOutcome::with_assignment)
}

/// The answer of a dry run: what would be written, and what is held already.
pub(crate) fn dry_run(target: &Target, permitted: Vec<Permitted>) -> Answer {
    let roles = permitted.into_iter().map(|Permitted { permit, outcome }| {
        let holding = target.held.holding(permit.api(), permit.role());
        let status = match (permit.action(), holding) {
            (Action::Assign, Holding::Held(_)) => Status::AlreadyAssigned,
            (Action::Assign, Holding::NotHeld | Holding::Unclear) => Status::WouldAssign,
            (Action::Revoke, Holding::Held(_)) => Status::WouldRevoke,
            (Action::Revoke, Holding::NotHeld) => Status::AlreadyRevoked,
            (Action::Revoke, Holding::Unclear) => {
                return outcome.with_failure(GraphError::unclear_assignment().into_failure());
            }
        };
        let outcome = RoleOutcome { status, ..outcome };
        match holding {
            Holding::Held(assignment) => outcome.with_assignment(assignment.clone()),
            Holding::NotHeld | Holding::Unclear => outcome,
        }
    });
    target.answer(roles.collect())
}
