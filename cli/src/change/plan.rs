//! What a change would come to, before anything is changed.

use std::sync::Arc;

use app_roles::{
    directory::{Api, AppRole, Assignment, Principal},
    names::RoleName,
    outcome::{Code, RoleOutcome, Status},
    policy::{Caution, Gap, OperatorConsent, Permit, Policy, Question},
    privileged,
    request::{Action, Request},
};
use broker::{Decision, role_named};

use crate::{
    failure::Failure,
    output::{Screen, Tone, table},
    request::RequestArguments,
    result::word,
    session::Session,
};

/// What a change would come to.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) action: Action,
    pub(super) principal: Principal,
    pub(super) api: Arc<Api>,
    /// Everything that the principal holds.
    pub(super) held: Vec<Assignment>,
    pub(super) steps: Vec<Step>,
}

/// What would come of one role.
#[derive(Debug)]
pub(super) struct Step {
    /// What a dry run says of it.
    pub(super) outcome: RoleOutcome,
    /// Leave to change it, where it is to be changed.
    pub(super) permit: Option<Permit>,
    /// Why it must be meant.
    pub(super) cautions: Vec<Caution>,
    /// What the policy says, where the role is known.
    pub(super) advice: String,
}

impl Plan {
    /// Looks everything up.
    pub(super) async fn make(
        session: &Session,
        names: &RequestArguments,
        request: &Request,
        privileged: bool,
    ) -> Result<Self, Failure> {
        let principal = match request.action {
            Action::Assign => session.young_principal(&names.principal).await?,
            Action::Revoke => session.principal(&names.principal).await?,
        };
        let api = session.api(&names.api).await?;
        let held =
            session.broker.graph().assignments().list(&principal, session.deadline()).await?;
        let action = request.action;
        let mut plan = Self { action, principal, api, held, steps: Vec::new() };
        for name in &request.roles {
            let step = plan.step(session, name, privileged);
            plan.steps.push(step);
        }
        plan.withhold();
        Ok(plan)
    }

    fn step(&self, session: &Session, name: &RoleName, privileged: bool) -> Step {
        let role = match role_named(name, self.action, &self.api) {
            Ok(role) => role,
            Err(outcome) => return Step::impossible(outcome.requested(name)),
        };
        let consent = OperatorConsent {
            operator: session.operator,
            action: self.action,
            principal: &self.principal,
            held: &self.held,
            api: &self.api,
            role: &role,
            privileged,
        };
        let policy = session.broker.policy();
        let value = role.value.as_deref();
        let why = privileged::why(self.api.app_id, self.api.owner, role.id, value);
        let known = RoleOutcome {
            privileged: Some(why.is_some()),
            ..RoleOutcome::new(Status::NotAttempted).about(&role).requested(name)
        };
        let cautions = policy.cautions(&consent);
        let advice = advice(policy, session, &consent);
        match policy.operator_permit(&consent) {
            Ok(permit) => {
                let rule = Some(permit.rule().to_owned());
                let (outcome, permit) = self.rehearse(RoleOutcome { rule, ..known }, &role, permit);
                Step { outcome, permit, cautions, advice }
            }
            Err(_) => Step { outcome: blocked(known, &cautions), permit: None, cautions, advice },
        }
    }

    /// What a dry run says of a role; the permit is kept only if there is something to change.
    fn rehearse(
        &self,
        outcome: RoleOutcome,
        role: &AppRole,
        permit: Permit,
    ) -> (RoleOutcome, Option<Permit>) {
        let is_it = |one: &&Assignment| one.api == self.api.object_id && one.role == role.id;
        let existing = self.held.iter().find(is_it).cloned();
        let (status, permit) = match (self.action, existing.is_some()) {
            (Action::Assign, false) => (Status::WouldAssign, Some(permit)),
            (Action::Assign, true) => (Status::AlreadyAssigned, None),
            (Action::Revoke, true) => (Status::WouldRevoke, Some(permit)),
            (Action::Revoke, false) => (Status::AlreadyRevoked, None),
        };
        let outcome = RoleOutcome { status, ..outcome };
        (existing.into_iter().fold(outcome, RoleOutcome::with_assignment), permit)
    }

