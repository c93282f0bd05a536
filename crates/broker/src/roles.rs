//! Deciding on each role of a request.

use std::sync::Arc;

use super::{Broker, Context, apply::not_attempted, resolve::Resolved};
use app_roles::{
    directory::{Api, AppRole, NoSuchRole},
    names::{ApiName, RoleName},
    outcome::{Code, RoleOutcome, Status},
    policy::{Permit, Question},
    privileged,
    request::{Action, Request},
};
use azure_rest::retry::Deadline;
use microsoft_graph::{Lookup, error::GraphError};

/// What was decided on the roles of a request.
#[derive(Debug)]
pub(super) enum Decided {
    /// Every role may be written; with each permit what is known of its role.
    Permitted(Vec<(Permit, RoleOutcome)>),
    /// At least one is refused, so none is written.
    Refused(Vec<RoleOutcome>),
}

impl Broker {
    /// Decides on every role before anything is written.
    pub(super) async fn decide(
        &self,
        context: Context<'_>,
        request: &Request,
        resolved: &Resolved,
    ) -> Result<Decided, GraphError> {
        let lacks_a_role = request.roles.iter().any(|name| resolved.api.role(name).is_err());
        let api = self
            .with_current_roles(&request.api, &resolved.api, lacks_a_role, context.deadline)
            .await?;
        let answers: Vec<_> = request
            .roles
            .iter()
            .map(|name| {
                let decided = self.decide_on(name, context, request, resolved, &api);
                decided.map_err(|refusal| refusal.requested(name))
            })
            .collect();
        if answers.iter().all(Result::is_ok) {
            return Ok(Decided::Permitted(answers.into_iter().flatten().collect()));
        }
        let refused = answers.into_iter().map(|answer| match answer {
            Ok((_, outcome)) => not_attempted(outcome),
            Err(refusal) => refusal,
        });
        Ok(Decided::Refused(refused.collect()))
    }

    /// The API, read again if what is remembered of it lacks a role: the role may be new.
    pub(super) async fn with_current_roles(
        &self,
        name: &ApiName,
        known: &Arc<Api>,
        lacks_a_role: bool,
        deadline: Deadline,
    ) -> Result<Arc<Api>, GraphError> {
        if !lacks_a_role {
            return Ok(known.clone());
        }
        match self.graph.service_principals().find_fresh_api(name, deadline).await? {
            Lookup::Found(api) if api.object_id == known.object_id => Ok(api),
            // Its name means something else since: the answer stays about the API that was found.
            _ => Ok(known.clone()),
        }
    }

    fn decide_on(
        &self,
        name: &RoleName,
        context: Context<'_>,
        request: &Request,
        resolved: &Resolved,
        api: &Api,
    ) -> Result<(Permit, RoleOutcome), RoleOutcome> {
        let role = role_named(name, request.action, api)?;
        let question = Question {
            requester: context.requester,
            action: request.action,
            principal: &resolved.principal,
            api,
            role: &role,
            own: resolved.own,
        };
        let value = role.value.as_deref();
        let privileged = privileged::why(api.app_id, api.owner, role.id, value).is_some();
        match self.policy.decide(&question) {
            Ok(permit) => {
                let rule = Some(permit.rule().to_owned());
                let known = RoleOutcome {
                    rule,
                    privileged: Some(privileged),
                    ..RoleOutcome::new(Status::NotAttempted)
                };
                Ok((permit, known.about(&role).requested(name)))
            }
            Err(denial) => {
                tracing::warn!(event = "request.denied", app_role_id = %role.id, "{denial}");
                let denied = RoleOutcome::denied(&denial).about(&role);
                Err(RoleOutcome { privileged: Some(privileged), ..denied })
            }
        }
    }
}

/// The role that a request names, if it can be given or taken away; else the outcome that says why
/// not.
pub fn role_named(name: &RoleName, action: Action, api: &Api) -> Result<AppRole, RoleOutcome> {
    match action {
        Action::Assign => assignable_role(name, api),
        Action::Revoke => revocable_role(name, api),
    }
}

/// A role that can be given to an application.
fn assignable_role(name: &RoleName, api: &Api) -> Result<AppRole, RoleOutcome> {
    let role = api.role(name).map_err(|problem| no_such_role(&problem))?;
    let problem = if !role.is_enabled {
        (Code::RoleDisabled, "the role is disabled: nobody new can get it")
    } else if !role.is_for_applications {
        (Code::RoleNotForApplications, "the role is for people only, not for applications")
    } else {
        return Ok(role);
    };
    let (code, message) = problem;
    Err(RoleOutcome::new(Status::Invalid).coded(code).because(message).about(&role))
}

/// A role that can be taken away: any, also one that is disabled; and by its id one that the API
/// defines no more.
fn revocable_role(name: &RoleName, api: &Api) -> Result<AppRole, RoleOutcome> {
    match (api.role(name), name) {
        (Ok(role), _) => Ok(role),
        (Err(_), RoleName::Id(id)) => Ok(AppRole::known_by_id(*id)),
        (Err(_), RoleName::DefaultAccess) => {
            Ok(AppRole::known_by_id(app_roles::ids::AppRoleId::DEFAULT_ACCESS))
        }
        (Err(problem), RoleName::Value(_)) => Err(no_such_role(&problem)),
    }
}

fn no_such_role(problem: &NoSuchRole) -> RoleOutcome {
    let (status, code) = match problem {
        NoSuchRole::Ambiguous => (Status::Ambiguous, Code::RoleAmbiguous),
        NoSuchRole::Unknown(_) | NoSuchRole::HasRoles => (Status::NotFound, Code::RoleNotFound),
    };
    let outcome = RoleOutcome::new(status).coded(code).because(&problem.to_string());
    match problem {
        NoSuchRole::Unknown(suggestions) => {
            RoleOutcome { suggestions: suggestions.clone(), ..outcome }
        }
        _ => outcome,
    }
}
