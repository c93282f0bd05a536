//! Applies the baseline to an identity.

use std::sync::Arc;

use app_roles::{
    baseline_role::{self, BaselineRole},
    directory::{Api, Assignment, Principal},
    event::{BaselineCheckRequested, Ignored, ResourceWritten},
    held::HeldAssignments,
    names::{ApiName, PrincipalName},
    outcome::{RoleOutcome, Status},
    policy::{OwnIdentity, ProposedAssignment},
    privileged,
};
use microsoft_graph::Lookup;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    answer::Answer,
    ask::Ask,
    asked::Asked,
    baseline_outcome::Applied,
    baseline_roles::{BaselineRoles, Granted},
    checked_resources::CheckedResources,
    confirmation::Confirmation,
    decide::Permitted,
    directory::Target,
    mode::Mode,
    resource_identities::{ManagedIdentity, ResourceIdentities, baseline_failure},
    stop::{Again, Stop},
    work::{Done, End, Work},
    writer::Writer,
};

/// Applies the baseline to identities.
pub(crate) struct Baseline {
    mode: Mode,
    roles: Arc<BaselineRoles>,
    identities: ResourceIdentities,
    confirmation: Arc<Confirmation>,
    writer: Arc<Writer>,
    checked: CheckedResources,
}

impl Baseline {
    pub(crate) fn new(
        mode: Mode,
        roles: Arc<BaselineRoles>,
        identities: ResourceIdentities,
        (confirmation, writer): (Arc<Confirmation>, Arc<Writer>),
    ) -> Self {
        Self { mode, roles, identities, confirmation, writer, checked: CheckedResources::default() }
    }

    /// Assigns the missing roles to the identity of a resource that was written.
    pub(crate) async fn apply(
        &self,
        ask: &Ask,
        written: &ResourceWritten,
    ) -> Result<Applied, Stop> {
        if !self.roles.policy.baseline_covers(&written.resource, ask.started.at) {
            return Ok(Applied::Ignored(Ignored::NoRule));
        }
        self.mode.check()?;
        let max_age = self.identities.timing.settled;
        let key = written.resource.key();
        let check = self.checked.begin(key, ask.deadline).await.ok_or_else(|| {
            Stop::again("another event about the same resource was worked on for too long")
        })?;
        // A redelivered message may be done without its record, so it is not skipped.
        if ask.is_first_delivery() && check.covers(written.time, max_age) {
            return Ok(Applied::Ignored(Ignored::Settled));
        }
        // An invocation that waited for another one has waited for the identity, too.
        let waits_for_replication = ask.waits_for_replication && !check.waited();
        let ask = Ask { waits_for_replication, ..ask.clone() };
        let own = self.own_identity(&ask).await?;
        let Some(identity) = self.identities.find(&ask, written, own).await? else {
            // Not remembered: the next event may be about an identity that this check did not see.
            return Ok(Applied::Ignored(Ignored::NoIdentity));
        };
        if let ManagedIdentity::FromArm(principal) = &identity {
            self.confirmation.remember(&written.resource, principal.object_id);
        }
        let applied = self.apply_to(&ask, identity, own, written.time).await?;
        check.finish(written.time);
        Ok(applied)
    }

    /// Assigns the missing roles to an identity that reconciliation found. The check itself proves nothing:
    /// the identity is looked up again, and the baseline decides.
    pub(crate) async fn check(
        &self,
        ask: &Ask,
        check: &BaselineCheckRequested,
    ) -> Result<Applied, Stop> {
        if self.roles.policy.baseline().is_empty() {
            return Ok(Applied::Ignored(Ignored::NoRule));
        }
        self.mode.check()?;
        let max_age = self.identities.timing.settled;
        let key = check.principal.to_string();
        let turn = self.checked.begin(&key, ask.deadline).await.ok_or_else(|| {
            Stop::again("another check of the same identity was worked on for too long")
        })?;
        if ask.is_first_delivery() && turn.covers(check.time, max_age) {
            return Ok(Applied::Ignored(Ignored::Settled));
        }
        let own = self.own_identity(ask).await?;
        let name = PrincipalName::ObjectId(check.principal);
        let found = self.roles.graph.service_principals().find(&name, ask.deadline).await;
        let Lookup::Found(principal) = found.map_err(baseline_failure)? else {
            // It was listed, so it has been deleted. If not, the next reconciliation lists it again.
            return Ok(Applied::Ignored(Ignored::NoIdentity));
        };
        let identity = ManagedIdentity::FromGraph(principal);
        let applied = self.apply_to(ask, identity, own, check.time).await?;
        turn.finish(check.time);
        Ok(applied)
    }

    async fn own_identity(&self, ask: &Ask) -> Result<OwnIdentity, Stop> {
        self.identities.directory.own_identity(ask.deadline).await.map_err(baseline_failure)
    }

