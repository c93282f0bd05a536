//! The events about assignments that the broker has created or removed.
//!
//! An event is made from the audit row, so that the recorder and the settlement make the same one. It goes
//! into its queue while the row is stored, and before the intent is closed: if that fails, the intent stays
//! open and the event is sent later.

use std::sync::Arc;

use app_roles::{
    cloud_event::{
        About, AssignmentCreated, AssignmentEnded, CloudEvent, EndedBy, EventRole, Happening,
    },
    ids::{AppId, AppRoleId, ApprovalId, ObjectId},
};
use azure_rest::{call_error::CallError, retry::Deadline, tables::Entity};
use record::record::{PARTITION_KEY, ROW_KEY};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::outbox::Outbox;

/// The suffix of the key of a row that was added by settling.
const SETTLED: &str = "-settled";

/// The prefix of a requester that is a timer of the broker.
const TIMER: &str = "timer:";

/// Puts events about assignments into their queue. Without an outbox, there are none.
#[derive(Clone)]
pub(crate) struct ChangeEvents {
    outbox: Option<Arc<Outbox>>,
}

/// An event about an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeEvent {
    /// The principal, for the log.
    principal: ObjectId,
    /// The key of the intent, which identifies the role within its invocation.
    intent: String,
    /// The event as JSON.
    text: String,
}

impl ChangeEvents {
    pub(crate) fn new(outbox: Option<Arc<Outbox>>) -> Self {
        Self { outbox }
    }

    /// The events about rows that are stored.
    pub(crate) fn about<'a>(&self, rows: impl IntoIterator<Item = &'a Entity>) -> Vec<ChangeEvent> {
        match self.outbox {
            Some(_) => rows.into_iter().filter_map(ChangeEvent::of_row).collect(),
            None => Vec::new(),
        }
    }

    /// Puts events into the queue, all at once. Returns those that may not be there, which are logged.
    pub(crate) async fn put_all(
        &self,
        events: Vec<ChangeEvent>,
        deadline: Deadline,
    ) -> Vec<ChangeEvent> {
        let mut puts = JoinSet::new();
        let mut unsent = events.clone();
        for event in events {
            let sender = self.clone();
            let put = async move {
                let is_sent = sender.put(&event, deadline).await;
                (event, is_sent)
            };
            puts.spawn(put.in_current_span());
        }
        while let Some(done) = puts.join_next().await {
            if let Ok((event, true)) = done {
                unsent.retain(|one| *one != event);
            }
        }
        unsent
    }

    /// Puts an event into the queue. `false` if it may not be there, which is logged.
    pub(crate) async fn put(&self, event: &ChangeEvent, deadline: Deadline) -> bool {
        let Some(outbox) = &self.outbox else { return true };
        let put = outbox.event(&event.text, deadline).await;
        if let Err(error) = &put {
            not_sent(event.principal, error);
        }
        put.is_ok()
    }
}

/// Logs that an event about an assignment could not be put into the queue.
pub(crate) fn not_sent(principal: ObjectId, error: &CallError) {
    tracing::warn!(event = "event.not_sent", principal_id = %principal,
        "an event about an assignment waits, and a timer sends it later: {error}");
}

impl ChangeEvent {
    /// Whether the intent with this key led to the event.
    pub(crate) fn is_of(&self, intent_row_key: &str) -> bool {
        self.intent == intent_row_key
    }

    /// The event about an audit row. `None` if nothing was changed, or if the row does not say whether it
    /// was.
    pub(crate) fn of_row(row: &Entity) -> Option<Self> {
        let intent = intent_of(text(row, ROW_KEY)?)?;
        let about = about(row)?;
        let principal = about.principal_id;
        let happening = match text(row, "status")? {
            "assigned" => {
                let data = AssignmentCreated {
                    about,
                    approved_by: owned(row, "approvedBy"),
                    approval_id: text(row, "approvalId").and_then(|id| ApprovalId::parse(id).ok()),
                };
                Happening::AssignmentCreated(data)
            }
            "revoked" => {
                let is_end = about.requester.starts_with(TIMER);
                let ended_by = if is_end { EndedBy::End } else { EndedBy::Revoke };
                Happening::AssignmentEnded(AssignmentEnded { about, ended_by })
            }
            _ => return None,
        };
        // The row of a settled write has this time, too, so a repeated event is the same. It is missing
        // only if the row was changed by hand.
        let at = moment(row, "startedAt").unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let text = CloudEvent::new(&intent, at, happening).to_json();
        Some(Self { principal, intent, text })
    }
}

/// The key of the intent that led to an audit row: the part of the row's key after the time.
fn intent_of(row_key: &str) -> Option<String> {
    let (_, rest) = row_key.split_once('-')?;
    Some(rest.strip_suffix(SETTLED).unwrap_or(rest).to_owned())
}

fn about(row: &Entity) -> Option<About> {
    let role = EventRole {
        app_role_id: AppRoleId::parse(text(row, "appRoleId")?).ok()?,
        app_role_value: owned(row, "appRoleValue"),
        privileged: row.get("privileged").and_then(Value::as_bool),
        rule: owned(row, "rule"),
        end: None,
        end_date_time: owned(row, "endDateTime"),
    };
    Some(About {
        request_id: owned(row, "requestId"),
        requester: owned(row, "requester")?,
        principal_id: ObjectId::parse(text(row, PARTITION_KEY)?).ok()?,
        principal_display_name: owned(row, "principalDisplayName"),
        api_id: ObjectId::parse(text(row, "apiId")?).ok()?,
        api_app_id: text(row, "apiAppId").and_then(|id| AppId::parse(id).ok()),
        api_display_name: owned(row, "apiDisplayName"),
        roles: vec![role],
    })
}

fn text<'a>(row: &'a Entity, column: &str) -> Option<&'a str> {
    row.get(column)?.as_str()
}

fn owned(row: &Entity, column: &str) -> Option<String> {
    text(row, column).map(str::to_owned)
}

fn moment(row: &Entity, column: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text(row, column)?, &Rfc3339).ok()
}

#[cfg(test)]
mod tests;
