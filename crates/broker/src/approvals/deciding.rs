//! Decisions of approvers.

use app_roles::{
    approval::{ApprovalState, Vote},
    ids::{ApprovalId, ObjectId},
    requester::Requester,
};
use record::approvals::{ApprovalRow, ApproverDecision, CarryOut, StoredApproval};
use time::OffsetDateTime;

use super::{
    events,
    parts::{ApprovalParts, in_the_name_of_requester},
    review::Review,
    view::{is_named, view},
};
use crate::{
    ask::Ask,
    ballot::{Ballot, BallotOutcome},
    stop::{Again, Stop},
};

/// How often a decision is tried again after another invocation has changed the row.
const MOST_ROUNDS: usize = 10;

impl ApprovalParts {
    /// Takes the decision of an approver. The last decision that is needed carries the request out at once.
    /// The error means that the decision may not count yet: the approver must repeat it.
    pub(crate) async fn decide(
        &self,
        ask: &Ask,
        id: ApprovalId,
        ballot: &Ballot,
    ) -> Result<BallotOutcome, Again> {
        if let Err(Stop::Again(paused)) = self.mode.check() {
            return Err(paused);
        }
        let Requester::Http(approver) = ask.requester else { return Ok(BallotOutcome::NotFound) };
        self.readable_policy()?;
        for _ in 0..MOST_ROUNDS {
            let Some(stored) = self.get(id, ask.deadline).await? else {
                return Ok(BallotOutcome::NotFound);
            };
            if let Some(outcome) = self.decide_on(ask, stored, (approver, ballot)).await? {
                return Ok(outcome);
            }
        }
        Err(Again::because("other invocations kept changing the same request"))
    }

    /// Takes a decision on this version of the row. `None` if the row was changed meanwhile.
    async fn decide_on(
        &self,
        ask: &Ask,
        stored: StoredApproval,
        (approver, ballot): (ObjectId, &Ballot),
    ) -> Result<Option<BallotOutcome>, Again> {
        let (row, now) = (&stored.row, OffsetDateTime::now_utc());
        if !is_named(&self.policy, row, approver, now) {
            return Ok(Some(BallotOutcome::NotFound));
        }
        if row.state != ApprovalState::Pending || now >= row.expires_at {
            return self.decided_before(ask, stored, (approver, ballot)).await;
        }
        let requester = in_the_name_of_requester(row, ask);
        let review = match self.review(&requester, &row.request).await {
            Ok(review) => review,
            Err(Stop::Final(answer)) => {
                let row = self.refuse(ask, stored, answer).await?;
                return Ok(Some(BallotOutcome::Closed(view(&self.policy, &row, now))));
            }
            Err(Stop::Again(again) | Stop::GiveUp(again)) => return Err(again),
        };
        // The names are not covered by the digest, but approvers decide by them.
        if review.subject != row.subject || review.shown() != row.shown {
            let renewed = self.renew(ask, &stored, &review).await?;
            return Ok(renewed.map(|row| BallotOutcome::Changed(view(&self.policy, &row, now))));
        }
        if row.decisions.iter().any(|decision| decision.approver == approver) {
            return self.decided_before(ask, stored, (approver, ballot)).await;
        }
        if ballot.digest != row.subject.digest() {
            return Ok(Some(BallotOutcome::Changed(view(&self.policy, row, now))));
        }
        if let Some(obstacle) = review.obstacle(approver) {
            return Ok(Some(BallotOutcome::NotAllowed(obstacle)));
        }
        self.count(ask, stored, (approver, ballot), &review).await
    }

    /// The outcome for a decision on a row that takes it no more: one that the row has counts as before,
    /// and a different one comes too late. `None` if the row was changed meanwhile.
    async fn decided_before(
        &self,
        ask: &Ask,
        stored: StoredApproval,
        (approver, ballot): (ObjectId, &Ballot),
    ) -> Result<Option<BallotOutcome>, Again> {
        let is_counted = |row: &ApprovalRow| {
            row.decisions.iter().any(|earlier| {
                earlier.approver == approver
                    && earlier.vote == ballot.vote
                    && earlier.digest == ballot.digest
            })
        };
        let row = if is_counted(&stored.row) {
            self.go_on(ask, stored).await?
        } else if self.is_late_denial(&stored.row, (approver, ballot), ask.deadline).await? {
            let Some(row) = self.end_after_denial(ask, stored).await? else { return Ok(None) };
            row
        } else {
            stored.row
        };
        let view = view(&self.policy, &row, OffsetDateTime::now_utc());
        Ok(Some(if is_counted(&row) {
            BallotOutcome::Counted(view)
        } else {
            BallotOutcome::Closed(view)
        }))
    }

