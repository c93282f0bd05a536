//! The ends of the roles of one series of writes.

use app_roles::{
    directory::Assignment,
    outcome::{Failure, RoleOutcome, Status},
    request::Action,
};
use record::ends::{EndKey, StepEnd, rules::NewEnd};
use time::OffsetDateTime;

use crate::{
    ask::Ask,
    assignment_ends::AssignmentEnds,
    decide::Permitted,
    end_step::{EndFact, EndStep, key_of, try_later},
    work::{Done, End, Work},
};

/// The ends of the roles of one series of writes.
pub(crate) struct SeriesEnds<'a> {
    ends: &'a AssignmentEnds,
    roles: Vec<RoleEnd>,
    began: OffsetDateTime,
}

/// A role, and the end that it should get.
struct RoleEnd {
    key: EndKey,
    action: Action,
    end: Option<NewEnd>,
    /// Whether its write was prepared. A role that needs no write has none.
    is_prepared: bool,
}

impl<'a> SeriesEnds<'a> {
    /// The ends that the permits give to the roles.
    pub(crate) fn of(ends: &'a AssignmentEnds, work: &Work<'_>, permitted: &[Permitted]) -> Self {
        let role = |Permitted { permit, outcome }: &Permitted| RoleEnd {
            key: key_of(permit),
            action: permit.action(),
            end: ends.new_end(work, permit, outcome),
            is_prepared: false,
        };
        let roles = permitted.iter().map(role).collect();
        Self { ends, roles, began: OffsetDateTime::now_utc() }
    }

    /// Stores the ends of these writes before they are sent. The error means that none may be sent.
    pub(crate) async fn announce(&mut self, ask: &Ask, indices: &[usize]) -> Result<(), Failure> {
        let mut prepared: Vec<_> = self.roles.iter_mut().enumerate().collect();
        prepared.retain(|(index, _)| indices.contains(index));
        for (_, role) in &mut prepared {
            role.is_prepared = true;
        }
        let with_end = prepared.iter().filter_map(|(_, role)| Some((role.key, role.end.as_ref()?)));
        let with_end: Vec<_> = with_end.collect();
        let announced = self.ends.announce(ask, &with_end).await?;
        let ends = prepared.into_iter().filter_map(|(_, role)| role.end.as_mut());
        for (end, announced) in ends.zip(announced) {
            // An earlier delivery of the same message may already have set the end.
            end.end = announced.unwrap_or(end.end);
        }
        Ok(())
    }

    /// Adds the end of the assignment to the outcome of each role. Facts about existing assignments are
    /// stored now, because others may have made them; the recorder stores the rest.
    pub(crate) async fn settle(self, ask: &Ask, done: &mut Done) {
        let Self { ends, roles, began } = self;
        let (mut found, mut steps) = (Vec::new(), Vec::new());
        for (index, (role, outcome)) in roles.into_iter().zip(&mut done.roles).enumerate() {
            let Some(fact) = role.fact(outcome, began) else { continue };
            let step = EndStep { key: role.key, fact, end: role.end };
            match &step.fact {
                EndFact::Found(_) | EndFact::Existed(_) => {
                    found.push(index);
                    steps.push(step);
                    continue;
                }
                EndFact::Created(_) => {
                    let end = step.end.as_ref().map(|end| end.end);
                    *outcome = outcome.clone().with_end(end);
                }
                _ => {}
            }
            done.ends.push(step);
        }
        if found.is_empty() {
            return;
        }
        let taken = ends.take(ask, &steps, ask.deadline).await;
        for (position, index) in found.into_iter().enumerate() {
            let taken = match &taken {
                Ok(taken) => taken.get(position).copied().unwrap_or_else(|| Ok(StepEnd::default())),
                Err(failure) => {
                    fail(done, index, failure.clone());
                    continue;
                }
            };
            match taken {
                Ok(StepEnd { end, .. }) => {
                    if let Some(role) = done.roles.get_mut(index) {
                        *role = role.clone().with_end(end);
                    }
                }
                Err(being_ended) => fail(done, index, try_later(being_ended)),
            }
        }
    }
}

impl RoleEnd {
    /// What became of the role. `None` if that is unknown, or does not affect its end.
    fn fact(&self, outcome: &RoleOutcome, began: OffsetDateTime) -> Option<EndFact> {
        let assignment = self.assignment(outcome);
        match (self.action, outcome.status) {
            (Action::Assign, Status::Assigned) => assignment.map(EndFact::Created),
            (Action::Assign, Status::AlreadyAssigned) => Some(match assignment {
                Some(held) if !self.is_prepared => EndFact::Found(held),
                held => EndFact::Existed(held),
            }),
            (Action::Assign, Status::NotAttempted) => {
                self.is_prepared.then_some(EndFact::NotWritten)
            }
            // The write may take effect later, and Graph has been seen to refuse a write that succeeded.
            (Action::Assign, _) => None,
            (Action::Revoke, Status::Revoked) => {
                assignment.map(|removed| EndFact::Removed(removed.id, began))
            }
            (Action::Revoke, _) => None,
        }
    }

    fn assignment(&self, outcome: &RoleOutcome) -> Option<Assignment> {
        let EndKey { api, role, .. } = self.key;
        let id = outcome.assignment_id.clone()?;
        Some(Assignment { id, api, role, created: outcome.created_date_time.clone() })
    }
}

/// Fails a role that has an end, because its end is not known.
fn fail(done: &mut Done, index: usize, failure: Failure) {
    if let Some(outcome) = done.roles.get(index).cloned() {
        done.set(index, outcome.with_failure(failure), End::Obstacle);
    }
}