    /// If one role cannot be changed, none is: half of what was asked for is nobody's wish.
    fn withhold(&mut self) {
        if !self.steps.iter().any(|step| step.outcome.is_refusal()) {
            return;
        }
        for step in self.steps.iter_mut().filter(|step| step.permit.is_some()) {
            step.permit = None;
            step.outcome.status = Status::NotAttempted;
            let outcome = step.outcome.clone();
            step.outcome = outcome.because("nothing was done, because of another role");
        }
    }

    /// How many roles are to be changed.
    pub(super) fn changes(&self) -> usize {
        self.steps.iter().filter(|step| step.permit.is_some()).count()
    }

    /// What a dry run says.
    pub(super) fn rehearsed(self) -> Decision {
        let roles = self.steps.iter().map(|step| step.outcome.clone()).collect();
        self.decision(roles)
    }

    pub(super) fn decision(&self, roles: Vec<RoleOutcome>) -> Decision {
        Decision {
            principal: Some((&self.principal).into()),
            api: Some(self.api.as_ref().into()),
            roles,
            candidates: Vec::new(),
        }
    }

    /// Shows it to the operator.
    pub(super) fn show(&self, screen: Screen) {
        let Self { principal, api, .. } = self;
        let row = |what: &str, name: &str, id: String| vec![what.to_owned(), name.to_owned(), id];
        let mut rows = vec![
            row("principal", &principal.display_name, format!("object id {}", principal.object_id)),
            row("api", &api.display_name, format!("appId {}", api.app_id)),
        ];
        if let Some(resource) = &principal.resource_id {
            rows.insert(1, row("", "", resource.to_string()));
        }
        screen.say(&table(&[self.action.verb(), "", ""], rows.into_iter()));
        screen.say("");
        let headers = ["ROLE", "PRIVILEGED", "CHANGE", "THE POLICY SAYS"];
        screen.say(&table(&headers, self.steps.iter().map(Step::row)));
        for step in &self.steps {
            for caution in &step.cautions {
                let sentence = crate::output::shown(&format!("! {}: {caution}", step.name()));
                screen.say(&screen.paint(Tone::Careful, &sentence));
            }
        }
        screen.say("");
    }
}

impl Step {
    /// A role that cannot be changed whoever asks.
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

/// What must be spelled out and was not.
fn blocked(known: RoleOutcome, cautions: &[Caution]) -> RoleOutcome {
    let code = match cautions.first() {
        Some(Caution::Oneself | Caution::CanAssignRoles) => Code::OwnIdentity,
        Some(Caution::PrivilegedRole(_)) => Code::PrivilegedRole,
        Some(Caution::NoPolicy(_)) => Code::NoPolicy,
        _ => Code::Protected,
    };
    let reasons: Vec<_> = cautions.iter().map(ToString::to_string).collect();
    RoleOutcome { status: Status::Denied, ..known }.coded(code).because(&reasons.join("; "))
}

/// What the policy says to an operator: it does not decide here.
fn advice(policy: &Policy, session: &Session, consent: &OperatorConsent<'_>) -> String {
    let question = Question {
        requester: &session.requester,
        action: consent.action,
        principal: consent.principal,
        api: consent.api,
        role: consent.role,
        own: session.own(None),
    };
    let denial = match policy.decide(&question) {
        Ok(permit) => return format!("allowed by rule {:?}", permit.rule()),
        Err(denial) => denial,
    };
    match policy.nearest_rules(&question).first() {
        Some(near) if matches!(near.gaps.as_slice(), [Gap::Requester(_)]) => {
            format!("rule {:?} allows it to other requesters", near.rule)
        }
        _ => denial.to_string(),
    }
}
