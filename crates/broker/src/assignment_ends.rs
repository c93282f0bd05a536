//! The ends of assignments: announced before writes, and stored after them.

use std::collections::BTreeMap;

use app_roles::{
    ids::ObjectId,
    outcome::{Failure, RoleOutcome},
    policy::Permit,
    requester::Requester,
};
use azure_rest::{retry::Deadline, tables::Tables};
use record::ends::{
    Details, EndKey, Ends, PrincipalEnds, StepEnd, Taken,
    rules::{NewEnd, Step},
};
use time::OffsetDateTime;

use crate::{
    ask::Ask,
    end_step::{EndFact, EndStep},
    moment::rfc3339,
    record_failure::{no_record, unavailable},
    timing::Timing,
    work::Work,
};

/// The largest difference between this machine's clock and Graph's.
const CLOCK_SKEW: time::Duration = time::Duration::seconds(5);

/// The ends of assignments, as invocations use them. Without a table, nothing can have an end.
pub(crate) struct AssignmentEnds {
    ends: Option<Ends>,
    timing: Timing,
}

impl AssignmentEnds {
    pub(crate) fn new(tables: Option<Tables>, timing: Timing) -> Self {
        let lag = time::Duration::try_from(timing.list_lag).unwrap_or(time::Duration::MAX);
        Self { ends: tables.map(|tables| Ends::new(tables, lag)), timing }
    }

    /// The end that a permitted change gives its assignment. `None` if it has no end.
    pub(crate) fn new_end(
        &self,
        work: &Work<'_>,
        permit: &Permit,
        outcome: &RoleOutcome,
    ) -> Option<NewEnd> {
        let end = permit.end()?;
        let Work { ask, asked, target, .. } = *work;
        let now = OffsetDateTime::now_utc();
        let request = asked.request();
        let details = Details {
            requester: ask.requester.to_string(),
            request_id: asked.request_id().map(ToString::to_string),
            message_id: ask.message_id.as_ref().map(ToString::to_string),
            invocation_id: ask.invocation_id,
            function: ask.function.clone(),
            rule: permit.rule().to_owned(),
            reason: request.and_then(|request| request.reason.as_ref()).map(ToString::to_string),
            app_role_value: outcome.value.clone(),
            api_app_id: target.api.app_id,
            api_display_name: Some(target.api.display_name.clone()),
            principal_display_name: Some(target.principal.display_name.clone()),
        };
        Some(NewEnd { end, since: now - CLOCK_SKEW, until: self.writes_until(ask), details })
    }

    /// The latest moment, by Graph's clock, at which a write of this invocation can take effect.
    pub(crate) fn writes_until(&self, ask: &Ask) -> OffsetDateTime {
        let in_reach = ask.deadline.remaining() + self.timing.calls.write_answer;
        OffsetDateTime::now_utc() + in_reach + CLOCK_SKEW
    }

    /// Stores the ends of writes before they are sent. Returns when each assignment will end. The error
    /// means that nothing may be written.
    pub(crate) async fn announce(
        &self,
        ask: &Ask,
        ends: &[(EndKey, &NewEnd)],
    ) -> Result<Vec<Option<OffsetDateTime>>, Failure> {
        let Some((EndKey { principal, .. }, _)) = ends.first() else { return Ok(Vec::new()) };
        let steps: Vec<_> = ends.iter().map(|(key, end)| (*key, Step::Announced(end))).collect();
        let taken = self.steps(*principal, &steps, ask.deadline).await?;
        Ok(taken.into_iter().map(|taken| taken.ok().and_then(|taken| taken.end)).collect())
    }

    /// Stores what became of roles, and logs the ends that were set or dropped.
    pub(crate) async fn take(
        &self,
        ask: &Ask,
        steps: &[EndStep],
        deadline: Deadline,
    ) -> Result<Vec<Taken>, Failure> {
        let mut principals: BTreeMap<ObjectId, Vec<usize>> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate().filter(|(_, step)| step.step().is_some()) {
            principals.entry(step.key.principal).or_default().push(index);
        }
        let mut all: Vec<Taken> = vec![Ok(StepEnd::default()); steps.len()];
        for (principal, indices) in principals {
            let its_steps = indices.iter().filter_map(|index| steps.get(*index)?.step());
            let its_steps: Vec<_> = its_steps.collect();
            let taken = self.steps(principal, &its_steps, deadline).await?;
            for (index, taken) in indices.into_iter().zip(taken) {
                if let (Some(step), Ok(end)) = (steps.get(index), &taken) {
                    log(ask, step, *end);
                }
                if let Some(slot) = all.get_mut(index) {
                    *slot = taken;
                }
            }
        }
        Ok(all)
    }

    async fn steps(
        &self,
        principal: ObjectId,
        steps: &[(EndKey, Step<'_>)],
        deadline: Deadline,
    ) -> Result<Vec<Taken>, Failure> {
        let ends = self.ends.as_ref().ok_or_else(no_record)?;
        ends.take(principal, steps, deadline).await.map_err(|error| unavailable(&error))
    }

    /// The rows of a principal's ends.
    pub(crate) async fn of(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<PrincipalEnds, Failure> {
        let ends = self.ends.as_ref().ok_or_else(no_record)?;
        ends.of(principal, deadline).await.map_err(|error| unavailable(&error))
    }

    /// The table of ends, for the timer.
    pub(crate) fn table(&self) -> Result<&Ends, Failure> {
        self.ends.as_ref().ok_or_else(no_record)
    }
}

/// Logs an end that is set or dropped.
fn log(ask: &Ask, step: &EndStep, StepEnd { end, is_dropped }: StepEnd) {
    let EndKey { principal, api, role } = step.key;
    let is_grant =
        matches!(step.fact, EndFact::Found(_) | EndFact::Existed(_) | EndFact::Created(_));
    let is_grant_or_revocation = is_grant || matches!(step.fact, EndFact::Removed(..));
    match end {
        Some(end) if is_grant => tracing::info!(
            event = "end.set",
            principal_id = %principal,
            resource_id = %api,
            app_role_id = %role,
            end_date_time = rfc3339(end),
            requester = %ask.requester,
            "the assignment ends at this time"
        ),
        None if is_dropped && is_grant_or_revocation && !is_timer(ask) => tracing::info!(
            event = "end.dropped",
            principal_id = %principal,
            resource_id = %api,
            app_role_id = %role,
            requester = %ask.requester,
            "the assignment has no end any more: it was revoked, or it may stay"
        ),
        _ => {}
    }
}

fn is_timer(ask: &Ask) -> bool {
    matches!(ask.requester, Requester::Timer(_))
}
