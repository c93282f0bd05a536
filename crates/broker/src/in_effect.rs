//! What an earlier delivery of a request has put into effect.
//!
//! A delivery may write and then fail, or end with its process. The answer of the next delivery must not
//! contradict the tenant, whatever the clock, the mode or the policy says by then.

use std::collections::BTreeSet;

use app_roles::{
    held::Holding,
    outcome::{Code, RoleOutcome, Status},
    request::{Action, Request},
};
use record::ends::PrincipalEnds;

use crate::{
    answer::Answer,
    ask::Ask,
    assignment_ends::AssignmentEnds,
    decide::role_named,
    directory::{Directory, Target},
    stop::{Again, Stop},
    write_claims::WriteClaims,
};

/// The message to a requester when an earlier delivery may have written something.
const MAY_BE_DONE: &str =
    "an earlier delivery may have made the change, so read what the principal holds";

/// The roles of a redelivered request that are in effect already.
#[derive(Debug)]
pub(crate) struct InEffect {
    /// What the request means, with what the principal holds.
    pub(crate) target: Target,
    /// For each role of the request, its outcome if it is in effect.
    roles: Vec<Option<RoleOutcome>>,
}

/// Which roles in effect a requester may be told of. A requester that the policy refuses learns nothing about
/// the tenant, except what its own message has changed.
struct Told {
    /// Whether the policy allows the request now.
    is_allowed: bool,
    /// For each role of the request, whether an earlier delivery has changed it, or may have changed it.
    is_changed: Vec<bool>,
}

impl InEffect {
    /// Reads which roles are in effect. `None` if a name of the request is unknown or ambiguous: then no
    /// delivery can have written anything.
    pub(crate) async fn read(
        (directory, ends): (&Directory, &AssignmentEnds),
        ask: &Ask,
        request: &Request,
    ) -> Result<Option<Self>, Stop> {
        let mut target = match directory.resolve(ask, request).await {
            Ok(target) => target,
            Err(Stop::Final(_)) => return Ok(None),
            Err(stop) => return Err(unread(stop)),
        };
        target.held = directory.held(&target, ask.deadline).await.map_err(unread)?;
        let ends = read_ends(ends, ask, (request, &target)).await?;
        let in_effect = |name| {
            let role = role_named(name, request.action, &target.api).ok()?;
            let known = RoleOutcome::new(Status::AlreadyRevoked).with_role(&role);
            let known = known.with_requested_name(name);
            match (request.action, target.held.holding(target.api.object_id, role.id)) {
                (Action::Assign, Holding::Held(assignment)) => {
                    let known = RoleOutcome { status: Status::AlreadyAssigned, ..known };
                    let end = ends.end_of(target.principal.object_id, assignment);
                    Some(known.with_assignment(assignment.clone()).with_end(end))
                }
                (Action::Revoke, Holding::NotHeld) => Some(known),
                _ => None,
            }
        };
        let roles = request.roles.iter().map(in_effect).collect();
        Ok(Some(Self { target, roles }))
    }

    /// Keeps an answer from contradicting the tenant: a role that is in effect is not reported as expired,
    /// failed, not attempted or denied. `is_allowed` says whether the policy allows the request now.
    pub(crate) async fn correct(
        self,
        (claims, ask): (&WriteClaims, &Ask),
        request: &Request,
        (outcome, is_allowed): (Result<Answer, Stop>, bool),
    ) -> Result<Answer, Stop> {
        if self.roles.iter().all(Option::is_none) {
            return outcome;
        }
        let is_denied = match &outcome {
            Ok(answer) | Err(Stop::Final(answer)) => {
                answer.roles.iter().any(|role| role.status == Status::Denied)
            }
            Err(_) => false,
        };
        let changed = match is_denied || !is_allowed {
            true => claims.changed_before(ask, self.target.principal.object_id).await?,
            false => BTreeSet::new(),
        };
        let is_changed = self.roles.iter().map(|known| {
            let role = known.as_ref().and_then(|known| known.id);
            role.is_some_and(|role| changed.contains(&(self.target.api.object_id, role)))
        });
        let told = Told { is_allowed, is_changed: is_changed.collect() };
        let outcome = outcome.map(|answer| self.correct_answer(request, answer, &told));
        outcome.map_err(|stop| stop.with(|answer| self.correct_answer(request, answer, &told)))
    }

    fn correct_answer(&self, request: &Request, answer: Answer, told: &Told) -> Answer {
        let mut answer = answer.for_each_role_of(request);
        let mut is_corrected = false;
        let roles = answer.roles.iter_mut().zip(&self.roles).zip(&told.is_changed);
        for ((role, known), is_changed) in roles {
            let Some(known) = known else { continue };
            let is_told = *is_changed || (told.is_allowed && role.status != Status::Denied);
            if is_told && !agrees_with_effect(role.status) {
                *role = known.clone();
                is_corrected = true;
            }
        }
        if is_corrected {
            let Answer { principal, api, .. } = self.target.answer(Vec::new());
            answer.principal = answer.principal.or(principal);
            answer.api = answer.api.or(api);
        }
        answer
    }
}

/// Whether a status may be reported for a role that is in effect.
fn agrees_with_effect(status: Status) -> bool {
    use Status::{Denied, Expired, Failed, NotAttempted, Unknown};
    !matches!(status, Expired | Failed | Unknown | NotAttempted | Denied)
}

/// Reads the ends of the assignments that are held. The answer shows them even if its delivery writes
/// nothing.
async fn read_ends(
    ends: &AssignmentEnds,
    ask: &Ask,
    (request, target): (&Request, &Target),
) -> Result<PrincipalEnds, Stop> {
    if request.action == Action::Revoke || target.held.is_empty() {
        return Ok(PrincipalEnds::default());
    }
    let read = ends.of(target.principal.object_id, ask.deadline).await;
    read.map_err(|failure| Stop::Again(Again::without_record(&failure)))
}

/// Corrects the answers of a delivery that could not read what is held. An earlier delivery may have
/// written every role, so no role is reported as failed.
fn unread(stop: Stop) -> Stop {
    stop.with(|mut answer| {
        // Without a principal, no delivery can have written anything.
        let failed = answer.roles.iter_mut().filter(|role| {
            role.status == Status::Failed && role.code != Some(Code::PrincipalNotFound)
        });
        for role in failed {
            let reason = role.message.as_deref().unwrap_or("Microsoft Graph did not answer");
            role.message = Some(format!("{reason}; {MAY_BE_DONE}"));
            role.status = Status::Unknown;
        }
        answer
    })
}
