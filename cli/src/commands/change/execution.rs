//! Writing the changes of a plan, one role after the other.

use std::ops::ControlFlow::{self, Break, Continue};

use app_roles::{
    directory::{Api, Principal},
    held::HeldAssignments,
    outcome::{RoleOutcome, Status},
    policy::Permit,
    request::Request,
};
use broker::{Answer, written};
use microsoft_graph::{
    assignments::WriteOptions,
    error::{ErrorKind, GraphError},
};
use record::intent::Intent;
use uuid::Uuid;

use super::{
    plan::{Plan, Step},
    record::{Line, Record},
};
use crate::{failure::Failure, interruption::Interruption, output::Progress, session::Session};

/// The outcome of a write. `Break` ends the run.
type Flow = ControlFlow<RoleOutcome, RoleOutcome>;

/// The outcome of a plan.
pub(super) struct Executed {
    pub(super) answer: Answer,
    /// Whether the operator interrupted it.
    pub(super) is_interrupted: bool,
    /// Why the record lacks a line. Nothing was written afterwards.
    pub(super) unrecorded: Option<Failure>,
}

/// Why a role was not attempted without a record.
const NOT_RECORDED: &str = "skipped, because the record cannot be written";

/// Everything that carrying out a plan needs.
pub(super) struct Execution<'a> {
    pub(super) session: &'a Session,
    pub(super) request: &'a Request,
    pub(super) record: Option<Record>,
}

/// The principal and the API of all writes, and what the principal held before.
struct Target<'a> {
    principal: &'a Principal,
    api: &'a Api,
    held: &'a HeldAssignments,
}

impl Execution<'_> {
    /// Writes every change of the plan. An error of Graph that would repeat for the other roles ends the
    /// run, and so do Ctrl-C and a record that cannot be written.
    pub(super) async fn run(mut self, plan: Plan) -> Executed {
        let Plan { principal, api, held, steps, .. } = plan;
        let target = Target { principal: &principal, api: &api, held: &held };
        let (count, mut roles, mut ended) = (steps.len(), Vec::new(), false);
        let progress = Progress::start("");
        let (mut interruption, mut unrecorded) = (Interruption::listen(), None);
        for (index, Step { outcome, permit, .. }) in steps.into_iter().enumerate() {
            progress.say(&format!("{} of {count} roles …", index + 1));
            let outcome = match permit {
                None => outcome,
                Some(_) if interruption.has_come() => {
                    not_attempted(outcome, "skipped, because the command was interrupted")
                }
                Some(_) if unrecorded.is_some() => not_attempted(outcome, NOT_RECORDED),
                Some(_) if ended => {
                    not_attempted(outcome, "skipped, because an earlier role failed")
                }
                Some(permit) => {
                    let asked = (outcome, &mut interruption);
                    let (flow, failure) = self.write_recorded(&target, permit, asked).await;
                    unrecorded = failure;
                    ended = flow.is_break();
                    match flow {
                        Continue(outcome) | Break(outcome) => outcome,
                    }
                }
            };
            roles.push(outcome);
        }
        let answer = Answer::about(&principal, &api, roles);
        Executed { answer, is_interrupted: interruption.has_come(), unrecorded }
    }

    /// Writes one change, with a line in the record before and after it. Also returns why a line could not be
    /// written. Without the first one, nothing is changed.
    async fn write_recorded(
        &mut self,
        target: &Target<'_>,
        permit: Permit,
        (outcome, interruption): (RoleOutcome, &mut Interruption),
    ) -> (Flow, Option<Failure>) {
        let client_request_id = Uuid::new_v4();
        let line = Line {
            operator: self.session.operator(),
            principal: target.principal,
            api: target.api,
            request: self.request,
            client_request_id,
        };
        if let Some(record) = &mut self.record
            && let Err(failure) = record.write("intent", &line, &outcome)
        {
            return (Break(not_attempted(outcome, NOT_RECORDED)), Some(failure));
        }
        let intent = Intent::by_operator(permit);
        let in_flight = outcome.clone();
        let flow = tokio::select! {
            biased;
            flow = self.write(target.held, &intent, outcome, client_request_id) => flow,
            () = interruption.comes() => Break(interrupted(in_flight)),
        };
        let (Continue(outcome) | Break(outcome)) = &flow;
        let written = self.record.as_mut().map(|record| record.write("done", &line, outcome));
        let failure = written.and_then(Result::err);
        (flow, failure)
    }

    /// Writes one change.
    async fn write(
        &self,
        held: &HeldAssignments,
        intent: &Intent,
        outcome: RoleOutcome,
        client_request_id: Uuid,
    ) -> Flow {
        let options = WriteOptions {
            client_request_id,
            deadline: self.session.deadline(),
            replication_deadline: self.session.replication_deadline(),
            caller: self.session.caller(),
        };
        match self.session.graph().assignments().write(intent, held, options).await {
            Ok(done) => Continue(written(done, outcome)),
            Err(error) if error.kind() == ErrorKind::AlreadyAssigned => {
                let outcome = RoleOutcome { status: Status::AlreadyAssigned, ..outcome };
                Continue(outcome.with_message(
                    "Microsoft Graph reports that it exists but does not list it yet",
                ))
            }
            // Other roles would now meet the same obstacle.
            Err(error) if error.is_worth_another_delivery() => Break(failed(outcome, error)),
            Err(error) => Continue(failed(outcome, error)),
        }
    }
}

/// Explains an error of Graph to an operator who uses their own permissions.
fn failed(outcome: RoleOutcome, error: GraphError) -> RoleOutcome {
    let Failure { sentence, hint, .. } = Failure::from(&error);
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    outcome.with_failure(error.into_failure()).with_message(&format!("{sentence}{hint}"))
}

fn not_attempted(outcome: RoleOutcome, why: &str) -> RoleOutcome {
    RoleOutcome { status: Status::NotAttempted, ..outcome }.with_message(why)
}

/// The outcome of a write that was sent, but whose answer was not awaited.
fn interrupted(outcome: RoleOutcome) -> RoleOutcome {
    RoleOutcome { status: Status::Unknown, ..outcome }.with_message(
        "interrupted while it was being written: whether Microsoft Graph has done it is uncertain",
    )
}
