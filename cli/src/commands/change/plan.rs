//! The plan of a change, made before anything is changed.

use std::sync::Arc;

use app_roles::{
    directory::{Api, AppRole, Principal},
    held::{HeldAssignments, Holding},
    names::RoleName,
    outcome::{Code, RoleOutcome, Status},
    policy::{Caution, Decision, Gap, OperatorConsent, Permit, Question},
    privileged,
    request::{Action, Request},
    requester::Requester,
};
use broker::{Answer, role_named};
use microsoft_graph::error::GraphError;
use time::OffsetDateTime;

use crate::{
    approvers,
    failure::Failure,
    output::{Line, Screen, Tone},
    request::RequestArguments,
    result::word,
    session::Session,
};

/// The plan of a change.
#[derive(Debug)]
pub(super) struct Plan {
    action: Action,
    pub(super) principal: Principal,
    pub(super) api: Arc<Api>,
    /// All assignments of the principal.
    pub(super) held: HeldAssignments,
    pub(super) steps: Vec<Step>,
}

/// The operator's request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) names: &'a RequestArguments,
    pub(super) request: &'a Request,
    pub(super) privileged: bool,
    /// The requester about whom the policy is asked. `None` if no policy applies.
    pub(super) requester: Option<&'a Requester>,
}

/// The plan of one role.
#[derive(Debug)]
pub(super) struct Step {
    /// The outcome of a dry run.
    pub(super) outcome: RoleOutcome,
    /// The permission to write, if there is something to change.
    pub(super) permit: Option<Permit>,
    /// Why the change needs `--privileged`.
    cautions: Vec<Caution>,
    /// The decision of the policy.
    advice: String,
}

impl Plan {
    /// Looks up the names of a request and plans each role.
    pub(super) async fn make(session: &Session, asked: Asked<'_>) -> Result<Self, Failure> {
        let Asked { names, request, .. } = asked;
        let directory = session.directory();
        let principal = match request.action {
            Action::Assign => directory.new_principal(&names.principal).await?,
            Action::Revoke => directory.principal(&names.principal).await?,
        };
        let api = directory.api(&names.api).await?;
        let held = directory.assignments(&principal).await?;
        let action = request.action;
        let mut plan = Self { action, principal, api, held, steps: Vec::new() };
        for name in &request.roles {
            let step = plan.step(session, name, asked);
            plan.steps.push(step);
        }
        plan.withhold();
        Ok(plan)
    }

    fn step(&self, session: &Session, name: &RoleName, asked: Asked<'_>) -> Step {
        let role = match role_named(name, self.action, &self.api) {
            Ok(role) => role,
            Err(outcome) => return Step::impossible(outcome.with_requested_name(name)),
        };
        let consent = OperatorConsent {
            operator: session.operator(),
            action: self.action,
            principal: &self.principal,
            held: &self.held,
            api: &self.api,
            role: &role,
            privileged: asked.privileged,
        };
        let why = privileged::of_assignment(&self.principal, &self.api, &role);
        let known = RoleOutcome {
            privileged: Some(why.is_some()),
            ..RoleOutcome::new(Status::NotAttempted).with_role(&role).with_requested_name(name)
        };
        let cautions = session.policy().cautions(&consent);
        let ask = |requester| advice(session, &consent, requester);
        let advice = asked.requester.map(ask).unwrap_or_default();
        match session.policy().operator_permit(&consent) {
            Ok(permit) => {
                let rule = Some(permit.rule().to_owned());
                let (outcome, permit) =
                    self.dry_run_of(RoleOutcome { rule, ..known }, &role, permit);
                Step { outcome, permit, cautions, advice }
            }
            Err(_) => Step { outcome: blocked(known, &cautions), permit: None, cautions, advice },
        }
    }

    /// Compares a role with what the principal holds. The permit is kept if there is something to change.
    fn dry_run_of(
        &self,
        outcome: RoleOutcome,
        role: &AppRole,
        permit: Permit,
    ) -> (RoleOutcome, Option<Permit>) {
        let holding = self.held.holding(self.api.object_id, role.id);
        let (status, permit) = match (self.action, holding) {
            (Action::Assign, Holding::Held(_)) => (Status::AlreadyAssigned, None),
            (Action::Assign, Holding::NotHeld | Holding::Unclear) => {
                (Status::WouldAssign, Some(permit))
            }
            (Action::Revoke, Holding::Held(_)) => (Status::WouldRevoke, Some(permit)),
            (Action::Revoke, Holding::NotHeld) => (Status::AlreadyRevoked, None),
            (Action::Revoke, Holding::Unclear) => {
                let failure = GraphError::unclear_assignment().into_failure();
                return (outcome.with_failure(failure), None);
            }
        };
        let outcome = RoleOutcome { status, ..outcome };
        match holding {
            Holding::Held(assignment) => (outcome.with_assignment(assignment.clone()), permit),
            Holding::NotHeld | Holding::Unclear => (outcome, permit),
        }
    }