    /// Assigns an identity its missing roles. `since` is the time of the cause.
    async fn apply_to(
        &self,
        ask: &Ask,
        identity: ManagedIdentity,
        own: OwnIdentity,
        since: Option<OffsetDateTime>,
    ) -> Result<Applied, Stop> {
        if let Err(denial) = self.roles.policy.check_principal(identity.principal(), own) {
            tracing::warn!(event = "baseline.denied", "{denial}");
            return Ok(Applied::Ignored(Ignored::Guarded));
        }
        let granted = self.roles.of(ask, identity.principal(), own).await;
        let granted = granted.map_err(baseline_failure)?;
        if granted.roles.is_empty() {
            return Ok(Applied::Answers(Vec::new()));
        }
        let (identity, held) = self.identities.held(ask, identity).await?;
        if !self.mode.only_reports() {
            self.keep(ask, &granted, (identity.principal(), &held)).await?;
        }
        let since = since.filter(|_| !ask.is_first_delivery());
        let mut answers = assigned_before(&granted, identity.principal(), &held, since);
        let held = held.iter().map(|one| (one.api, one.role));
        let missing = baseline_role::missing(granted.roles, held);
        if missing.is_empty() {
            return Ok(Applied::Answers(answers));
        }
        let principal = self.identities.in_graph(ask, identity).await?;
        for (name, api) in granted.apis {
            let target = Target {
                own,
                principal: principal.clone(),
                api_name: name,
                api,
                held: HeldAssignments::default(),
            };
            let first_row = answers.iter().map(|answer| answer.roles.len()).sum();
            let work = Work { ask, asked: Asked::Baseline, target: &target, first_row };
            let done = match self.assign_missing(&work, &missing).await {
                Ok(done) => done,
                Err(stop) => return Err(stop.for_operators(answers)),
            };
            let end = done.end;
            if !done.roles.is_empty() {
                answers.push(done.answer(&target));
            }
            if end == End::Obstacle {
                return Err(Stop::Again(Again::after(answers)));
            }
        }
        if Answer::failures(&answers).is_some() {
            return Err(Stop::GiveUp(Again::after(answers)));
        }
        Ok(Applied::Answers(answers))
    }

    /// Drops the end that a request has given to an assignment, if the baseline grants the role, too.
    async fn keep(
        &self,
        ask: &Ask,
        granted: &Granted,
        (principal, held): (&Principal, &[Assignment]),
    ) -> Result<(), Stop> {
        let wanted = held.iter().filter(|one| {
            granted.roles.iter().any(|wanted| wanted.api == one.api && wanted.role.id == one.role)
        });
        let kept = self.writer.keep(ask, principal.object_id, wanted).await;
        kept.map_err(|failure| Stop::Again(Again::without_record(&failure)))
    }

    /// Assigns the missing roles of one API. The policy decides on each role, based on what Microsoft Graph
    /// says about the principal.
    async fn assign_missing(
        &self,
        work: &Work<'_>,
        missing: &[BaselineRole],
    ) -> Result<Done, Stop> {
        let Work { ask, target, .. } = *work;
        let wanted = missing.iter().filter(|wanted| wanted.api == target.api.object_id);
        let permitted = wanted.map(|wanted| self.permit(ask, target, wanted));
        let permitted: Vec<_> = permitted.collect::<Result<_, _>>()?;
        if self.mode.only_reports() {
            let roles = permitted.into_iter().map(|one| one.outcome).collect();
            return Ok(Done { roles, ..Done::nothing() });
        }
        let permitted = self.confirmation.confirm(ask, target, permitted).await?;
        Ok(self.writer.write(work, permitted).await)
    }

    /// The permit for a role that the identity should have. A denial means that Microsoft Graph contradicts
    /// Azure Resource Manager, according to which the role is missing.
    fn permit(&self, ask: &Ask, target: &Target, wanted: &BaselineRole) -> Result<Permitted, Stop> {
        let (role, Target { own, principal, api, .. }) = (&wanted.role, target);
        let proposed = ProposedAssignment { principal, api, role, own: *own, now: ask.started.at };
        let permit = self.roles.policy.decide_baseline(&proposed).map_err(|denial| {
            let resource = principal.resource_id.as_ref();
            let resource = resource.map_or_else(|| "no resource".to_owned(), ToString::to_string);
            Stop::GiveUp(Again::because(format!(
                "Azure Resource Manager and Microsoft Graph disagree about the identity {}. Microsoft \
                 Graph says that it belongs to {resource}, and then the baseline gives it nothing: \
                 {denial}",
                principal.object_id
            )))
        })?;
        let outcome = outcome((principal, api), wanted, permit.rule(), Status::WouldAssign);
        let approved_by = permit.approved_by().map(str::to_owned);
        let outcome = RoleOutcome { approved_by, ..outcome };
        Ok(Permitted { permit, outcome })
    }
}

/// Roles that earlier deliveries of an event have assigned but could not record: those that are held and
/// were assigned after `since`. None on the first delivery, or without `since`.
fn assigned_before(
    granted: &Granted,
    principal: &Principal,
    held: &[Assignment],
    since: Option<OffsetDateTime>,
) -> Vec<Answer> {
    let Some(since) = since else { return Vec::new() };
    let assigned = |api: &Api, wanted: &BaselineRole| {
        let is_it = |one: &&Assignment| one.api == wanted.api && one.role == wanted.role.id;
        let assignment = held.iter().find(is_it).filter(|one| is_since(one, since))?;
        let outcome = outcome((principal, api), wanted, &wanted.rule, Status::AlreadyAssigned);
        Some(outcome.with_assignment(assignment.clone()))
    };
    let about = |(_, api): &(ApiName, Arc<Api>)| {
        let roles = granted.roles.iter().filter(|wanted| wanted.api == api.object_id);
        let roles = roles.filter_map(|wanted| assigned(api, wanted)).collect();
        Answer::about(principal, api, roles)
    };
    granted.apis.iter().map(about).filter(|answer| !answer.roles.is_empty()).collect()
}

fn is_since(assignment: &Assignment, moment: OffsetDateTime) -> bool {
    let created = assignment.created.as_deref();
    let created = created.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    created.is_some_and(|created| created >= moment)
}

/// The outcome of a role that a rule of the baseline gives.
fn outcome(
    (principal, api): (&Principal, &Api),
    wanted: &BaselineRole,
    rule: &str,
    status: Status,
) -> RoleOutcome {
    let role = &wanted.role;
    let outcome = RoleOutcome {
        rule: Some(rule.to_owned()),
        privileged: Some(privileged::of_assignment(principal, api, role).is_some()),
        ..RoleOutcome::new(status)
    };
    outcome.with_role(role)
}
