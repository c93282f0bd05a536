//! Carries out a request that enough approvers have approved.

use std::collections::BTreeSet;

use app_roles::{
    approval::{ApprovalState, Vote},
    held::Holding,
    ids::ObjectId,
    outcome::{RoleOutcome, Status},
    request::Action,
};
use record::approvals::{ApprovalRow, ApproverDecision, StoredApproval};
use time::{Duration, OffsetDateTime};

use super::{
    closing::{about, approved_by, denied_late, in_effect, too_old},
    deciding::log,
    events,
    parts::{ApprovalParts, in_the_name_of_requester},
    proof::{Proof, Written},
    review::Review,
};
use crate::{
    answer::Answer,
    ask::Ask,
    asked::Asked,
    decide::{Decided, Permitted},
    directory::Target,
    stop::{Again, Stop},
    work::{End, Work},
};

/// How long to keep trying an approved request. After that, the approval is too old to act on.
const LONGEST_TRIED: Duration = Duration::hours(24);

/// The remark on a role whose write was undone.
const UNDONE: &str = "it was done under this approval, and undone since; an approval is used once";

/// The remark on the other roles of such a request.
const BECAUSE_OF_ANOTHER: &str = "nothing was done, because of another role of the request";

/// The state of an approved request after it was judged again.
enum Outcome {
    /// These roles may be written now.
    Permitted(Box<Target>, Vec<Permitted>),
    /// It ends without a write.
    Closed(ApprovalState, Box<Answer>),
    /// It ends because these approvers have denied it.
    Denied(BTreeSet<ObjectId>, Box<Answer>),
    /// It is over, or waits for approvers again.
    Settled(Box<ApprovalRow>),
}

impl ApprovalParts {
    /// Carries out an approved request in the name of its requester, by the path of every request.
    pub(super) async fn carry_out(
        &self,
        ask: &Ask,
        mut stored: StoredApproval,
    ) -> Result<ApprovalRow, Again> {
        if self.mode.only_reports() {
            return Err(Again::because("the broker is paused, or only reports"));
        }
        let requester = in_the_name_of_requester(&stored.row, ask);
        let (target, permitted) = match self.permit(&requester, &stored).await? {
            Outcome::Permitted(target, permitted) => (target, permitted),
            Outcome::Closed(ApprovalState::Refused, answer) => {
                return self.refuse(ask, stored, *answer).await;
            }
            Outcome::Closed(state, answer) => {
                return self.close(ask, stored, (state, *answer)).await;
            }
            Outcome::Denied(deniers, answer) => {
                add_denials(&mut stored.row, &deniers);
                return self.close(ask, stored, (ApprovalState::Denied, *answer)).await;
            }
            Outcome::Settled(row) => return Ok(*row),
        };
        let asked = Asked::Request(&stored.row.request);
        let work = Work { ask: &requester, asked, target: &target, first_row: requester.first_row };
        let done = self.writer.write(&work, permitted).await;
        let is_complete = done.end == End::Complete;
        let answer = done.answer(&target);
        let outcome = if is_complete {
            Ok(vec![answer])
        } else {
            Err(Stop::Again(Again::after(vec![answer])))
        };
        let recorded = self.recorder.record(&requester, asked, outcome).await?;
        tracing::info!(
            event = "approval.done",
            approval_id = %stored.row.id,
            principal_id = %stored.row.subject.principal_id,
            requester = %stored.row.requester,
            "an approved request was carried out"
        );
        self.finish(ask, stored, (ApprovalState::Done, &recorded)).await
    }

    /// Judges the request again. Nothing is written unless the record has the approvals.
    async fn permit(&self, requester: &Ask, stored: &StoredApproval) -> Result<Outcome, Again> {
        let row = &stored.row;
        // Only the record proves that another invocation has begun or that a decision was made. The row
        // does not.
        let proof = self.proof(row, requester.deadline).await?;
        let Proof { approvers: proven, written, .. } = &proof;
        // A denial that is recorded after the write prevents nothing.
        if proof.is_denied && !written.covers(row) {
            let answer = Box::new(denied_late(row, written, proven));
            return Ok(Outcome::Denied(proof.deniers, answer));
        }
        if row.approved_at.is_some_and(|at| OffsetDateTime::now_utc() - at > LONGEST_TRIED) {
            let answer = too_old(row, written, proven);
            return Ok(Outcome::Closed(ApprovalState::Refused, Box::new(answer)));
        }
        let mut review = match self.review(requester, &row.request).await {
            Ok(review) => review,
            Err(Stop::Final(_)) if written.covers(row) => {
                return Ok(Outcome::Closed(ApprovalState::Done, Box::new(on_record(row, proven))));
            }
            Err(stop) => return closed(stop),
        };
        // If everything is done, the policy no longer matters.
        let is_done = written.covers(row);
        if !is_done && review.subject != row.subject {
            return self.renewed(requester, stored, &review).await;
        }
        if !is_done && !review.is_proven_by(&proof) {
            return self.distrust(requester, stored, proven).await;
        }
        match self.directory.held(&review.target, requester.deadline).await {
            Ok(held) => review.target.held = held,
            Err(stop) => return closed(stop),
        }
        if is_done || is_undone(&review, written) {
            let answer = self.done_before(requester, (&review, written), proven).await?;
            return Ok(Outcome::Closed(ApprovalState::Done, Box::new(answer)));
        }
        let Review { target, decided, .. } = review;
        let permitted = Review::permitted(decided, proven);
        match self.confirmation.confirm(requester, &target, permitted).await {
            Ok(permitted) => Ok(Outcome::Permitted(Box::new(target), permitted)),
            Err(stop) => closed(stop),
        }
    }