    /// If one role cannot be changed, changes none: an operator does not expect half of a request to be
    /// done.
    fn withhold(&mut self) {
        if !self.steps.iter().any(|step| step.outcome.is_refusal()) {
            return;
        }
        for step in self.steps.iter_mut().filter(|step| step.permit.is_some()) {
            step.permit = None;
            step.outcome.status = Status::NotAttempted;
            let outcome = step.outcome.clone();
            step.outcome = outcome.with_message("skipped, because another role was refused");
        }
    }

    /// The number of roles to change.
    pub(super) fn changes(&self) -> usize {
        self.steps.iter().filter(|step| step.permit.is_some()).count()
    }

    /// The answer of a dry run.
    pub(super) fn dry_run(self) -> Answer {
        let roles = self.steps.into_iter().map(|step| step.outcome).collect();
        Answer::about(&self.principal, &self.api, roles)
    }

    /// Returns whether a role needs `--privileged`.
    pub(super) fn is_blocked(&self) -> bool {
        self.steps.iter().any(|step| step.outcome.status == Status::Denied)
    }

    /// Prints the plan and, with `show_policy`, which policy applies.
    pub(super) fn show(&self, screen: Screen, show_policy: impl FnOnce(Screen)) {
        let Self { principal, api, .. } = self;
        let (name, id) = (&principal.display_name, principal.object_id);
        screen.say(format!("Principal: {name} (object ID {id})"));
        if let Some(resource) = &principal.resource_id {
            screen.say(format!("Resource:  {resource}"));
        }
        let (name, id) = (&api.display_name, api.app_id);
        screen.say(format!("API:       {name} (app ID {id})"));
        show_policy(screen);
        screen.say("");
        let headers = ["ROLE", "PRIVILEGED", "CHANGE", "POLICY"];
        screen.table(&headers, self.steps.iter().map(Step::row));
        for step in &self.steps {
            for caution in &step.cautions {
                let sentence = format!("warning: {}: {caution}", step.name());
                screen.say(Line::painted(Tone::Warning, &sentence));
            }
        }
        screen.say("");
    }
}

/// Returns the verb of a question.
pub(super) fn verb(action: Action) -> &'static str {
    match action {
        Action::Assign => "Assign",
        Action::Revoke => "Revoke",
    }
}

impl Step {
    /// The step of a role that no operator can change.
    fn impossible(outcome: RoleOutcome) -> Self {
        Self { outcome, permit: None, cautions: Vec::new(), advice: String::new() }
    }

    fn name(&self) -> String {
        let RoleOutcome { value, requested, .. } = &self.outcome;
        value.clone().or_else(|| requested.clone()).unwrap_or_default()
    }

    fn row(&self) -> Vec<String> {
        let privileged = match self.outcome.privileged {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let change = word(&self.outcome.status);
        vec![self.name(), privileged.to_owned(), change, self.advice.clone()]
    }
}

/// The outcome of a change that needs `--privileged`.
fn blocked(known: RoleOutcome, cautions: &[Caution]) -> RoleOutcome {
    let code = match cautions.first() {
        Some(Caution::Oneself | Caution::CanAssignRoles) => Code::OwnIdentity,
        Some(Caution::PrivilegedRole(_) | Caution::AgentBlueprint) => Code::PrivilegedRole,
        Some(Caution::NoPolicy(_)) => Code::NoPolicy,
        _ => Code::Protected,
    };
    let reasons: Vec<_> = cautions.iter().map(ToString::to_string).collect();
    RoleOutcome { status: Status::Denied, ..known }
        .with_code(code)
        .with_message(&reasons.join("; "))
}

/// Returns the decision of the policy, which does not bind the operator.
fn advice(session: &Session, consent: &OperatorConsent<'_>, requester: &Requester) -> String {
    let question = Question {
        requester,
        action: consent.action,
        principal: consent.principal,
        api: consent.api,
        role: consent.role,
        own: session.own_identity(None),
        end: None,
        now: OffsetDateTime::now_utc(),
    };
    let policy = session.policy();
    let denial = match policy.decide(&question) {
        Ok(Decision::Allowed(permit)) => return format!("allowed by rule {:?}", permit.rule()),
        Ok(Decision::NeedsApproval(unapproved)) => {
            return approvers::too_few(&unapproved).map_or_else(
                || format!("rule {:?} allows it after an approval", unapproved.permit().rule()),
                |never| format!("denied: {never}"),
            );
        }
        Err(denial) => denial,
    };
    match policy.explanation().of_change(&question).first() {
        Some(near) if matches!(near.gaps.as_slice(), [Gap::Requester(_)]) => {
            format!("rule {:?} allows other requesters", near.summary.rule)
        }
        _ => denial.to_string(),
    }
}
