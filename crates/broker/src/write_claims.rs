//! Tells by the record which request has created or removed an assignment, if a write got no answer.
//!
//! Two instances may send the same write at the same time. If one of them gets no answer and then finds the
//! assignment created or removed, only the record tells whether the other one may have done it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use app_roles::{directory::Assignment, ids::ObjectId};
use azure_rest::{retry::Deadline, tables::TableError};
use microsoft_graph::{GraphResponse, assignments::Written, error::GraphError};
use record::{
    intent::Intent,
    message_changes::ChangedRole,
    record::Record,
    settlement::{Case, WriteClaim},
};

use crate::{
    ask::Ask,
    record_failure::unavailable,
    stop::{Again, Stop},
};

/// Decides which changes may be claimed.
pub(crate) struct WriteClaims {
    record: Option<Arc<Record>>,
    /// The minimum time to read the tables. A write may have ended at the last moment.
    least_time: Duration,
}

impl WriteClaims {
    pub(crate) fn new(record: Option<Arc<Record>>, least_time: Duration) -> Self {
        Self { record, least_time }
    }

    /// The roles of a principal that earlier deliveries of this message have changed, or may have changed.
    pub(crate) async fn changed_before(
        &self,
        ask: &Ask,
        principal: ObjectId,
    ) -> Result<BTreeSet<ChangedRole>, Stop> {
        let (Some(record), Some(message)) = (&self.record, &ask.message_id) else {
            return Ok(BTreeSet::new());
        };
        let deadline = ask.deadline.at_least(self.least_time);
        let changed = record.changed_by_message(principal, message, deadline).await;
        changed.map_err(|error| Stop::Again(Again::without_record(&unavailable(&error))))
    }

    /// The outcome of a write as it may be recorded. A change that another request may have made is in
    /// doubt: its intent stays open, and is settled later.
    pub(crate) async fn judge(
        &self,
        intent: &Intent,
        outcome: Result<Written, GraphError>,
        deadline: Deadline,
    ) -> Result<Written, GraphError> {
        let written = outcome?;
        let (Written::Assigned(GraphResponse { body, .. })
        | Written::Revoked(GraphResponse { body, .. })) = &written
        else {
            return Ok(written);
        };
        if !written.is_inferred() {
            return Ok(written);
        }
        let is_removal = matches!(written, Written::Revoked(_));
        let claim = self.claim(intent, (body, is_removal), deadline.at_least(self.least_time));
        match claim.await {
            Ok(WriteClaim::Free) => Ok(written),
            Ok(WriteClaim::Taken) if is_removal => Ok(Written::AlreadyRevoked),
            Ok(WriteClaim::Taken) => Ok(Written::AlreadyAssigned(Some(body.clone()))),
            Ok(WriteClaim::Contested) => Err(contested(is_removal)),
            Err(error) => {
                tracing::warn!(
                    event = "intent.open",
                    principal_id = %intent.permit().principal(),
                    "a timer finds out later what became of a write, because the tables do not tell now: \
                     {error}"
                );
                Err(contested(is_removal))
            }
        }
    }

    /// Reads intents before rows, because an intent that is gone has a row.
    async fn claim(
        &self,
        intent: &Intent,
        (assignment, is_removal): (&Assignment, bool),
        deadline: Deadline,
    ) -> Result<WriteClaim, TableError> {
        let Some(record) = &self.record else { return Ok(WriteClaim::Free) };
        let principal = intent.permit().principal();
        let intents = record.open_intents_of(principal, deadline).await?;
        let rows = record.audit_rows_about(principal, &intents, deadline).await?;
        let case = Case { held: None, intents: &intents, rows: &rows };
        Ok(match is_removal {
            true => case.removal_claim(intent.row_key(), &assignment.id),
            false => case.creation_claim(intent.row_key(), assignment),
        })
    }
}

fn contested(is_removal: bool) -> GraphError {
    match is_removal {
        true => GraphError::contested_removal(),
        false => GraphError::contested_creation(),
    }
}
