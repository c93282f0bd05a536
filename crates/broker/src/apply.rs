//! Doing what a request asks for.
//!
//! Everything is looked up and decided before the first write. If one role is refused, none is
//! written: a team that gets half of what it asked for would have to find out which half. Only
//! Graph's own failures can leave a mixture.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Broker, Context, Decision, NotYet,
    resolve::{Resolved, Unresolved},
    roles::Decided,
};
use crate::RECORD;
use app_roles::{
    directory::Assignment,
    ids::ObjectId,
    names::ApiName,
    outcome::{Code, RoleOutcome, Status},
    policy::Permit,
    request::{Action, Request},
    result::{ResultApi, ResultPrincipal},
    text::RequestId,
};
use microsoft_graph::{
    GraphResponse,
    assignments::{WriteOptions, Written},
    error::{ErrorKind, GraphError},
};

/// What a line of the record says of what was asked; nothing where that could not be understood.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    pub(super) request_id: Option<&'a RequestId>,
    pub(super) action: Option<Action>,
    pub(super) dry_run: Option<bool>,
}

/// What to do after one role.
pub(super) enum Then {
    /// The next one.
    GoOn,
    /// The next one; and the answer is not whole yet: an assignment that exists is not listed.
    LookAgain,
    /// Nothing more in this delivery: what kept this role from being written would keep the others.
    ComeBack,
}

impl Broker {
    /// Does what `request` asks for, as far as the policy allows it.
    pub async fn apply(&self, context: Context<'_>, request: &Request) -> Result<Decision, NotYet> {
        if self.is_paused() {
            let outcome = RoleOutcome::new(Status::Failed).coded(Code::Paused);
            let outcome =
                outcome.because("the broker was paused; its operators can replay the request");
            return Err(NotYet { last: Box::new(Decision::for_all(request, &outcome)) });
        }
        if let Err(expired) = request.check_age(context.sent, OffsetDateTime::now_utc()) {
            let outcome = RoleOutcome::new(Status::Expired).because(&expired.to_string());
            return Ok(Decision::for_all(request, &outcome));
        }
        // The first gate: whom no rule names learns nothing about the tenant and costs it nothing.
        if let Err(denial) = self.policy.admit(context.requester, request) {
            tracing::warn!(event = "request.denied", "{denial}");
            return Ok(Decision::for_all(request, &RoleOutcome::denied(&denial)));
        }
        let resolved = match self.resolve_for(context, request).await {
            Ok(resolved) => resolved,
            Err(unresolved) => return undone(request, *unresolved),
        };
        let decided = match self.decide(context, request, &resolved).await {
            Ok(decided) => decided,
            Err(error) => return undone(request, Unresolved::by(error).knowing(&resolved)),
        };
        let roles = match decided {
            Decided::Refused(roles) => roles,
            Decided::Permitted(permits) if self.is_dry_run(request) => {
                rehearse(&permits, &resolved.held)
            }
            Decided::Permitted(permits) => {
                return self.carry_out(context, request, permits, &resolved).await;
            }
        };
        Ok(resolved.decision(roles))
    }

    /// Writes one role after another: Graph refuses two writes to one principal at a time.
    async fn carry_out(
        &self,
        context: Context<'_>,
        request: &Request,
        permits: Vec<(Permit, RoleOutcome)>,
        resolved: &Resolved,
    ) -> Result<Decision, NotYet> {
        let (mut roles, mut is_final) = (Vec::new(), true);
        let mut permits = permits.into_iter();
        for (permit, outcome) in permits.by_ref() {
            let (api, held) = (&request.api, &resolved.held);
            let (outcome, then) = self.carry_out_one(context, api, &permit, outcome, held).await;
            roles.push(outcome);
            match then {
                Then::GoOn => {}
                Then::LookAgain => is_final = false,
                Then::ComeBack => {
                    roles.extend(permits.map(|(_, outcome)| not_attempted(outcome)));
                    return Err(NotYet { last: Box::new(resolved.decision(roles)) });
                }
            }
        }
        let decision = resolved.decision(roles);
        if is_final { Ok(decision) } else { Err(NotYet { last: Box::new(decision) }) }
    }

    /// Writes one role. `api` is the name by which its API was asked for, and `held` what the principal
    /// held then.
    pub(super) async fn carry_out_one(
        &self,
        context: Context<'_>,
        api: &ApiName,
        permit: &Permit,
        outcome: RoleOutcome,
        held: &[Assignment],
    ) -> (RoleOutcome, Then) {
        if let Some(failure) = self.unrecordable().await {
            return (outcome.failed(failure), Then::ComeBack);
        }
        let effort = WriteOptions {
            client_request_id: Uuid::new_v4(),
            deadline: context.deadline,
            replication_deadline: self.patience(context),
            priority: context.priority,
        };
        self.log_intent(context, permit, effort.client_request_id);
        let error = match self.graph.assignments().write(permit, held, effort).await {
            Ok(done) => return (describe(done, outcome), Then::GoOn),
            Err(error) => error,
        };
        let again = is_worth_another_delivery(&error);
        match error.kind() {
            ErrorKind::AlreadyAssigned => {
                let outcome = RoleOutcome { status: Status::AlreadyAssigned, ..outcome };
                let message = "the assignment exists, and Microsoft Graph does not list it yet";
                return (outcome.because(message), Then::LookAgain);
            }
            ErrorKind::ApiNotFound | ErrorKind::RoleNotFound => {
                self.graph.service_principals().forget_api(api);
            }
            _ => {}
        }
        let then = if again { Then::ComeBack } else { Then::GoOn };
        (outcome.failed(error.into_failure()), then)
    }

