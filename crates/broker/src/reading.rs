//! Reading what a principal holds.

use std::sync::Arc;

use app_roles::{
    assignment_list::{AssignmentList, HeldRole},
    directory::{Api, AppRole, Assignment},
    ids::AppRoleId,
    names::{ApiName, PrincipalName},
    outcome::{Failure, RoleOutcome, Status},
    policy::{Policy, VisibleRoles},
    privileged,
};

use record::ends::PrincipalEnds;

use crate::{
    answer::Answer,
    ask::Ask,
    assignment_ends::AssignmentEnds,
    directory::{Directory, Target},
    recorded::Recorded,
    recorder::Recorder,
    stop::{Again, Stop},
};

/// The answer to a requester that reads what a principal holds.
#[derive(Debug)]
pub enum Reading {
    /// The assignments that the policy shows to the requester.
    Listed(Box<AssignmentList>),
    /// Why nothing is shown: a result with one outcome, which names no role.
    Refused(Recorded),
}

/// Reads what principals hold.
pub(crate) struct Reader {
    policy: Arc<Policy>,
    directory: Arc<Directory>,
    recorder: Arc<Recorder>,
    ends: Arc<AssignmentEnds>,
}

impl Reader {
    pub(crate) fn new(
        policy: Arc<Policy>,
        directory: Arc<Directory>,
        recorder: Arc<Recorder>,
        ends: Arc<AssignmentEnds>,
    ) -> Self {
        Self { policy, directory, recorder, ends }
    }

    /// Reads what a principal holds on an API, and records that it was read.
    pub(crate) async fn read(
        &self,
        ask: &Ask,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> Reading {
        // The first gate: a requester that no rule names learns nothing about the tenant.
        let now = ask.started.at;
        let admitted = self.policy.admit_reading(&ask.requester, principal, api, now);
        if let Err(denial) = admitted {
            return self.refused(ask, None, Stop::denied(&denial));
        }
        let mut target = match self.directory.resolve_names(ask, principal, api).await {
            Ok(target) => target,
            Err(stop) => return self.refused(ask, None, stop),
        };
        match self.held_roles(ask, &mut target).await {
            Ok(held) => Reading::Listed(Box::new(self.recorder.record_reading(ask, &target, held))),
            Err(stop) => self.refused(ask, Some(&target), stop),
        }
    }

    async fn held_roles(&self, ask: &Ask, target: &mut Target) -> Result<Vec<HeldRole>, Stop> {
        // The second gate, before the list is read.
        self.visible_roles(ask, target)?;
        let mut held = self.directory.held(target, ask.deadline).await?.into_readable();
        held.retain(|one| one.api == target.api.object_id);
        if held.iter().any(|one| role(&target.api, one.role).is_none()) {
            target.api = self.directory.refreshed_api(target, ask.deadline).await?;
        }
        let view = self.visible_roles(ask, target)?;
        let principal = target.principal.object_id;
        let ends = match held.is_empty() {
            true => PrincipalEnds::default(),
            false => self.ends.of(principal, ask.deadline).await.map_err(no_ends)?,
        };
        let shown = held.into_iter().filter_map(|one| {
            let end = ends.end_of(principal, &one);
            Some(shown(one, target, &view)?.with_end(end))
        });
        Ok(shown.collect())
    }

    /// The roles of a target that the policy shows to the requester.
    fn visible_roles<'a>(
        &'a self,
        ask: &Ask,
        target: &'a Target,
    ) -> Result<VisibleRoles<'a>, Stop> {
        let Target { own, principal, api, .. } = target;
        let asked = (principal, api.as_ref());
        let view = self.policy.visible_roles(&ask.requester, asked, *own, ask.started.at);
        view.map_err(|denial| Stop::denied(&denial))
    }

    fn refused(&self, ask: &Ask, target: Option<&Target>, stop: Stop) -> Reading {
        let answer = match stop {
            Stop::Final(answer) => answer,
            Stop::Again(again) | Stop::GiveUp(again) => {
                again.answers.into_iter().next().unwrap_or_default()
            }
        };
        Reading::Refused(self.recorder.record_refused_reading(ask, target, answer))
    }
}

/// The end of a read without the table of ends: it is not known whether an assignment ends.
fn no_ends(failure: Failure) -> Stop {
    Stop::Again(Again::after(vec![Answer::for_all(
        RoleOutcome::new(Status::Failed).with_failure(failure),
    )]))
}

/// A role by its id, if the API defines it. Default access is always defined.
fn role(api: &Api, id: AppRoleId) -> Option<AppRole> {
    let default = (id == AppRoleId::DEFAULT_ACCESS).then(|| AppRole::known_by_id(id));
    default.or_else(|| api.roles.iter().find(|role| role.id == id).cloned())
}

/// An assignment as the requester sees it, if a rule shows it.
fn shown(assignment: Assignment, target: &Target, view: &VisibleRoles<'_>) -> Option<HeldRole> {
    let (Target { principal, api, .. }, id) = (target, assignment.role);
    let role = role(api, id).unwrap_or_else(|| AppRole::known_by_id(id));
    let rule = view.rule_for(&role)?;
    let privileged = privileged::of_assignment(principal, api, &role).is_some();
    Some(HeldRole::new(&role, privileged, assignment, rule))
}
