//! Announces assignments that end soon, so that people can ask for more time.

use std::sync::Arc;

use app_roles::cloud_event::{About, AssignmentEnding, CloudEvent, EventRole, Happening};
use azure_rest::retry::Deadline;
use record::ends::{Claim, EndKey, StoredEnd};
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::{
    assignment_ends::AssignmentEnds, change_events::not_sent, moment::rfc3339, outbox::Outbox,
    timing::Timing,
};

/// How many notices are sent at the same time. Rows that are due are worked on meanwhile.
const AT_ONCE: usize = 8;

/// After this many notices could not be sent, a run sends no more, because their queue does not respond.
const MOST_UNSENT: usize = 3;

/// Puts an event into the queue for each assignment that ends soon. Without an outbox, there are none.
pub(crate) struct EndingNotices {
    outbox: Option<Arc<Outbox>>,
    ends: Arc<AssignmentEnds>,
    timing: Timing,
}

impl EndingNotices {
    pub(crate) fn new(
        outbox: Option<Arc<Outbox>>,
        ends: Arc<AssignmentEnds>,
        timing: Timing,
    ) -> Self {
        Self { outbox, ends, timing }
    }

    /// The latest end that counts as soon.
    pub(crate) fn until(&self, now: OffsetDateTime) -> OffsetDateTime {
        now + self.timing.ending_notice
    }

    /// Sends the event of each row whose end comes soon and was not announced yet. What cannot be sent is
    /// left to the next run, so that removals do not wait for it.
    pub(crate) async fn send(
        self: &Arc<Self>,
        rows: &[StoredEnd],
        now: OffsetDateTime,
        deadline: Deadline,
    ) {
        let deadline = deadline.at_most(self.timing.ending_notices);
        let until = self.until(now);
        let is_due = |stored: &&StoredEnd| stored.row.to_announce(now, until).is_some();
        let mut due = rows.iter().filter(is_due).cloned();
        let (mut sending, mut unsent) = (JoinSet::new(), 0);
        loop {
            while sending.len() < AT_ONCE
                && unsent < MOST_UNSENT
                && !deadline.remaining().is_zero()
                && let Some(stored) = due.next()
            {
                let notices = self.clone();
                let sent = async move { notices.send_one(&stored, now, deadline).await };
                sending.spawn(sent.in_current_span());
            }
            match sending.join_next().await {
                Some(Ok(true)) => {}
                Some(_) => unsent += 1,
                None => return,
            }
        }
    }

    /// Sends the event, and then marks the row, so that no event is lost. `false` if the event may not be
    /// in the queue.
    async fn send_one(&self, stored: &StoredEnd, now: OffsetDateTime, deadline: Deadline) -> bool {
        let claim = stored.row.to_announce(now, self.until(now));
        let (Some(outbox), Some(claim)) = (&self.outbox, claim) else { return true };
        let text = event(stored.row.key, claim, now).to_json();
        let soon = deadline.at_most(self.timing.calls.write_answer);
        if let Err(error) = outbox.event(&text, soon).await {
            not_sent(stored.row.key.principal, &error);
            return false;
        }
        let Ok(table) = self.ends.table() else { return true };
        if let Err(error) = table.mark_announced(stored, claim.end, deadline).await {
            tracing::warn!(event = "event.not_marked", principal_id = %stored.row.key.principal,
                "the next run sends the event about an end again: {error}");
        }
        true
    }
}

/// The event about an end. Its id contains the end, so that a later end is another event.
fn event(key: EndKey, claim: &Claim, now: OffsetDateTime) -> CloudEvent {
    let EndKey { principal, api, role } = key;
    let (details, end) = (&claim.details, rfc3339(claim.end));
    let id = format!("{principal}-{api}-{role}-ending-{end}");
    let role = EventRole {
        app_role_id: role,
        app_role_value: details.app_role_value.clone(),
        privileged: None,
        rule: Some(details.rule.clone()),
        end: None,
        end_date_time: Some(end),
    };
    let about = About {
        request_id: details.request_id.clone(),
        requester: details.requester.clone(),
        principal_id: principal,
        principal_display_name: details.principal_display_name.clone(),
        api_id: api,
        api_app_id: Some(details.api_app_id),
        api_display_name: details.api_display_name.clone(),
        roles: vec![role],
    };
    CloudEvent::new(&id, now, Happening::AssignmentEnding(AssignmentEnding { about }))
}
