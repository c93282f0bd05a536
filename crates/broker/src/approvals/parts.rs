//! The parts that work on approvals uses.

use std::sync::Arc;

use app_roles::{ids::ApprovalId, policy::Policy, request::SentTime};
use azure_rest::{
    retry::Deadline,
    tables::{TableError, Tables},
};
use record::{
    approvals::{ApprovalRow, Approvals, StoredApproval},
    record::Record,
};

use crate::{
    approval_reference::ApprovalReference,
    ask::{Ask, Delivery, IfFailed},
    assignment_ends::AssignmentEnds,
    confirmation::Confirmation,
    directory::Directory,
    mode::Mode,
    outbox::Outbox,
    record_failure::{no_record, unavailable},
    recorder::Recorder,
    stop::Again,
    timing::Timing,
    writer::Writer,
};

/// The parts that work on requests and approvals uses.
#[derive(Clone)]
pub(crate) struct ApprovalParts {
    pub(crate) policy: Arc<Policy>,
    pub(crate) mode: Mode,
    pub(crate) record: Option<Arc<Record>>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) confirmation: Arc<Confirmation>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) ends: Arc<AssignmentEnds>,
    pub(crate) outbox: Option<Arc<Outbox>>,
    pub(crate) timing: Timing,
}

impl ApprovalParts {
    /// The table of approvals.
    pub(super) fn table(&self) -> Result<Approvals, Again> {
        let tables: Result<&Tables, Again> = self.record().map(Record::tables);
        tables.map(|tables| Approvals::new(tables.clone()))
    }

    pub(super) fn record(&self) -> Result<&Record, Again> {
        self.record.as_deref().ok_or_else(|| Again::without_record(&no_record()))
    }

    /// Checks that there is a policy. Without one, no waiting request is refused, because the next start
    /// may read one. The error says why there is none.
    pub(super) fn readable_policy(&self) -> Result<(), Again> {
        let reason = self.policy.unavailable_reason();
        reason.map_or(Ok(()), |reason| Err(Again::because(format!("there is no policy: {reason}"))))
    }

    /// The row with this id.
    pub(super) async fn get(
        &self,
        id: ApprovalId,
        deadline: Deadline,
    ) -> Result<Option<StoredApproval>, Again> {
        self.table()?.get(id, deadline).await.map_err(|error| table_failed(&error))
    }

    /// Replaces a row. `false` if it was changed since it was read.
    pub(super) async fn replace(
        &self,
        before: &StoredApproval,
        row: &ApprovalRow,
        deadline: Deadline,
    ) -> Result<bool, Again> {
        match self.table()?.replace(before, row, deadline).await {
            Ok(()) => Ok(true),
            Err(TableError::Changed | TableError::NotFound) => Ok(false),
            Err(error) => Err(table_failed(&error)),
        }
    }
}

/// Logs a failed call of the table, and makes the reason for another attempt.
pub(super) fn table_failed(error: &TableError) -> Again {
    Again::without_record(&unavailable(error))
}

/// The ask of an invocation that works on a request in the name of its requester.
pub(super) fn in_the_name_of_requester(row: &ApprovalRow, ask: &Ask) -> Ask {
    Ask {
        function: row.function.clone(),
        requester: row.requester.clone(),
        message_id: row.message_id.clone(),
        // The request was in time when it began to wait. Its own time limit is checked separately.
        sent: SentTime::NotStated,
        delivery: Delivery { number: 1, if_failed: IfFailed::Redelivered },
        waits_for_replication: false,
        approval: Some(ApprovalReference { id: row.id, digest: row.subject.digest() }),
        ..ask.clone()
    }
}
