//! The second gate: the policy decides on each role, based on what Microsoft Graph says about it.

use app_roles::{
    directory::{Api, AppRole, NoSuchRole, PrincipalKind},
    end::PlannedEnd,
    ids::AppRoleId,
    names::RoleName,
    outcome::{Code, RoleOutcome, Status},
    policy::{Decision, Permit, Policy, Question},
    privileged,
    request::{Action, Request},
};

use crate::{ask::Ask, directory::Target, stop::Stop};

/// The remark on each role that is given to the principal of a blueprint.
const INHERITED: &str =
    "the principal is an agent blueprint: all its agents, present and future, can inherit the role";

/// A role that may be written.
#[derive(Debug)]
pub(crate) struct Permitted {
    /// The permit for the write.
    pub(crate) permit: Permit,
    /// What is known of the role before the write.
    pub(crate) outcome: RoleOutcome,
}

/// A role that the policy allows, at once or after an approval.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The decision of the policy.
    pub(crate) decision: Decision,
    /// What is known of the role before the write.
    pub(crate) outcome: RoleOutcome,
}

/// All roles of a request, if all may be written. If one needs an approval, all wait for it, and the error
/// has them as they were decided.
pub(crate) fn permitted(decided: Vec<Decided>) -> Result<Vec<Permitted>, Vec<Decided>> {
    if decided.iter().any(|one| matches!(one.decision, Decision::NeedsApproval(_))) {
        return Err(decided);
    }
    let permitted = decided.into_iter().filter_map(|Decided { decision, outcome }| {
        let permit = decision.allowed()?;
        Some(Permitted { permit, outcome })
    });
    Ok(permitted.collect())
}

/// Decides on every role of a request. If one is refused, none may be written: a team that gets half of its
/// request would have to find out which half. `end` is when the request wants its assignments to end.
pub(crate) fn decide(
    policy: &Policy,
    ask: &Ask,
    (request, end): (&Request, Option<PlannedEnd>),
    target: &Target,
) -> Result<Vec<Decided>, Stop> {
    let gate = SecondGate { policy, ask, action: request.action, target, end };
    let decide = |name| gate.decide(name).map_err(|refusal| refusal.with_requested_name(name));
    let decisions: Vec<_> = request.roles.iter().map(decide).collect();
    if decisions.iter().all(Result::is_ok) {
        return Ok(decisions.into_iter().flatten().collect());
    }
    let refused = decisions.into_iter().map(|decision| match decision {
        Ok(decided) => not_attempted(decided.outcome),
        Err(refusal) => refusal,
    });
    Err(Stop::Final(target.answer(refused.collect())))
}

/// What the decision on a role depends on.
struct SecondGate<'a> {
    policy: &'a Policy,
    ask: &'a Ask,
    action: Action,
    target: &'a Target,
    end: Option<PlannedEnd>,
}

impl SecondGate<'_> {
    fn decide(&self, name: &RoleName) -> Result<Decided, RoleOutcome> {
        let (requester, action) = (&self.ask.requester, self.action);
        let Target { own, principal, api, .. } = self.target;
        let role = role_named(name, action, api)?;
        let privileged = Some(privileged::of_assignment(principal, api, &role).is_some());
        let question = Question {
            requester,
            action,
            principal,
            api,
            role: &role,
            own: *own,
            end: self.end,
            now: self.ask.started.at,
        };
        match self.policy.decide(&question) {
            Ok(decision) => {
                let is_allowed = matches!(decision, Decision::Allowed(_));
                let permit = decision.permit();
                let rule = Some(permit.rule().to_owned());
                let known = RoleOutcome::new(Status::NotAttempted)
                    .with_role(&role)
                    .with_requested_name(name);
                let known = match principal.kind {
                    PrincipalKind::AgentBlueprint => known.with_message(INHERITED),
                    _ => known,
                };
                let approved_by = permit.approved_by().filter(|_| is_allowed).map(str::to_owned);
                let outcome = RoleOutcome { rule, approved_by, privileged, ..known };
                Ok(Decided { decision, outcome })
            }
            Err(denial) => {
                tracing::warn!(event = "request.denied", app_role_id = %role.id, "{denial}");
                let denied = RoleOutcome::denied(&denial).with_role(&role);
                Err(RoleOutcome { privileged, ..denied })
            }
        }
    }
}

/// The outcome of a role that was not written because of another role of the request.
pub(crate) fn not_attempted(outcome: RoleOutcome) -> RoleOutcome {
    RoleOutcome { status: Status::NotAttempted, ..outcome }
        .with_message("nothing was done, because of another role of the request")
}

/// The role with this name, if it can be assigned or revoked; otherwise the outcome that says why not.
pub fn role_named(name: &RoleName, action: Action, api: &Api) -> Result<AppRole, RoleOutcome> {
    match action {
        Action::Assign => assignable_role(name, api),
        Action::Revoke => revocable_role(name, api),
    }
}

/// A role that can be assigned to an application.
fn assignable_role(name: &RoleName, api: &Api) -> Result<AppRole, RoleOutcome> {
    let role = api.role(name).map_err(|problem| no_such_role(&problem))?;
    let (code, message) = if !role.is_enabled {
        (Code::RoleDisabled, "the role is disabled and cannot be assigned")
    } else if !role.is_for_applications {
        (Code::RoleNotForApplications, "the role is for users only, not for applications")
    } else {
        return Ok(role);
    };
    Err(RoleOutcome::new(Status::Invalid).with_code(code).with_message(message).with_role(&role))
}

/// A role that can be revoked: any role, a disabled one as well, and by its id a role that the API no
/// longer defines.
fn revocable_role(name: &RoleName, api: &Api) -> Result<AppRole, RoleOutcome> {
    match (api.role(name), name) {
        (Ok(role), _) => Ok(role),
        (Err(_), RoleName::Id(id)) => Ok(AppRole::known_by_id(*id)),
        (Err(_), RoleName::DefaultAccess) => Ok(AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS)),
        (Err(problem), RoleName::Value(_)) => Err(no_such_role(&problem)),
    }
}

fn no_such_role(problem: &NoSuchRole) -> RoleOutcome {
    let (status, code) = match problem {
        NoSuchRole::Ambiguous => (Status::Ambiguous, Code::RoleAmbiguous),
        NoSuchRole::Unknown(_) | NoSuchRole::HasRoles => (Status::NotFound, Code::RoleNotFound),
    };
    let outcome = RoleOutcome::new(status).with_code(code).with_message(&problem.to_string());
    match problem {
        NoSuchRole::Unknown(suggestions) => {
            RoleOutcome { suggestions: suggestions.clone(), ..outcome }
        }
        _ => outcome,
    }
}
