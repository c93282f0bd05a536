//! What approvers and requesters see.

use app_roles::{
    approval_view::{ApprovalList, ApprovalView},
    ids::ApprovalId,
    requester::Requester,
};
use record::approvals::ApprovalRow;
use time::OffsetDateTime;

use super::{
    parts::{ApprovalParts, table_failed},
    view::{is_named, may_decide, view},
};
use crate::{ask::Ask, ballot::WaitingRequest, stop::Again};

impl ApprovalParts {
    /// The requests that wait for the caller, oldest first. Everyone who can sign in may ask, so nothing is
    /// read for a caller whom no rule names.
    pub(crate) async fn list(&self, ask: &Ask) -> Result<ApprovalList, Again> {
        let Requester::Http(approver) = ask.requester else {
            return Ok(ApprovalList { approvals: Vec::new() });
        };
        self.readable_policy()?;
        let now = OffsetDateTime::now_utc();
        if !self.policy.names_approver(approver, now) {
            return Ok(ApprovalList { approvals: Vec::new() });
        }
        let is_wanted = |row: &ApprovalRow| may_decide(&self.policy, row, approver, now);
        let pending = self.table()?.pending(is_wanted, ask.deadline).await;
        let pending = pending.map_err(|error| table_failed(&error))?;
        let views = pending.iter().map(|stored| view(&self.policy, &stored.row, now));
        Ok(ApprovalList { approvals: views.collect() })
    }

    /// A request that the caller may see, because a rule names the caller as an approver.
    pub(crate) async fn show(
        &self,
        ask: &Ask,
        id: ApprovalId,
    ) -> Result<Option<ApprovalView>, Again> {
        let Requester::Http(approver) = ask.requester else { return Ok(None) };
        self.readable_policy()?;
        let now = OffsetDateTime::now_utc();
        let stored = self.get(id, ask.deadline).await?;
        let row = stored.map(|stored| stored.row);
        let row = row.filter(|row| is_named(&self.policy, row, approver, now));
        Ok(row.map(|row| view(&self.policy, &row, now)))
    }

    /// A request of the caller's own.
    pub(crate) async fn of_requester(
        &self,
        ask: &Ask,
        id: ApprovalId,
    ) -> Result<WaitingRequest, Again> {
        let stored = self.get(id, ask.deadline).await?;
        let row = stored.map(|stored| stored.row).filter(|row| row.requester == ask.requester);
        let Some(row) = row else { return Ok(WaitingRequest::NotFound) };
        let now = OffsetDateTime::now_utc();
        Ok(match (row.finished_at, &row.result) {
            (Some(_), Some(result)) => WaitingRequest::Finished(result.clone()),
            _ => WaitingRequest::Waits(Box::new(view(&self.policy, &row, now))),
        })
    }
}
