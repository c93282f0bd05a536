//! Writes permitted changes to Microsoft Graph, one role after another.

use std::sync::Arc;

use app_roles::{
    directory::Assignment,
    held::Holding,
    ids::ObjectId,
    outcome::{Failure, RoleOutcome, Status},
    policy::Decision,
    request::Action,
};
use microsoft_graph::{
    Graph, GraphResponse,
    assignments::{Removable, Turn, WriteOptions, Written},
    error::{ErrorKind, GraphError},
};
use record::ends::EndKey;
use uuid::Uuid;

use crate::{
    answer::Answer,
    ask::Ask,
    assignment_ends::AssignmentEnds,
    decide::{Decided, Permitted, not_attempted},
    directory::{Directory, Target},
    end_step::{EndFact, EndStep, try_later},
    recorder::Recorder,
    series_ends::SeriesEnds,
    stop::may_pass,
    work::{Done, End, IntendedChange, PlannedChange, Work},
    write_limits::WriteLimits,
};

/// The message of a dry run about a role that is not written without an approval.
const NEEDS_APPROVAL: &str = "the request would wait for the approval that the rule needs";

/// Writes what was permitted to Microsoft Graph.
pub(crate) struct Writer {
    graph: Arc<Graph>,
    directory: Arc<Directory>,
    recorder: Arc<Recorder>,
    ends: Arc<AssignmentEnds>,
    limits: WriteLimits,
}

/// The plan of a series of writes: the outcome of each role so far, and the necessary writes.
struct Plan {
    done: Done,
    changes: Vec<PlannedChange>,
}

/// What has to be done for a role.
enum Necessary {
    /// Nothing: it is as it should be.
    Nothing(Box<RoleOutcome>),
    /// A write. A revocation removes this assignment.
    Write(Option<Removable>),
}

impl Writer {
    pub(crate) fn new(
        graph: Arc<Graph>,
        directory: Arc<Directory>,
        recorder: Arc<Recorder>,
        (ends, limits): (Arc<AssignmentEnds>, WriteLimits),
    ) -> Self {
        Self { graph, directory, recorder, ends, limits }
    }

    /// Writes one role after another, because Microsoft Graph refuses concurrent writes to one principal.
    /// Before the first write, the intents of all are recorded, and writes under a limit are counted. After
    /// an obstacle, the remaining roles are not attempted.
    pub(crate) async fn write(&self, work: &Work<'_>, permitted: Vec<Permitted>) -> Done {
        let mut turn = None;
        let mut ends = SeriesEnds::of(&self.ends, work, &permitted);
        let Plan { mut done, changes } = self.plan(work, &mut turn, permitted).await;
        if let Some(turn) = turn.filter(|_| !changes.is_empty()) {
            match self.limits.take(work.ask, &changes).await {
                Ok(counted) => {
                    self.write_changes(work, (turn, &mut ends), changes, &mut done).await;
                    self.limits.settle(work.ask, counted, &done).await;
                }
                Err(refusal) => refusal.refuse(work.ask, changes, &mut done),
            }
        }
        ends.settle(work.ask, &mut done).await;
        done
    }

    /// The answer of a dry run: what would be written, what is already held, and what a limit does not
    /// allow.
    pub(crate) async fn rehearse(
        &self,
        ask: &Ask,
        target: &Target,
        decided: Vec<Decided>,
    ) -> Answer {
        let limits = decided.iter().map(|one| match &one.decision {
            Decision::Allowed(permit) => permit.write_limit().cloned(),
            // It is counted after its approval.
            Decision::NeedsApproval(_) => None,
        });
        let limits = limits.collect();
        let mut answer = dry_run(target, decided);
        self.limits.preview(ask, limits, &mut answer.roles).await;
        answer
    }

    /// Stores intents and ends, and then writes.
    async fn write_changes(
        &self,
        work: &Work<'_>,
        (turn, ends): (Turn<'_>, &mut SeriesEnds<'_>),
        changes: Vec<PlannedChange>,
        done: &mut Done,
    ) {
        let unwritten: Vec<_> =
            changes.iter().map(|change| (change.index, change.outcome.clone())).collect();
        let indices: Vec<_> = changes.iter().map(|change| change.index).collect();
        let (intended, announced) =
            tokio::join!(self.recorder.intend(work, changes), ends.announce(work.ask, &indices));
        let failure = match (intended, announced) {
            (Ok(intended), Ok(())) => return self.carry_out(work, turn, intended, done).await,
            (Ok(intended), Err(failure)) => {
                done.intents.extend(intended.into_iter().map(|change| change.intent.into_key()));
                failure
            }
            (Err(failure), _) => failure,
        };
        for (index, outcome) in unwritten {
            done.set(index, outcome.with_failure(failure.clone()), End::Obstacle);
        }
    }

