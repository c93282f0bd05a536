//! The timer of approvals: continues unfinished work.

use app_roles::approval::ApprovalState;
use record::approvals::{ApprovalRow, StoredApproval};
use time::{Duration, OffsetDateTime};

use super::{
    events,
    parts::{ApprovalParts, in_the_name_of_requester, table_failed},
    turns::in_turn,
};
use crate::{
    ask::Ask,
    moment::rfc3339,
    stop::{Again, Stop},
};

/// How long a finished request is kept, so that its result can be read.
const KEPT: Duration = Duration::days(30);

/// The most old requests that a run deletes. The next run, a minute later, goes on.
const MOST_FORGOTTEN: usize = 1000;

/// After this many requests whose events or results could not be sent, a run sends no more for requests
/// that only wait to be sent: the queue does not respond, and each attempt costs seconds that approved
/// requests need.
const MOST_UNSENT: usize = 3;

/// The distance between the row numbers of two requests in the record of one run: more than the most roles
/// of a request.
const ROWS_OF_REQUEST: usize = 100;

impl ApprovalParts {
    /// Runs once: carries out approved requests, ends expired ones, and sends what was not sent. What fails
    /// is left to the next run. The error means that nothing could be read.
    pub(crate) async fn run(&self, ask: &Ask) -> Result<(), Again> {
        let table = self.table()?;
        let open = table.open(ask.deadline).await.map_err(|error| table_failed(&error))?;
        let mut unsent = 0;
        for (index, stored) in in_turn(open, |stored| &stored.row).into_iter().enumerate() {
            let one = Ask {
                deadline: ask.deadline.at_most(self.timing.queue_message),
                first_row: index * ROWS_OF_REQUEST,
                ..ask.clone()
            };
            if self.is_of_another_policy(&stored.row) {
                let row = stored.row.clone();
                if let Err(again) = self.judge_again(&one, stored).await {
                    warn(&row, &again, self.timing.end_late);
                }
                continue;
            }
            if only_waits(&stored.row) {
                if unsent < MOST_UNSENT && !self.send(&stored, one.deadline).await {
                    unsent += 1;
                }
                continue;
            }
            let row = stored.row.clone();
            if let Err(again) = self.go_on_with(&one, stored).await {
                warn(&row, &again, self.timing.end_late);
            }
        }
        let old = OffsetDateTime::now_utc() - KEPT;
        let finished = table.finished_before(old, MOST_FORGOTTEN, ask.deadline).await;
        for stored in finished.map_err(|error| table_failed(&error))? {
            table.forget(&stored, ask.deadline).await.map_err(|error| table_failed(&error))?;
        }
        Ok(())
    }

    /// Whether a request waits under another policy than the present one.
    fn is_of_another_policy(&self, row: &ApprovalRow) -> bool {
        row.finished_at.is_none()
            && only_waits(row)
            && !self.mode.only_reports()
            && self.policy.sha256().is_some()
            && row.subject.policy_sha256.as_deref() != self.policy.sha256()
    }

    /// Judges a waiting request by the present policy: its approvers are asked again, or it ends, or it no
    /// longer needs an approval.
    async fn judge_again(&self, ask: &Ask, stored: StoredApproval) -> Result<(), Again> {
        let requester = in_the_name_of_requester(&stored.row, ask);
        match self.review(&requester, &stored.row.request).await {
            Ok(review) => self.renew(ask, &stored, &review).await.map(|_| ()),
            Err(Stop::Final(answer)) => self.refuse(ask, stored, answer).await.map(|_| ()),
            Err(Stop::Again(again) | Stop::GiveUp(again)) => Err(again),
        }
    }

    async fn go_on_with(&self, ask: &Ask, stored: StoredApproval) -> Result<(), Again> {
        let (row, now) = (&stored.row, OffsetDateTime::now_utc());
        if row.carry_out.is_some_and(|turn| now < turn.until) {
            return Ok(());
        }
        let mut taken = ApprovalRow { carry_out: Some(self.turn(ask)), ..row.clone() };
        if row.state == ApprovalState::Pending {
            taken.state = ApprovalState::Expired;
            taken.unsent_events.push(events::decided(&taken));
            tracing::info!(
                event = "approval.expired",
                approval_id = %row.id,
                principal_id = %row.subject.principal_id,
                requester = %row.requester,
                "the approvers did not decide in time"
            );
        }
        if !self.replace(&stored, &taken, ask.deadline).await? {
            return Ok(());
        }
        let Some(stored) = self.get(taken.id, ask.deadline).await? else { return Ok(()) };
        self.conclude(ask, stored).await.map(|_| ())
    }
}

/// Whether the only work left for a request is to send its events and its result.
fn only_waits(row: &ApprovalRow) -> bool {
    let waits = row.state == ApprovalState::Pending && OffsetDateTime::now_utc() < row.expires_at;
    row.finished_at.is_some() || waits
}

/// Logs that a request was not finished. The line is an error once the request is late.
fn warn(row: &ApprovalRow, again: &Again, late: std::time::Duration) {
    let approved_at = row.approved_at.or(row.finished_at);
    let is_late = approved_at.is_some_and(|at| OffsetDateTime::now_utc() - at > late);
    if is_late {
        tracing::error!(
            event = "approval.late",
            approval_id = %row.id,
            principal_id = %row.subject.principal_id,
            requester = %row.requester,
            approved_at = row.approved_at.map(rfc3339),
            "an approved request was not carried out yet, and every run tries again: {}", again.reason
        );
    } else {
        tracing::warn!(
            event = "approval.not_yet",
            approval_id = %row.id,
            "the next run goes on with the request: {}", again.reason
        );
    }
}
