//! The way of a request from its decision to its answer. It is the same for every trigger.

use std::sync::Arc;

use app_roles::{
    policy::Policy,
    request::{Action, Request},
};
use time::OffsetDateTime;

use crate::{
    answer::Answer,
    approvals::{ApprovalParts, Approvals},
    ask::{Ask, IfFailed},
    asked::Asked,
    assignment_ends::AssignmentEnds,
    confirmation::Confirmation,
    decide::{Decided, decide, permitted},
    directory::{Directory, Target},
    in_effect::InEffect,
    mode::Mode,
    recorded::Recorded,
    recorder::Recorder,
    stop::{Again, Stop, Unreadable},
    work::{End, Work},
    writer::Writer,
};

/// Decides on requests and carries them out.
pub(crate) struct Requests {
    policy: Arc<Policy>,
    mode: Mode,
    directory: Arc<Directory>,
    confirmation: Arc<Confirmation>,
    writer: Arc<Writer>,
    recorder: Arc<Recorder>,
    ends: Arc<AssignmentEnds>,
    approvals: Arc<Approvals>,
}

impl Requests {
    pub(crate) fn new(parts: &ApprovalParts, approvals: Arc<Approvals>) -> Self {
        let ApprovalParts { policy, directory, confirmation, writer, recorder, ends, .. } =
            parts.clone();
        Self {
            policy,
            mode: parts.mode,
            directory,
            confirmation,
            writer,
            recorder,
            ends,
            approvals,
        }
    }

    /// Carries out a request, as far as the policy allows it, and records the decision. The error means that
    /// another delivery may finish it.
    pub(crate) async fn grant(
        &self,
        ask: &Ask,
        decoded: Result<&Request, &Unreadable>,
    ) -> Result<Recorded, Again> {
        let outcome = self.decide_and_write(ask, decoded).await;
        let asked = decoded.map_or_else(Asked::of_unreadable, Asked::Request);
        self.recorder.record(ask, asked, outcome.map(|answer| vec![answer])).await
    }

    /// From the second delivery on, what is in effect is read first, so that the answer cannot contradict it.
    async fn decide_and_write(
        &self,
        ask: &Ask,
        decoded: Result<&Request, &Unreadable>,
    ) -> Result<Answer, Stop> {
        // Before the last delivery, a paused broker reads nothing.
        if ask.delivery.if_failed != IfFailed::GivenUp {
            self.mode.check()?;
        }
        let request = decoded.map_err(Stop::unreadable)?;
        let request_id = request.request_id.as_ref().map(tracing::field::display);
        tracing::debug!(event = "request.received", request_id, "working on a request");
        if !ask.is_redelivery() {
            let decided = self.decide(ask, request, None).await?;
            return self.carry_out(ask, request, decided).await;
        }
        // Its final result comes from the approval, whatever the policy says by now.
        if let Some(answer) = self.approvals.of_message(ask).await? {
            return Ok(answer);
        }
        let in_effect = InEffect::read((&self.directory, &self.ends), ask, request).await?;
        let target = in_effect.as_ref().map(|in_effect| in_effect.target.clone());
        let (outcome, is_allowed) = match self.decide(ask, request, target).await {
            Ok(decided) => (self.carry_out(ask, request, decided).await, true),
            Err(stop) => (Err(stop), false),
        };
        let Some(in_effect) = in_effect else { return outcome };
        let by = (self.recorder.claims(), ask);
        in_effect.correct(by, request, (outcome, is_allowed)).await
    }

    /// Looks up everything and decides, before anything is written. `target` is what the request means, if
    /// that was looked up already.
    async fn decide(
        &self,
        ask: &Ask,
        request: &Request,
        target: Option<Target>,
    ) -> Result<(Target, Vec<Decided>), Stop> {
        self.mode.check()?;
        // The first gate: a requester that no rule names learns nothing about the tenant.
        let admitted = self.policy.admit(&ask.requester, request, ask.started.at);
        admitted.map_err(|denial| Stop::denied(&denial))?;
        let now = OffsetDateTime::now_utc();
        request.check_age(ask.sent, now).map_err(|expired| Stop::expired(&expired))?;
        let end = request.planned_end(ask.started.at).map_err(Stop::unusable_end)?;
        let target = match target {
            Some(target) => target,
            None => self.directory.resolve(ask, request).await?,
        };
        // The second gate, on what Microsoft Graph says.
        let decided = decide(&self.policy, ask, (request, end), &target)?;
        Ok((target, decided))
    }

    /// Writes what was decided, or asks for the approvals that it needs.
    async fn carry_out(
        &self,
        ask: &Ask,
        request: &Request,
        (mut target, decided): (Target, Vec<Decided>),
    ) -> Result<Answer, Stop> {
        let is_dry_run = self.mode.is_dry_run(request);
        if is_dry_run || request.action == Action::Revoke {
            target.held = self.directory.held(&target, ask.deadline).await?;
        }
        if is_dry_run {
            return Ok(self.writer.rehearse(ask, &target, decided).await);
        }
        let permitted = match permitted(decided) {
            Ok(permitted) => permitted,
            Err(decided) => return self.approvals.keep((ask, request), &target, decided).await,
        };
        // Where the identity lies is proven, if a rule for a scope permits the write.
        let permitted = self.confirmation.confirm(ask, &target, permitted).await?;
        let work = Work { ask, asked: Asked::Request(request), target: &target, first_row: 0 };
        let done = self.writer.write(&work, permitted).await;
        let is_complete = done.end == End::Complete;
        let answer = done.answer(&target);
        if is_complete { Ok(answer) } else { Err(Stop::Again(Again::after(vec![answer]))) }
    }

    /// The answer to a request if it is a dry run. Nothing is recorded.
    #[cfg(feature = "operator")]
    pub(crate) async fn rehearse(&self, ask: &Ask, request: &Request) -> Answer {
        let request = Request { dry_run: true, ..request.clone() };
        let answer = match self.decide_and_write(ask, Ok(&request)).await {
            Ok(answer) | Err(Stop::Final(answer)) => answer,
            Err(Stop::Again(again) | Stop::GiveUp(again)) => {
                again.answers.into_iter().next().unwrap_or_default()
            }
        };
        answer.for_each_role_of(&request)
    }
}
