//! What an earlier delivery of a request has put into effect.
//!
//! A delivery may write and then fail, or end with its process. The answer of the next delivery must not
//! contradict the tenant, whatever the clock, the mode or the policy says by then.

use app_roles::{
    held::Holding,
    outcome::{Code, RoleOutcome, Status},
    request::{Action, Request},
};
use record::ends::PrincipalEnds;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    answer::Answer,
    ask::Ask,
    assignment_ends::AssignmentEnds,
    decide::role_named,
    directory::{Directory, Target},
    stop::{Again, Stop},
};

/// The largest expected difference between the clocks of this machine, the queue and Graph.
const CLOCK_SKEW: Duration = Duration::seconds(5);

/// The message to a requester when an earlier delivery may have written something.
const MAY_BE_DONE: &str =
    "an earlier delivery may have made the change, so read what the principal holds";

/// The roles of a redelivered request that are in effect already.
#[derive(Debug)]
pub(crate) struct InEffect {
    /// What the request means, with what the principal holds.
    pub(crate) target: Target,
    /// For each role of the request, its outcome if it is in effect.
    roles: Vec<Option<RoleInEffect>>,
}

#[derive(Debug)]
struct RoleInEffect {
    outcome: RoleOutcome,
    /// Whether it came into effect after the request was sent, so that the request may have caused it.
    may_be_ours: bool,
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
                    Some(RoleInEffect {
                        outcome: known
                            .with_assignment(assignment.clone())
                            .with_end(ends.end_of(target.principal.object_id, assignment)),
                        may_be_ours: is_since(assignment.created.as_deref(), ask.sent.time()),
                    })
                }
                (Action::Revoke, Holding::NotHeld) => {
                    Some(RoleInEffect { outcome: known, may_be_ours: true })
                }
                _ => None,
            }
        };
        let roles = request.roles.iter().map(in_effect).collect();
        Ok(Some(Self { target, roles }))
    }

    /// Keeps an answer from contradicting the tenant: a role that is in effect is not reported as
    /// expired, failed or not attempted. It is reported as denied only if it was in effect before the
    /// request was sent, so that a denied requester learns nothing about older assignments.
    pub(crate) fn correct(
        in_effect: Option<Self>,
        request: &Request,
        outcome: Result<Answer, Stop>,
    ) -> Result<Answer, Stop> {
        let Some(in_effect) = in_effect else { return outcome };
        let outcome = outcome.map(|answer| in_effect.correct_answer(request, answer));
        outcome.map_err(|stop| stop.with(|answer| in_effect.correct_answer(request, answer)))
    }

    fn correct_answer(&self, request: &Request, answer: Answer) -> Answer {
        let mut answer = answer.for_each_role_of(request);
        let mut is_corrected = false;
        for (role, known) in answer.roles.iter_mut().zip(&self.roles) {
            let Some(known) = known else { continue };
            let contradicts = match role.status {
                Status::Expired | Status::Failed | Status::Unknown | Status::NotAttempted => true,
                Status::Denied => known.may_be_ours,
                _ => false,
            };
            if contradicts {
                *role = known.outcome.clone();
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

/// Whether an assignment was created after the request was sent. Also true if either moment is unknown.
fn is_since(created: Option<&str>, sent: Option<OffsetDateTime>) -> bool {
    let created = created.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    match (created, sent) {
        (Some(created), Some(sent)) => created >= sent - CLOCK_SKEW,
        _ => true,
    }
}
