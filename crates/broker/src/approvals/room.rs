//! How many requests of one requester may wait for approval at the same time.

use app_roles::{
    outcome::{Code, RoleOutcome, Status},
    policy::Decision,
};
use record::approvals::WaitingOfRequester;
use time::{Duration, OffsetDateTime};

use super::parts::{ApprovalParts, table_failed};
use crate::{
    answer::Answer,
    ask::Ask,
    decide::{Decided, not_attempted},
    directory::Target,
    moment::rfc3339,
    stop::Stop,
};

/// The most requests of one requester that may wait. Approvers cannot look at more of them in a day. Each
/// run of the timer reads all of them, so one requester must not be able to fill the table.
const MOST_WAITING: usize = 500;

/// How long a request whose time is over may still count: the timer that ends it runs each minute.
const UNTIL_ENDED: Duration = Duration::MINUTE;

impl ApprovalParts {
    /// Checks that one more request of the requester may wait. Otherwise the answer is final. Requests that
    /// come at the same moment can exceed the limit by their number.
    pub(super) async fn check_room(
        &self,
        ask: &Ask,
        target: &Target,
        decided: &[Decided],
    ) -> Result<(), Stop> {
        let table = self.table().map_err(Stop::Again)?;
        let waiting = table.waiting_of(&ask.requester, MOST_WAITING, ask.deadline).await;
        let waiting = waiting.map_err(|error| Stop::Again(table_failed(&error)))?;
        if waiting.count < MOST_WAITING {
            return Ok(());
        }
        tracing::warn!(
            event = "approval.no_room",
            principal_id = %target.principal.object_id,
            requester = %ask.requester,
            waiting = waiting.count,
            "too many requests of the requester wait for approval already"
        );
        Err(Stop::Final(without_room(target, decided, waiting)))
    }
}

/// The answer to a request that may not wait as well.
fn without_room(target: &Target, decided: &[Decided], waiting: WaitingOfRequester) -> Answer {
    let now = OffsetDateTime::now_utc();
    let first = waiting.first_expires_at.map_or(now, |first| first.max(now));
    let not_before = rfc3339(first.saturating_add(UNTIL_ENDED));
    let message = format!(
        "{} requests of this requester wait for approval, and no more may wait: have their approvers \
         decide, or send the request again after {not_before}, when the first of them has expired",
        waiting.count
    );
    let roles = decided.iter().map(|one| match one.decision {
        Decision::Allowed(_) => not_attempted(one.outcome.clone()),
        Decision::NeedsApproval(_) => {
            let not_before = Some(not_before.clone());
            RoleOutcome { status: Status::Denied, not_before, ..one.outcome.clone() }
                .with_code(Code::RateLimited)
                .with_message(&message)
        }
    });
    target.answer(roles.collect())
}