    /// Records a decision, and then lets it count. `None` if the row was changed meanwhile.
    async fn count(
        &self,
        ask: &Ask,
        stored: StoredApproval,
        (approver, ballot): (ObjectId, &Ballot),
        review: &Review,
    ) -> Result<Option<BallotOutcome>, Again> {
        self.recorder.record_vote(ask, &stored.row, ballot).await?;
        let now = OffsetDateTime::now_utc();
        let mut row = stored.row.clone();
        let Ballot { vote, digest, .. } = ballot.clone();
        row.decisions.push(ApproverDecision { approver, vote, digest, at: now });
        match vote {
            Vote::Deny => row.state = ApprovalState::Denied,
            Vote::Approve if review.is_approved_by(&row.approvers()) => {
                row.state = ApprovalState::Approved;
                row.approved_at = Some(now);
            }
            Vote::Approve => {}
        }
        if row.state != ApprovalState::Pending {
            row.unsent_events.push(events::decided(&row));
            row.carry_out = Some(self.turn(ask));
        }
        if !self.replace(&stored, &row, ask.deadline).await? {
            return Ok(None);
        }
        log(&row, approver, vote);
        let Some(stored) = self.get(row.id, ask.deadline).await? else {
            return Ok(Some(BallotOutcome::NotFound));
        };
        let row = self.go_on(ask, stored).await?;
        Ok(Some(BallotOutcome::Counted(view(&self.policy, &row, now))))
    }

    /// Continues a request that this invocation has decided. Other requests, and failures, are left to the
    /// timer.
    async fn go_on(&self, ask: &Ask, stored: StoredApproval) -> Result<ApprovalRow, Again> {
        let row = stored.row.clone();
        let is_ours = |turn: CarryOut| turn.invocation_id == ask.invocation_id;
        if !row.carry_out.is_some_and(is_ours) || row.finished_at.is_some() {
            return Ok(row);
        }
        match self.conclude(ask, stored).await {
            Ok(row) => Ok(row),
            Err(again) => {
                tracing::warn!(
                    event = "approval.not_yet",
                    approval_id = %row.id,
                    "the timer goes on with the request: {}", again.reason
                );
                Ok(self.get(row.id, ask.deadline).await.ok().flatten().map_or(row, |one| one.row))
            }
        }
    }

    /// Asks the approvers again, because the request no longer means what they were shown. If it no longer
    /// needs an approval, the timer carries it out. `None` if the row was changed meanwhile.
    pub(super) async fn renew(
        &self,
        ask: &Ask,
        stored: &StoredApproval,
        review: &Review,
    ) -> Result<Option<ApprovalRow>, Again> {
        let mut row = ApprovalRow {
            state: ApprovalState::Pending,
            subject: review.subject.clone(),
            shown: review.shown(),
            decisions: Vec::new(),
            carry_out: None,
            approved_at: None,
            ..stored.row.clone()
        };
        if review.needs_approval() {
            row.unsent_events = vec![events::requested(&row, OffsetDateTime::now_utc())];
        } else {
            row.state = ApprovalState::Approved;
            row.approved_at = Some(OffsetDateTime::now_utc());
            row.unsent_events = vec![events::decided(&row)];
        }
        if !self.replace(stored, &row, ask.deadline).await? {
            return Ok(None);
        }
        tracing::warn!(
            event = "approval.changed",
            approval_id = %row.id,
            principal_id = %row.subject.principal_id,
            requester = %row.requester,
            needs_approval = review.needs_approval(),
            "the request means something else than the approvers were shown, so they are asked anew, or it \
             needs no approval any more"
        );
        Ok(Some(row))
    }

    /// Marks the request as being carried out by this invocation, until its writes can no longer take
    /// effect.
    pub(super) fn turn(&self, ask: &Ask) -> CarryOut {
        let until = self.ends.writes_until(ask);
        CarryOut { invocation_id: ask.invocation_id, until }
    }
}

/// Logs a decision that counts.
pub(super) fn log(row: &ApprovalRow, approver: ObjectId, vote: Vote) {
    let (approval_id, principal_id) = (row.id, row.subject.principal_id);
    let (requester, approver) = (&row.requester, Requester::Http(approver));
    match vote {
        Vote::Approve => tracing::info!(
            event = "approval.given",
            %approval_id,
            %principal_id,
            %requester,
            %approver,
            "an approver has approved a request"
        ),
        Vote::Deny => tracing::info!(
            event = "approval.denied",
            %approval_id,
            %principal_id,
            %requester,
            %approver,
            "an approver has denied a request"
        ),
    }
}
