//! A denial that is on record, while the row says that other approvers have approved the request.
//!
//! A decision is recorded before it is counted, and another approver can complete the approval between
//! the two. The recorded denial prevents the write, unless the write came first. So its approver is told
//! only what became of the request.

use app_roles::{
    approval::{ApprovalState, Vote},
    ids::ObjectId,
};
use azure_rest::retry::Deadline;
use record::{
    approval_record::ApprovalRecord,
    approvals::{ApprovalRow, StoredApproval},
};
use time::OffsetDateTime;

use super::parts::{ApprovalParts, table_failed};
use crate::{ask::Ask, ballot::Ballot, stop::Again};

impl ApprovalParts {
    /// Whether this decision is a recorded denial of a request that is being carried out.
    pub(super) async fn is_late_denial(
        &self,
        row: &ApprovalRow,
        (approver, ballot): (ObjectId, &Ballot),
        deadline: Deadline,
    ) -> Result<bool, Again> {
        let could_be = row.state == ApprovalState::Approved
            && ballot.vote == Vote::Deny
            && ballot.digest == row.subject.digest();
        if !could_be {
            return Ok(false);
        }
        let denied = ApprovalRecord::read_denied(self.record()?, row, deadline).await;
        Ok(denied.map_err(|error| table_failed(&error))?.contains(&approver))
    }

    /// Brings an approved request to its end that was denied meanwhile. `None` if the row was changed, and
    /// must be looked at again.
    pub(super) async fn end_after_denial(
        &self,
        ask: &Ask,
        stored: StoredApproval,
    ) -> Result<Option<ApprovalRow>, Again> {
        if is_carried_out(&stored.row) {
            self.wait_for_the_end_of_the_turn(ask, stored).await?;
            return Ok(None);
        }
        let taken = ApprovalRow { carry_out: Some(self.turn(ask)), ..stored.row.clone() };
        if !self.replace(&stored, &taken, ask.deadline).await? {
            return Ok(None);
        }
        let Some(stored) = self.get(taken.id, ask.deadline).await? else { return Ok(None) };
        self.conclude(ask, stored).await.map(Some)
    }

    /// Waits while another invocation may be writing. The error means that it takes too long.
    async fn wait_for_the_end_of_the_turn(
        &self,
        ask: &Ask,
        stored: StoredApproval,
    ) -> Result<(), Again> {
        let (id, mut row) = (stored.row.id, Some(stored.row));
        while row.as_ref().is_some_and(is_carried_out) {
            let wait = self.timing.contested_approval;
            if ask.deadline.remaining() <= wait {
                return Err(Again::because(
                    "another invocation is carrying the request out, and it is not known yet whether the \
                     denial came first",
                ));
            }
            tokio::time::sleep(wait).await;
            // A read that fails, for instance because the time is over, tells nothing: the wait goes on.
            if let Ok(stored) = self.get(id, ask.deadline).await {
                row = stored.map(|stored| stored.row);
            }
        }
        Ok(())
    }
}

/// Whether an invocation may be carrying the request out at this moment.
fn is_carried_out(row: &ApprovalRow) -> bool {
    let is_in_progress = row.carry_out.is_some_and(|turn| OffsetDateTime::now_utc() < turn.until);
    row.state == ApprovalState::Approved && is_in_progress
}
