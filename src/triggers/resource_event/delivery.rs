//! One delivery of one event, or of several.

use std::cmp;

use super::ignored_events::IgnoredEvents;
use crate::triggers::{
    AUDIT_BINDING, Workbench, audit,
    occasion::Occasion,
    queue::delivery::{Delivery, unwritable},
};
use app_roles::{
    event::{AssignmentRequested, BaselineCheckRequested, Event, Ignored, ResourceWritten},
    outcome::RoleOutcome,
    request::Request,
};
use broker::{Decision, Settlement, Unsettled};
use functions_handler::reply::{InvalidEntity, Outputs, Reply};

/// One delivery of events.
pub(super) struct EventDelivery<'a> {
    pub(super) delivery: Delivery<'a>,
    pub(super) ignored: &'a IgnoredEvents,
}

impl EventDelivery<'_> {
    /// Works on every event to one reply for all: if one is to come again, all come again, and those
    /// that are done find themselves done.
    pub(super) async fn answer(self, workbench: &Workbench, text: &[u8]) -> Reply {
        self.delivery.spread_out(workbench).await;
        let events = match Event::decode(text) {
            Ok(events) => events,
            Err(fault) => {
                tracing::warn!(event = "event.invalid", "{fault}");
                return self.ignore(Ignored::Unreadable);
            }
        };
        let (mut outputs, mut failure) = (Outputs::default(), None);
        for event in events {
            let rows_before = outputs.count_entities(AUDIT_BINDING);
            match self.after(rows_before).answer_one(workbench, event).await {
                Reply::Succeeded(more) => outputs = outputs.and(more),
                failed => failure = Some(failed),
            }
        }
        failure.unwrap_or(Reply::Succeeded(outputs))
    }

    /// The same delivery, of which so many rows of the record are given already.
    fn after(&self, rows_before: usize) -> Self {
        let occasion = Occasion { rows_before, ..self.delivery.occasion.clone() };
        let Self { ignored, delivery: Delivery { is_last, deadline, .. } } = *self;
        Self { delivery: Delivery { occasion, is_last, deadline }, ignored }
    }

    async fn answer_one(self, workbench: &Workbench, event: Event) -> Reply {
        match event {
            Event::ResourceWritten(written) => self.settle(workbench, &written).await,
            Event::AssignmentRequested(asked) => self.assign(workbench, &asked).await,
            Event::BaselineCheckRequested(check) => self.check(workbench, check).await,
            Event::Ignored(reason) => self.ignore(reason),
        }
    }

    fn ignore(&self, reason: Ignored) -> Reply {
        self.ignored.count(reason);
        Reply::Succeeded(Outputs::default())
    }

    /// A request that an event carries is worked on like one of a queue; what is kept of it is the
    /// event, which is what this queue takes.
    async fn assign(mut self, workbench: &Workbench, asked: &AssignmentRequested) -> Reply {
        let sent = &mut self.delivery.occasion.sent;
        // Whichever is earlier: an event may have waited before it came into the queue.
        *sent = match (*sent, asked.time) {
            (Some(queued), Some(published)) => Some(cmp::min(queued, published)),
            (queued, published) => queued.or(published),
        };
        match (Request::decode(asked.request.as_bytes()), asked.to_json()) {
            (Ok(request), Ok(event)) => {
                self.delivery.work_on(workbench, &request, event.as_bytes()).await
            }
            (Ok(_), Err(error)) => unwritable(&error),
            (Err(fault), _) => self.delivery.refuse(workbench, &fault),
        }
    }

    async fn settle(&self, workbench: &Workbench, written: &ResourceWritten) -> Reply {
        let context = self.delivery.context();
        match workbench.broker.apply_baseline(context, written).await {
            Ok(Settlement::Ignored(reason)) => self.ignore(reason),
            Ok(Settlement::Applied(decisions)) => {
                let ResourceWritten { resource, cause, .. } = written;
                tracing::info!(event = "event.settled", %resource, %cause, "nothing is missing");
                match self.record(workbench, decisions) {
                    Ok(outputs) => Reply::Succeeded(outputs),
                    Err(error) => unwritable(&error),
                }
            }
            Err(unsettled) if unsettled.again && !self.delivery.is_last => {
                let (ResourceWritten { resource, cause, .. }, why) = (written, &unsettled.reason);
                tracing::warn!(event = "event.not_yet", %resource, %cause, "not done yet: {why}");
                workbench.broker.audit_baseline(context, &changes(unsettled.decisions));
                Reply::Failed("not done yet; the handler's log says why".to_owned())
            }
            Err(unsettled) => self.give_up(workbench, written, unsettled),
        }
    }

    /// A check that is given up is not kept: as long as something is missing, it is asked for again.
    async fn check(&self, workbench: &Workbench, check: BaselineCheckRequested) -> Reply {
        let (context, principal) = (self.delivery.context(), check.principal);
        let decisions = match workbench.broker.check_baseline(context, check).await {
            Ok(Settlement::Ignored(reason)) => return self.ignore(reason),
            Ok(Settlement::Applied(decisions)) => {
                tracing::info!(event = "check.settled", principal_id = %principal, "nothing is missing");
                decisions
            }
            Err(unsettled) if unsettled.again && !self.delivery.is_last => {
                let why = &unsettled.reason;
                tracing::warn!(event = "check.not_yet", principal_id = %principal, "not done yet: {why}");
                workbench.broker.audit_baseline(context, &changes(unsettled.decisions));
                return Reply::Failed("not done yet; the handler's log says why".to_owned());
            }
            Err(Unsettled { reason, decisions, .. }) => {
                tracing::error!(
                    event = "check.given_up",
                    principal_id = %principal,
                    "until ReconcileRoles asks for it again: {reason}"
                );
                decisions
            }
        };
        match self.record(workbench, decisions) {
            Ok(rows) => Reply::Succeeded(rows),
            Err(error) => unwritable(&error),
        }
    }

    /// Keeps the event for operators.
    fn give_up(
        &self,
        workbench: &Workbench,
        written: &ResourceWritten,
        unsettled: Unsettled,
    ) -> Reply {
        let (ResourceWritten { resource, cause, .. }, why) = (written, &unsettled.reason);
        tracing::error!(event = "event.given_up", %resource, %cause, "kept for operators: {why}");
        let event = written.to_json();
        let kept = event.and_then(|event| self.delivery.kept(&event, &unsettled.reason));
        match (kept, self.record(workbench, unsettled.decisions)) {
            (Ok(kept), Ok(rows)) => Reply::Succeeded(kept.and(rows)),
            (Err(error), _) => unwritable(&error),
            (_, Err(error)) => unwritable(&error),
        }
    }

    /// The record of what the baseline gave, or would have given: a line and a row for each role.
    fn record(
        &self,
        workbench: &Workbench,
        decisions: Vec<Decision>,
    ) -> Result<Outputs, InvalidEntity> {
        workbench.broker.audit_baseline(self.delivery.context(), &decisions);
        let mut occasion = self.delivery.occasion.clone();
        let mut outputs = Outputs::default();
        for decision in decisions {
            let result = occasion.baseline_result(workbench, decision);
            let rows = audit::rows(&occasion, None, &result)?;
            occasion.rows_before += rows.len();
            outputs = outputs.and(Outputs::default().entities(AUDIT_BINDING, rows));
        }
        Ok(outputs)
    }
}

/// What was changed.
fn changes(mut decisions: Vec<Decision>) -> Vec<Decision> {
    for decision in &mut decisions {
        decision.roles.retain(RoleOutcome::is_change);
    }
    decisions
}
