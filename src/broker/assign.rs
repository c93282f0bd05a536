//! Assigning an app role on request.

use uuid::Uuid;

use super::{Broker, Context, Decision, NotYet};
use crate::{
    domain::{
        directory::Api,
        ids::ObjectId,
        outcome::{Failure, FailureCode, RoleOutcome, Status},
        policy::{Permit, Question},
        request::Request,
    },
    graph::{Answer, assignments::Ensured, error::GraphError},
    remote::retry::Deadline,
};

impl Broker {
    /// Does what `request` asks for, if the policy allows it.
    pub async fn assign(
        &self,
        context: Context<'_>,
        request: &Request,
        deadline: Deadline,
    ) -> Result<Decision, NotYet> {
        let outcome = self.decide_and_assign(context, request, deadline).await;
        if let Ok(decision) = &outcome {
            self.audit(context, request, &decision.role);
        }
        outcome
    }

    async fn decide_and_assign(
        &self,
        context: Context<'_>,
        request: &Request,
        deadline: Deadline,
    ) -> Result<Decision, NotYet> {
        // The first gate: whom no rule names learns nothing about the tenant and costs it nothing.
        if let Err(denial) = self.policy.admit(context.requester) {
            tracing::warn!(event = "request.denied", "{denial}");
            let outcome = RoleOutcome::denied(request.role, &denial);
            return Ok(Decision::about(request.principal, request.api, outcome));
        }
        let own_identity = match self.own_identity(deadline).await {
            Ok(object_id) => object_id,
            Err(error) => return undone(error, |failure| unresolved(request, failure)),
        };
        let principal = match self.graph.principal(request.principal, deadline).await {
            Ok(principal) => principal,
            Err(error) => return undone(error, |failure| unresolved(request, failure)),
        };
        let api = match self.graph.api(request.api, deadline).await {
            Ok(api) => api,
            Err(error) => {
                return undone(error.about_the_api(), |failure| {
                    let outcome = RoleOutcome::failed(request.role, failure);
                    Decision::about(&principal, request.api, outcome)
                });
            }
        };
        let Some(role) = api.role(request.role) else {
            let outcome = RoleOutcome::failed(request.role, role_not_found(&api));
            return Ok(Decision::about(&principal, &api, outcome));
        };
        let requester = context.requester;
        let question = Question { requester, principal: &principal, api: &api, role, own_identity };
        match self.policy.decide(&question) {
            Ok(permit) => self.write(context, &question, &permit, deadline).await,
            Err(denial) => {
                tracing::warn!(event = "request.denied", "{denial}");
                let outcome = RoleOutcome::denied(role.id, &denial).about(role);
                Ok(Decision::about(&principal, &api, outcome))
            }
        }
    }

    /// Who the broker is, from its own token. Without it nothing is written: the broker could not
    /// keep itself from changing its own rights.
    async fn own_identity(&self, deadline: Deadline) -> Result<ObjectId, GraphError> {
        let token = self.graph.sign_in(deadline).await?;
        token.claims().object_id.ok_or_else(GraphError::own_identity_unknown)
    }

    async fn write(
        &self,
        context: Context<'_>,
        question: &Question<'_>,
        permit: &Permit,
        deadline: Deadline,
    ) -> Result<Decision, NotYet> {
        let client_request_id = Uuid::new_v4();
        self.log_intent(context, permit, client_request_id);
        let Question { principal, api, role, .. } = *question;
        match self.graph.ensure_assigned(permit, client_request_id, deadline).await {
            Ok(ensured) => Ok(Decision::about(principal, api, held(ensured, permit).about(role))),
            Err(error) => undone(error, |failure| {
                let outcome = RoleOutcome::failed(role.id, failure).about(role);
                Decision::about(principal, api, outcome)
            }),
        }
    }

    /// Written before the write itself, so that a grant whose record was lost can still be traced.
    fn log_intent(&self, context: Context<'_>, permit: &Permit, client_request_id: Uuid) {
        tracing::info!(
            event = "grant.intent",
            invocation_id = %context.invocation_id,
            requester = %context.requester,
            principal_id = %permit.principal(),
            resource_id = %permit.api(),
            app_role_id = %permit.role(),
            rule = permit.rule(),
            policy_sha256 = self.policy.sha256(),
            client_request_id = %client_request_id,
            "about to assign an app role"
        );
    }

    fn audit(&self, context: Context<'_>, request: &Request, role: &RoleOutcome) {
        tracing::info!(
            event = "audit",
            invocation_id = %context.invocation_id,
            requester = %context.requester,
            principal_id = %request.principal,
            resource_id = %request.api,
            app_role_id = %request.role,
            status = ?role.status,
            code = role.code.map(tracing::field::debug),
            rule = role.rule,
            assignment_id = role.assignment_id,
            graph_request_id = role.graph_request_id,
            policy_sha256 = self.policy.sha256(),
            "decided on an app role"
        );
    }
}

/// What a failed call leaves: no answer yet where another delivery may find one, else the failure.
fn undone(
    error: GraphError,
    decision: impl FnOnce(Failure) -> Decision,
) -> Result<Decision, NotYet> {
    let again = error.is_worth_another_delivery();
    tracing::error!(event = "graph.failed", kind = ?error.kind(), again, "{error}");
    let decision = decision(error.into_failure());
    if again { Err(NotYet { last: Box::new(decision) }) } else { Ok(decision) }
}

fn unresolved(request: &Request, failure: Failure) -> Decision {
    let outcome = RoleOutcome::failed(request.role, failure);
    Decision::about(request.principal, request.api, outcome)
}

fn role_not_found(api: &Api) -> Failure {
    Failure {
        code: FailureCode::RoleNotFound,
        message: format!("{} defines no app role with the appRoleId", api.display_name),
        graph_request_id: None,
    }
}

fn held(ensured: Ensured, permit: &Permit) -> RoleOutcome {
    match ensured {
        Ensured::Created(Answer { body, request_id }) => {
            RoleOutcome::held(Status::Assigned, permit.rule(), body, request_id)
        }
        Ensured::Found(assignment) => {
            RoleOutcome::held(Status::AlreadyAssigned, permit.rule(), assignment, None)
        }
    }
}