    /// The answer to a request that earlier attempts have carried out. It is not written again, because an
    /// approval is used only once.
    async fn done_before(
        &self,
        ask: &Ask,
        (review, written): (&Review, &Written),
        proven: &BTreeSet<ObjectId>,
    ) -> Result<Answer, Again> {
        let Review { target, decided, .. } = review;
        let ends = self.ends.of(target.principal.object_id, ask.deadline).await;
        let ends = ends.map_err(|failure| Again::without_record(&failure))?;
        let approved_by = approved_by(proven);
        let roles = decided.iter().map(|one| {
            let outcome = RoleOutcome { approved_by: approved_by.clone(), ..one.outcome.clone() };
            let permit = one.decision.permit();
            let holding = target.held.holding(permit.api(), permit.role());
            let status = match (was_written(one, written), is_in_effect(one, target)) {
                (true, true) => in_effect(permit.action()),
                _ => Status::NotAttempted,
            };
            let outcome = RoleOutcome { status, ..outcome };
            match (was_written(one, written), status, holding) {
                (true, Status::AlreadyAssigned, Holding::Held(assignment)) => outcome
                    .with_assignment(assignment.clone())
                    .with_end(ends.end_of(permit.principal(), assignment)),
                (true, Status::NotAttempted, _) => outcome.with_message(UNDONE),
                (true, ..) => outcome,
                (false, ..) => outcome.with_message(BECAUSE_OF_ANOTHER),
            }
        });
        Ok(target.answer(roles.collect()))
    }

    async fn renewed(
        &self,
        ask: &Ask,
        stored: &StoredApproval,
        review: &Review,
    ) -> Result<Outcome, Again> {
        let renewed = self.renew(ask, stored, review).await?;
        renewed
            .map(|row| Outcome::Settled(Box::new(row)))
            .ok_or_else(|| Again::because("the request was changed"))
    }

    /// Handles a row that the record does not confirm: a decision without its row in the record was not
    /// made over HTTP, and a request without one was not made. The request waits again, with only the
    /// decisions that were made.
    async fn distrust(
        &self,
        ask: &Ask,
        stored: &StoredApproval,
        proven: &BTreeSet<ObjectId>,
    ) -> Result<Outcome, Again> {
        let mut row = ApprovalRow {
            state: ApprovalState::Pending,
            approved_at: None,
            carry_out: None,
            ..stored.row.clone()
        };
        row.decisions.retain(|decision| proven.contains(&decision.approver));
        row.unsent_events = vec![events::requested(&row, OffsetDateTime::now_utc())];
        tracing::error!(
            event = "approval.forged",
            approval_id = %row.id,
            principal_id = %row.subject.principal_id,
            requester = %row.requester,
            stated = stored.row.approvers().len(),
            on_record = proven.len(),
            "the table of approvals states approvals that are not on record: nothing was written, and \
             the request waits again"
        );
        self.replace(stored, &row, ask.deadline).await?;
        Ok(Outcome::Settled(Box::new(row)))
    }
}

/// Adds denials that are on record and were not counted before. They count from now on.
fn add_denials(row: &mut ApprovalRow, deniers: &BTreeSet<ObjectId>) {
    let digest = row.subject.digest();
    // One decision of each approver is kept, and the denial is the one that counts.
    row.decisions.retain(|decision| !deniers.contains(&decision.approver));
    for &approver in deniers {
        log(row, approver, Vote::Deny);
        let (vote, digest, at) = (Vote::Deny, digest.clone(), OffsetDateTime::now_utc());
        row.decisions.push(ApproverDecision { approver, vote, digest, at });
    }
}

/// The end of a request that cannot be carried out now, or why it must be tried again.
fn closed(stop: Stop) -> Result<Outcome, Again> {
    match stop {
        Stop::Final(answer) => Ok(Outcome::Closed(ApprovalState::Refused, Box::new(answer))),
        Stop::Again(again) | Stop::GiveUp(again) => Err(again),
    }
}

/// Whether an earlier attempt has written a role, and the write was undone since. An approval is used only
/// once, so it is not written again.
fn is_undone(review: &Review, written: &Written) -> bool {
    let is_undone = |one: &Decided| was_written(one, written) && !is_in_effect(one, &review.target);
    review.decided.iter().any(is_undone)
}

/// The answer to a request that earlier attempts have carried out, from the record alone: its names can no
/// longer be read, or the policy now denies it.
fn on_record(row: &ApprovalRow, proven: &BTreeSet<ObjectId>) -> Answer {
    let outcome = RoleOutcome::new(in_effect(row.subject.action)).with_message(
        "an earlier attempt under this approval has done it; whether it is still in effect was not read",
    );
    about(row, &RoleOutcome { approved_by: approved_by(proven), ..outcome })
}

fn was_written(one: &Decided, written: &Written) -> bool {
    written.roles.contains(&one.decision.permit().role())
}

fn is_in_effect(one: &Decided, target: &Target) -> bool {
    let permit = one.decision.permit();
    let is_held = matches!(target.held.holding(permit.api(), permit.role()), Holding::Held(_));
    is_held == (permit.action() == Action::Assign)
}
