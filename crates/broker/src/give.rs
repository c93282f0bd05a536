//! Writing what the baseline gives, and the record of it.

use std::sync::Arc;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Broker, Context, Decision, Unsettled,
    apply::{Asked, Then},
    baseline_roles::Baseline,
};
use app_roles::{
    directory::{Api, Assignment, Principal},
    names::ApiName,
    outcome::{RoleOutcome, Status},
    plan::Wanted,
    policy::{BaselineQuestion, OwnIdentity, Permit},
    privileged,
    request::Action,
};

impl Broker {
    /// Gives what is missing, API by API. The last look at each role is the policy's, on what Graph says
    /// of the principal.
    pub(super) async fn give(
        &self,
        context: Context<'_>,
        principal: &Principal,
        apis: &[(ApiName, Arc<Api>)],
        missing: &[Wanted],
        own: OwnIdentity,
    ) -> Result<Vec<Decision>, Unsettled> {
        let (mut decisions, mut again) = (Vec::new(), false);
        for (name, api) in apis {
            let wanted = missing.iter().filter(|wanted| wanted.api == api.object_id);
            let permits = wanted.filter_map(|wanted| self.permit(principal, api, wanted, own));
            let (roles, then) = self.give_roles(context, name, permits.collect()).await;
            if !roles.is_empty() {
                decisions.push(decision(principal, api, roles));
            }
            if matches!(then, Then::ComeBack) {
                again = true;
                break;
            }
        }
        match reason(&decisions) {
            None => Ok(decisions),
            Some(reason) => Err(Unsettled { decisions, reason, again }),
        }
    }

    /// Writes one role after another, since Graph refuses two writes to one principal at a time, until
    /// something keeps one from being written that would keep the others.
    async fn give_roles(
        &self,
        context: Context<'_>,
        api: &ApiName,
        permits: Vec<(Permit, RoleOutcome)>,
    ) -> (Vec<RoleOutcome>, Then) {
        if self.only_reports() {
            return (permits.into_iter().map(|(_, outcome)| outcome).collect(), Then::GoOn);
        }
        let mut roles = Vec::new();
        for (permit, outcome) in permits {
            let (outcome, then) = self.carry_out_one(context, api, &permit, outcome, &[]).await;
            roles.push(outcome);
            if matches!(then, Then::ComeBack) {
                return (roles, then);
            }
        }
        (roles, Then::GoOn)
    }

    fn permit(
        &self,
        principal: &Principal,
        api: &Api,
        wanted: &Wanted,
        own: OwnIdentity,
    ) -> Option<(Permit, RoleOutcome)> {
        let role = &wanted.role;
        match self.policy.decide_baseline(&BaselineQuestion { principal, api, role, own }) {
            Ok(permit) => {
                let known = outcome(api, wanted, permit.rule(), Status::WouldAssign);
                Some((permit, known))
            }
            // Graph says something else of the principal than Azure Resource Manager.
            Err(denial) => {
                tracing::warn!(event = "baseline.denied", app_role_id = %role.id, "{denial}");
                None
            }
        }
    }

    /// Writes the record of what the baseline gave, or would have given, a line for each role.
    pub fn audit_baseline(&self, context: Context<'_>, decisions: &[Decision]) {
        let asked = Asked {
            request_id: None,
            action: Some(Action::Assign),
            dry_run: Some(self.only_reports()),
        };
        for decision in decisions {
            for role in &decision.roles {
                self.record(context, asked, decision, role);
            }
        }
    }
}

/// What earlier deliveries of an event have given, and the host could not record because they did not
/// finish: what is held and was given since the event. Nothing on the first delivery, without `since`.
pub(super) fn given_before(
    baseline: &Baseline,
    principal: &Principal,
    held: &[Assignment],
    since: Option<OffsetDateTime>,
) -> Vec<Decision> {
    let Some(since) = since else { return Vec::new() };
    let given = |api: &Api, wanted: &Wanted| {
        let is_held = |one: &&Assignment| one.api == wanted.api && one.role == wanted.role.id;
        let assignment = held.iter().find(is_held).filter(|one| is_since(one, since))?;
        let known = outcome(api, wanted, &wanted.rule, Status::AlreadyAssigned);
        Some(known.with_assignment(assignment.clone()))
    };
    let about = |api: &Api| {
        let roles = baseline.roles.iter().filter(|wanted| wanted.api == api.object_id);
        decision(principal, api, roles.filter_map(|wanted| given(api, wanted)).collect())
    };
    let decisions = baseline.apis.iter().map(|(_, api)| about(api));
    decisions.filter(|decision| !decision.roles.is_empty()).collect()
}

fn is_since(assignment: &Assignment, moment: OffsetDateTime) -> bool {
    let created = assignment.created.as_deref();
    let created = created.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    created.is_some_and(|created| created >= moment)
}

/// What came of a role that a rule gives.
fn outcome(api: &Api, wanted: &Wanted, rule: &str, status: Status) -> RoleOutcome {
    let role = &wanted.role;
    let why = privileged::why(api.app_id, api.owner, role.id, role.value.as_deref());
    let rule = Some(rule.to_owned());
    let known = RoleOutcome { rule, privileged: Some(why.is_some()), ..RoleOutcome::new(status) };
    known.about(role)
}

fn decision(principal: &Principal, api: &Api, roles: Vec<RoleOutcome>) -> Decision {
    let (principal, api) = (Some(principal.into()), Some(api.into()));
    Decision { principal, api, roles, candidates: Vec::new() }
}

/// Why something was not done, if something was not.
fn reason(decisions: &[Decision]) -> Option<String> {
    let roles = decisions.iter().flat_map(|decision| &decision.roles);
    let failed = roles.filter(|role| role.status == Status::Failed);
    let mut reasons: Vec<_> =
        failed.map(|role| role.message.as_deref().unwrap_or("failed")).collect();
    reasons.dedup();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