    /// Written before the write itself, so that a grant whose record was lost can still be traced.
    fn log_intent(&self, context: Context<'_>, permit: &Permit, client_request_id: Uuid) {
        tracing::info!(
            target: RECORD,
            event = "grant.intent",
            invocation_id = %context.invocation_id,
            requester = %context.requester,
            action = permit.action().verb(),
            principal_id = %permit.principal(),
            resource_id = %permit.api(),
            app_role_id = %permit.role(),
            rule = permit.rule(),
            policy_sha256 = self.policy.sha256(),
            client_request_id = %client_request_id,
            "about to change an app role assignment"
        );
    }

    /// Writes the record of a final answer, a line for each role.
    pub fn audit(&self, context: Context<'_>, request: &Request, decision: &Decision) {
        for role in &decision.roles {
            self.record(context, self.asked(request), decision, role);
        }
    }

    /// The same for what could not be understood, so that there is no request.
    pub fn audit_invalid(&self, context: Context<'_>, decision: &Decision) {
        for role in &decision.roles {
            self.record(context, Asked::default(), decision, role);
        }
    }

    /// Writes the record of what was changed by a delivery that did not finish: the next one will find
    /// it done.
    pub fn audit_changes(&self, context: Context<'_>, request: &Request, decision: &Decision) {
        for role in decision.roles.iter().filter(|role| role.is_change()) {
            self.record(context, self.asked(request), decision, role);
        }
    }

    fn asked<'a>(&self, request: &'a Request) -> Asked<'a> {
        Asked {
            request_id: request.request_id.as_ref(),
            action: Some(request.action),
            dry_run: Some(self.is_dry_run(request)),
        }
    }

    pub(super) fn record(
        &self,
        context: Context<'_>,
        asked: Asked<'_>,
        decision: &Decision,
        role: &RoleOutcome,
    ) {
        let principal_id = decision.principal.as_ref().map(ResultPrincipal::object_id);
        let resource_id = decision.api.as_ref().map(ResultApi::object_id);
        let shown = |id: Option<ObjectId>| id.map(tracing::field::display);
        tracing::info!(
            target: RECORD,
            event = "audit",
            invocation_id = %context.invocation_id,
            request_id = asked.request_id.map(tracing::field::display),
            requester = %context.requester,
            action = asked.action.map(Action::verb),
            dry_run = asked.dry_run,
            principal_id = shown(principal_id),
            resource_id = shown(resource_id),
            app_role_id = role.id.map(tracing::field::display),
            privileged = role.privileged,
            decision = role.decision(),
            status = %role.status,
            code = role.code.map(tracing::field::display),
            rule = role.rule,
            assignment_id = role.assignment_id,
            graph_request_id = role.graph_request_id,
            policy_sha256 = self.policy.sha256(),
            "decided on an app role"
        );
    }
}

/// What a dry run says: what would be done, and what would find itself done already.
fn rehearse(permits: &[(Permit, RoleOutcome)], held: &[Assignment]) -> Vec<RoleOutcome> {
    let outcomes = permits.iter().map(|(permit, outcome)| {
        let existing = held.iter().find(|one| one.api == permit.api() && one.role == permit.role());
        let status = match (permit.action(), existing.is_some()) {
            (Action::Assign, false) => Status::WouldAssign,
            (Action::Assign, true) => Status::AlreadyAssigned,
            (Action::Revoke, true) => Status::WouldRevoke,
            (Action::Revoke, false) => Status::AlreadyRevoked,
        };
        let outcome = RoleOutcome { status, ..outcome.clone() };
        match existing {
            Some(assignment) => outcome.with_assignment(assignment.clone()),
            None => outcome,
        }
    });
    outcomes.collect()
}

/// What an outcome says of a write that was carried out.
#[must_use]
pub fn describe(done: Written, outcome: RoleOutcome) -> RoleOutcome {
    let (status, assignment, graph_request_id) = match done {
        Written::Assigned(GraphResponse { body, request_id }) => {
            (Status::Assigned, Some(body), request_id)
        }
        Written::AlreadyAssigned(assignment) => (Status::AlreadyAssigned, Some(assignment), None),
        Written::Revoked(GraphResponse { body, request_id }) => {
            (Status::Revoked, Some(body), request_id)
        }
        Written::AlreadyRevoked => (Status::AlreadyRevoked, None, None),
    };
    let outcome = RoleOutcome { status, graph_request_id, ..outcome };
    match assignment {
        Some(assignment) => outcome.with_assignment(assignment),
        None => outcome,
    }
}

pub(super) fn not_attempted(outcome: RoleOutcome) -> RoleOutcome {
    RoleOutcome { status: Status::NotAttempted, ..outcome }
        .because("nothing was done, because of another role of the request")
}

/// What a request that could not be looked up leads to.
fn undone(request: &Request, unresolved: Unresolved) -> Result<Decision, NotYet> {
    let (again, roles) = (unresolved.again, Decision::for_all(request, &unresolved.outcome).roles);
    let decision = unresolved.decision(roles);
    if again { Err(NotYet { last: Box::new(decision) }) } else { Ok(decision) }
}

/// Says in the log what failed, with Graph's own words, and whether it may work later.
pub(super) fn is_worth_another_delivery(error: &GraphError) -> bool {
    let again = error.is_worth_another_delivery();
    tracing::error!(event = "graph.failed", kind = ?error.kind(), again, "{error}");
    again
}
