//! Brings a request to its end once its approvers have decided.

use app_roles::{approval::ApprovalState, cloud_event::ApprovalDecision};
use azure_rest::{call_error::CallError, retry::Deadline};
use record::approvals::{ApprovalRow, StoredApproval};
use time::OffsetDateTime;

use super::{
    closing::{about, denied, expired},
    events,
    parts::{ApprovalParts, in_the_name_of_requester},
};
use crate::{answer::Answer, ask::Ask, asked::Asked, recorded::Recorded, stop::Again};

impl ApprovalParts {
    /// Brings a request to its end once its approvers have decided. Another invocation may have begun to do
    /// so. The error means that the timer tries again.
    pub(super) async fn conclude(
        &self,
        ask: &Ask,
        stored: StoredApproval,
    ) -> Result<ApprovalRow, Again> {
        let state = stored.row.state;
        match state {
            ApprovalState::Approved => self.carry_out(ask, stored).await,
            ApprovalState::Denied => {
                let answer = about(&stored.row, &denied());
                self.close(ask, stored, (state, answer)).await
            }
            ApprovalState::Expired => {
                let answer = about(&stored.row, &expired());
                self.close(ask, stored, (state, answer)).await
            }
            ApprovalState::Pending | ApprovalState::Done | ApprovalState::Refused => Ok(stored.row),
        }
    }

    /// Ends a request that cannot be carried out.
    pub(super) async fn refuse(
        &self,
        ask: &Ask,
        stored: StoredApproval,
        answer: Answer,
    ) -> Result<ApprovalRow, Again> {
        tracing::warn!(
            event = "approval.refused",
            approval_id = %stored.row.id,
            principal_id = %stored.row.subject.principal_id,
            requester = %stored.row.requester,
            "the request cannot be carried out any more"
        );
        self.close(ask, stored, (ApprovalState::Refused, answer)).await
    }

    /// Records the final answer, and then ends the request with it.
    pub(super) async fn close(
        &self,
        ask: &Ask,
        stored: StoredApproval,
        (state, answer): (ApprovalState, Answer),
    ) -> Result<ApprovalRow, Again> {
        let requester = in_the_name_of_requester(&stored.row, ask);
        let asked = Asked::Request(&stored.row.request);
        let recorded = self.recorder.record(&requester, asked, Ok(vec![answer])).await?;
        self.finish(ask, stored, (state, &recorded)).await
    }

    /// Stores the final result of a request, and sends it.
    pub(super) async fn finish(
        &self,
        ask: &Ask,
        mut stored: StoredApproval,
        (state, recorded): (ApprovalState, &Recorded),
    ) -> Result<ApprovalRow, Again> {
        let result = recorded.results().first().and_then(|result| result.to_json().ok());
        loop {
            let mut row = stored.row.clone();
            if row.finished_at.is_some() {
                return Ok(row);
            }
            let before = ApprovalDecision::of(row.state);
            row.state = state;
            row.finished_at = Some(OffsetDateTime::now_utc());
            row.result.clone_from(&result);
            row.result_is_due = true;
            row.carry_out = None;
            // An approved request can end in another way. Its event is sent only now, so there is one, and it
            // says what the result says.
            if ApprovalDecision::of(state) != before {
                row.unsent_events.retain(|event| !events::is_decision(event));
                row.unsent_events.push(events::decided(&row));
            }
            let is_stored = self.replace(&stored, &row, ask.deadline).await?;
            let Some(now) = self.get(row.id, ask.deadline).await? else { return Ok(row) };
            if is_stored {
                self.send(&now, ask.deadline).await;
                return Ok(now.row);
            }
            if now.row.finished_at.is_none() && !is_same_but_for_events(&now.row, &stored.row) {
                return Err(Again::because("another invocation has changed the request meanwhile"));
            }
            stored = now;
        }
    }

    /// Sends the events and the result that are still due, at least once. Returns `false` if something
    /// could not be sent: the timer tries again.
    pub(super) async fn send(&self, stored: &StoredApproval, deadline: Deadline) -> bool {
        let row = &stored.row;
        if row.unsent_events.is_empty() && !row.result_is_due {
            return true;
        }
        // Approvers and requesters must not wait long because a queue does not respond.
        let deadline = deadline.at_most(self.timing.calls.write_answer);
        let (unsent_events, result_is_due) =
            tokio::join!(self.send_events(row, deadline), self.send_result(row, deadline));
        let sent = ApprovalRow { unsent_events, result_is_due, ..row.clone() };
        if sent != *row {
            // If the row was changed meanwhile, the timer sends everything a second time.
            let _ = self.replace(stored, &sent, deadline).await;
        }
        sent.unsent_events.is_empty() && !sent.result_is_due
    }

    /// Sends the events of a row. Returns those that were not sent.
    async fn send_events(&self, row: &ApprovalRow, deadline: Deadline) -> Vec<String> {
        let Some(outbox) = &self.outbox else { return Vec::new() };
        let mut unsent = row.unsent_events.iter();
        while let Some(event) = unsent.as_slice().first() {
            if let Err(error) = outbox.event(event, deadline).await {
                not_sent(row, &error);
                break;
            }
            unsent.next();
        }
        unsent.cloned().collect()
    }

    /// Sends the result of a row if it is due. Returns whether it is still due afterwards.
    async fn send_result(&self, row: &ApprovalRow, deadline: Deadline) -> bool {
        let result = row.result.as_deref().filter(|_| row.result_is_due);
        let (Some(outbox), Some(result)) = (&self.outbox, result) else { return false };
        let sent = outbox.result(&row.function, result, deadline).await;
        sent.inspect_err(|error| not_sent(row, error)).is_err()
    }
}

fn not_sent(row: &ApprovalRow, error: &CallError) {
    tracing::warn!(
        event = "event.not_sent",
        approval_id = %row.id,
        "the timer sends it later: {error}"
    );
}

/// Whether two versions of a row differ only in the events that were sent between them.
fn is_same_but_for_events(one: &ApprovalRow, other: &ApprovalRow) -> bool {
    let unsent_events = other.unsent_events.clone();
    ApprovalRow { unsent_events, ..one.clone() } == *other
}