    /// Drops the ends of assignments that a principal holds, so that they stay.
    pub(crate) async fn keep<'a>(
        &self,
        ask: &Ask,
        principal: ObjectId,
        held: impl Iterator<Item = &'a Assignment>,
    ) -> Result<(), Failure> {
        let step = |one: &Assignment| EndStep {
            key: EndKey { principal, api: one.api, role: one.role },
            fact: EndFact::Found(one.clone()),
            end: None,
        };
        let steps: Vec<_> = held.map(step).collect();
        let taken = self.ends.take(ask, &steps, ask.deadline).await?;
        taken.into_iter().find_map(Result::err).map_or(Ok(()), |one| Err(try_later(one)))
    }

    /// Finds out which writes are necessary. Reads do not count against the quota for writes.
    async fn plan<'a>(
        &'a self,
        work: &Work<'_>,
        turn: &mut Option<Turn<'a>>,
        permitted: Vec<Permitted>,
    ) -> Plan {
        let mut plan = Plan { done: Done::nothing(), changes: Vec::new() };
        for (index, one) in permitted.into_iter().enumerate() {
            // This remains the outcome if another role meets an obstacle.
            let not_attempted = not_attempted(one.outcome.clone());
            plan.done.roles.push(not_attempted);
            if plan.done.end == End::Obstacle {
                continue;
            }
            match self.necessary(work, turn, &one).await {
                Ok(Necessary::Nothing(outcome)) => plan.done.set(index, *outcome, End::Complete),
                Ok(Necessary::Write(removes)) => {
                    let Permitted { permit, outcome } = one;
                    let options = self.options(work);
                    let change = PlannedChange { index, permit, outcome, removes, options };
                    plan.changes.push(change);
                }
                Err(error) => {
                    let (outcome, end) = self.failed(work.target, one.outcome, error);
                    plan.done.set(index, outcome, end);
                }
            }
        }
        if plan.done.end == End::Obstacle {
            // The writes would meet the same obstacle.
            plan.changes.clear();
        }
        plan
    }

    /// What a role needs. All roles of a request share one turn.
    async fn necessary<'a>(
        &'a self,
        work: &Work<'_>,
        turn: &mut Option<Turn<'a>>,
        Permitted { permit, outcome }: &Permitted,
    ) -> Result<Necessary, GraphError> {
        // A redelivery has already read what is held.
        if permit.action() == Action::Assign
            && let Some(existing) = work.target.held_assignment(permit)
        {
            let outcome = RoleOutcome { status: Status::AlreadyAssigned, ..outcome.clone() };
            return Ok(Necessary::Nothing(Box::new(outcome.with_assignment(existing.clone()))));
        }
        let (held, options) = (&work.target.held, self.options(work));
        let turn = self.turn(work, turn).await?;
        if let Some(done) = turn.without_write(permit, held, &options).await? {
            return Ok(Necessary::Nothing(Box::new(written(done, outcome.clone()))));
        }
        Ok(Necessary::Write(match permit.action() {
            Action::Assign => None,
            Action::Revoke => turn.removable(permit, held, options.deadline).await?,
        }))
    }

    fn options(&self, Work { ask, .. }: &Work<'_>) -> WriteOptions {
        WriteOptions {
            client_request_id: Uuid::new_v4(),
            deadline: ask.deadline,
            replication_deadline: self.directory.replication_deadline(ask),
            caller: ask.caller(),
        }
    }

    /// Sends the writes whose intents are recorded. An intent stays open if the effect of its write is
    /// uncertain.
    async fn carry_out(
        &self,
        Work { ask, target, .. }: &Work<'_>,
        mut turn: Turn<'_>,
        intended: Vec<IntendedChange>,
        done: &mut Done,
    ) {
        for IntendedChange { index, intent, outcome, options } in intended {
            if done.end != End::Obstacle {
                let change = turn.write(&intent, &target.held, options).await;
                let change = self.recorder.claims().judge(&intent, change, ask.deadline).await;
                let is_certain = change.as_ref().err().is_none_or(GraphError::is_certain);
                let (outcome, end) = match change {
                    Ok(change) => (written(change, outcome), End::Complete),
                    Err(error) => self.failed(target, outcome, error),
                };
                done.set(index, outcome, end);
                if !is_certain {
                    continue;
                }
            }
            done.intents.push(intent.into_key());
        }
    }

    /// The turn of a request. It is taken for the first role that needs it.
    async fn turn<'a, 'b>(
        &'a self,
        Work { ask, target, .. }: &Work<'_>,
        turn: &'b mut Option<Turn<'a>>,
    ) -> Result<&'b mut Turn<'a>, GraphError> {
        if let Some(turn) = turn {
            return Ok(turn);
        }
        let principal = target.principal.object_id;
        let taken = self.graph.assignments().turn(principal, &ask.caller(), ask.deadline).await?;
        Ok(turn.insert(taken))
    }

    /// The outcome of a role that could not be read or written.
    fn failed(
        &self,
        target: &Target,
        outcome: RoleOutcome,
        error: GraphError,
    ) -> (RoleOutcome, End) {
        let may_pass = may_pass(&error);
        if error.is_in_doubt() {
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

/// The outcome of a role whose write got no response. The next delivery reads what became of it.
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
fn dry_run(target: &Target, decided: Vec<Decided>) -> Answer {
    let roles = decided.into_iter().map(|Decided { decision, outcome }| {
        let permit = decision.permit();
        let outcome = match &decision {
            Decision::Allowed(_) => outcome,
            Decision::NeedsApproval(_) => outcome.with_message(NEEDS_APPROVAL),
        };
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
            Holding::NotHeld | Holding::Unclear => outcome.with_end(permit.end()),
        }
    });
    target.answer(roles.collect())
}
