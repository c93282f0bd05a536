//! Changing one role after another.

use app_roles::{
    outcome::{RoleOutcome, Status},
    policy::Permit,
    request::Request,
};
use broker::{Decision, describe};
use microsoft_graph::{
    assignments::WriteOptions,
    error::{ErrorKind, GraphError},
    priority::Priority,
};
use uuid::Uuid;

use super::plan::{Plan, Step};
use crate::{
    failure::Failure,
    output::Progress,
    record::{Line, Record},
    session::Session,
};

impl Plan {
    /// Changes what is to be changed. What Graph does not do now is the end of it: the same would
    /// happen to the other roles.
    pub(super) async fn carry_out(
        mut self,
        session: &Session,
        request: &Request,
        mut record: Option<Record>,
    ) -> Result<Decision, Failure> {
        let steps = std::mem::take(&mut self.steps);
        let (all, mut roles, mut ended) = (steps.len(), Vec::new(), false);
        let progress = Progress::start("");
        for (index, Step { outcome, permit, .. }) in steps.into_iter().enumerate() {
            progress.say(&format!("{} of {all} roles …", index + 1));
            let outcome = match permit {
                None => outcome,
                Some(_) if ended => not_attempted(outcome),
                Some(permit) => {
                    let client_request_id = Uuid::new_v4();
                    let line = Line {
                        operator: session.operator,
                        principal: &self.principal,
                        api: &self.api,
                        request,
                        client_request_id,
                    };
                    if let Some(record) = &mut record {
                        record.write("intent", &line, &outcome)?;
                    }
                    let (outcome, end) =
                        self.write(session, &permit, outcome, client_request_id).await;
                    ended = end;
                    if let Some(record) = &mut record {
                        record.write("done", &line, &outcome)?;
                    }
                    outcome
                }
            };
            roles.push(outcome);
        }
        Ok(self.decision(roles))
    }

    /// Writes one assignment; also answers whether that was the last try.
    async fn write(
        &self,
        session: &Session,
        permit: &Permit,
        outcome: RoleOutcome,
        client_request_id: Uuid,
    ) -> (RoleOutcome, bool) {
        let deadline = session.deadline();
        let replication = deadline.at_most(session.timing.young_principal);
        let effort = WriteOptions {
            client_request_id,
            deadline,
            replication_deadline: replication,
            priority: Priority::Normal,
        };
        match session.broker.graph().assignments().write(permit, &self.held, effort).await {
            Ok(done) => (describe(done, outcome), false),
            Err(error) if error.kind() == ErrorKind::AlreadyAssigned => {
                let outcome = RoleOutcome { status: Status::AlreadyAssigned, ..outcome };
                (outcome.because("it exists, and Microsoft Graph does not list it yet"), false)
            }
            Err(error) => {
                let end = error.is_worth_another_delivery();
                (failed(outcome, error), end)
            }
        }
    }
}

/// What Graph did not do, in words for somebody who uses their own rights.
fn failed(outcome: RoleOutcome, error: GraphError) -> RoleOutcome {
    let Failure { sentence, hint, .. } = Failure::from(&error);
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    outcome.failed(error.into_failure()).because(&format!("{sentence}{hint}"))
}

fn not_attempted(outcome: RoleOutcome) -> RoleOutcome {
    RoleOutcome { status: Status::NotAttempted, ..outcome }
        .because("not tried, because of the role before")
}
