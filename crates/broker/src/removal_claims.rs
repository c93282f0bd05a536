//! Which of several requests has removed an assignment, if a removal got no answer.
//!
//! Two instances may remove one assignment at the same time. If one of them gets no answer and then finds it
//! gone, only the record tells whether the other one may have removed it.

use std::{sync::Arc, time::Duration};

use azure_rest::{retry::Deadline, tables::TableError};
use microsoft_graph::{GraphResponse, assignments::Written, error::GraphError};
use record::{
    intent::Intent,
    record::Record,
    settlement::{Case, RemovalClaim},
};

/// Which removals may be claimed.
pub(crate) struct RemovalClaims {
    record: Option<Arc<Record>>,
    /// The least time for a look at the tables. A write may have ended at the last moment.
    least_time: Duration,
}

impl RemovalClaims {
    pub(crate) fn new(record: Option<Arc<Record>>, least_time: Duration) -> Self {
        Self { record, least_time }
    }

    /// The outcome of a write as it may be recorded. A removal that may be that of another request is in
    /// doubt: its intent stays open, and is settled later.
    pub(crate) async fn judge(
        &self,
        intent: &Intent,
        outcome: Result<Written, GraphError>,
        deadline: Deadline,
    ) -> Result<Written, GraphError> {
        let written = outcome?;
        let Written::Revoked(GraphResponse { body, .. }) = &written else { return Ok(written) };
        if !written.is_inferred_removal() {
            return Ok(written);
        }
        match self.claim(intent, &body.id, deadline.at_least(self.least_time)).await {
            Ok(RemovalClaim::Free) => Ok(written),
            Ok(RemovalClaim::Taken) => Ok(Written::AlreadyRevoked),
            Ok(RemovalClaim::Contested) => Err(GraphError::contested_removal()),
            Err(error) => {
                tracing::warn!(
                    event = "intent.open",
                    principal_id = %intent.permit().principal(),
                    "a timer finds out later what became of a removal, because the tables do not tell \
                     now: {error}"
                );
                Err(GraphError::contested_removal())
            }
        }
    }

    /// An intent that is gone has a row, so they are read in this order.
    async fn claim(
        &self,
        intent: &Intent,
        assignment_id: &str,
        deadline: Deadline,
    ) -> Result<RemovalClaim, TableError> {
        let Some(record) = &self.record else { return Ok(RemovalClaim::Free) };
        let principal = intent.permit().principal();
        let intents = record.open_intents_of(principal, deadline).await?;
        let rows = record.audit_rows_about(principal, &intents, deadline).await?;
        let case = Case { held: None, intents: &intents, rows: &rows };
        Ok(case.removal_claim(intent.row_key(), assignment_id))
    }
}
