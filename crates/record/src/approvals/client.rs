//! The table of approvals.

use app_roles::{approval::ApprovalDigest, ids::ApprovalId, requester::Requester};
use azure_rest::{
    retry::Deadline,
    tables::{Change, Entity, Selection, TableError, Tables, literal},
};
use serde_json::Value;
use time::OffsetDateTime;

use super::{
    columns::ROW_KEY,
    row::{APPROVAL_TABLE, ApprovalRow},
};

/// The requests that wait for approval, in the table service.
#[derive(Clone)]
pub struct Approvals {
    tables: Tables,
}

/// A row, and the version of it that was read.
#[derive(Debug, Clone)]
pub struct StoredApproval {
    /// The row.
    pub row: ApprovalRow,
    /// Its version.
    etag: String,
}

/// How many requests of one requester wait for approvers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitingOfRequester {
    /// Their number, up to the most that were counted.
    pub count: usize,
    /// When the first of the counted ones expires.
    pub first_expires_at: Option<OffsetDateTime>,
}

impl WaitingOfRequester {
    fn add(&mut self, row: &Entity) {
        self.count += 1;
        let expires_at = literal::time_of(row, EXPIRES_AT);
        let times = self.first_expires_at.into_iter().chain(expires_at);
        self.first_expires_at = times.min();
    }
}

/// The column with the time at which a request expires.
const EXPIRES_AT: &str = "expiresAt";

/// The filter for requests that wait for approvers.
const PENDING: &str = "state eq 'pending'";

impl Approvals {
    /// The approvals in this table service.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        Self { tables }
    }

    /// Stores a new row. [`TableError::Exists`] if a row has its id. It may be this one, because an answer
    /// can be lost.
    pub async fn insert(&self, row: &ApprovalRow, deadline: Deadline) -> Result<(), TableError> {
        let change = Change::Insert(row.to_entity());
        self.tables.change(APPROVAL_TABLE, &[change], deadline).await
    }

    /// The row with this id. `None` if there is none, or if it cannot be read.
    pub async fn get(
        &self,
        id: ApprovalId,
        deadline: Deadline,
    ) -> Result<Option<StoredApproval>, TableError> {
        let found = self.tables.get(APPROVAL_TABLE, (&id.to_string(), ROW_KEY), deadline).await?;
        Ok(found.as_ref().and_then(stored))
    }

    /// The rows with this digest that are pending, or approved and not carried out yet.
    pub async fn waiting_with_digest(
        &self,
        digest: &ApprovalDigest,
        deadline: Deadline,
    ) -> Result<Vec<StoredApproval>, TableError> {
        let digest = literal::text(digest.as_str());
        let waiting = "(state eq 'pending' or state eq 'approved')";
        self.query(&format!("{waiting} and digest eq {digest}"), deadline).await
    }

    /// The rows that are not finished, or from which something must still be sent.
    pub async fn open(&self, deadline: Deadline) -> Result<Vec<StoredApproval>, TableError> {
        self.query("isOpen eq true", deadline).await
    }

    /// The pending rows that are wanted, oldest first. The others are not kept in memory.
    pub async fn pending(
        &self,
        mut is_wanted: impl FnMut(&ApprovalRow) -> bool + Send,
        deadline: Deadline,
    ) -> Result<Vec<StoredApproval>, TableError> {
        let selection = Selection { filter: PENDING, ..Selection::default() };
        let mut pending = Vec::new();
        let take = |entity: Entity| {
            pending.extend(stored(&entity).filter(|one| is_wanted(&one.row)));
        };
        self.tables.select(APPROVAL_TABLE, &selection, deadline, take).await?;
        pending.sort_by_key(|stored| stored.row.created_at);
        Ok(pending)
    }

    /// Counts the requests of a requester that wait for approvers, but no more than `most` of them.
    pub async fn waiting_of(
        &self,
        requester: &Requester,
        most: usize,
        deadline: Deadline,
    ) -> Result<WaitingOfRequester, TableError> {
        let requester = literal::text(&requester.to_string());
        let filter = format!("{PENDING} and requester eq {requester}");
        let selection = Selection { filter: &filter, columns: EXPIRES_AT, most: Some(most) };
        let mut waiting = WaitingOfRequester::default();
        let take = |row: Entity| waiting.add(&row);
        self.tables.select(APPROVAL_TABLE, &selection, deadline, take).await?;
        Ok(waiting)
    }

    /// The rows that ended before this moment, but no more than `most` of them.
    pub async fn finished_before(
        &self,
        moment: OffsetDateTime,
        most: usize,
        deadline: Deadline,
    ) -> Result<Vec<StoredApproval>, TableError> {
        let moment = literal::time(moment);
        let filter = format!("isOpen eq false and finishedAt lt {moment}");
        let selection = Selection { filter: &filter, most: Some(most), ..Selection::default() };
        let mut finished = Vec::new();
        let take = |entity: Entity| finished.extend(stored(&entity));
        self.tables.select(APPROVAL_TABLE, &selection, deadline, take).await?;
        Ok(finished)
    }

    async fn query(
        &self,
        filter: &str,
        deadline: Deadline,
    ) -> Result<Vec<StoredApproval>, TableError> {
        let entities = self.tables.query(APPROVAL_TABLE, filter, deadline).await?;
        Ok(entities.iter().filter_map(stored).collect())
    }

    /// Replaces a row that was read. [`TableError::Changed`] if it has changed since. The change may be
    /// this one, because an answer can be lost.
    pub async fn replace(
        &self,
        before: &StoredApproval,
        row: &ApprovalRow,
        deadline: Deadline,
    ) -> Result<(), TableError> {
        let change = Change::Replace { entity: row.to_entity(), etag: before.etag.clone() };
        self.tables.change(APPROVAL_TABLE, &[change], deadline).await
    }

    /// Deletes a row that was read, unless it was changed since.
    pub async fn forget(
        &self,
        stored: &StoredApproval,
        deadline: Deadline,
    ) -> Result<(), TableError> {
        let change = Change::Delete {
            partition_key: stored.row.id.to_string(),
            row_key: ROW_KEY.to_owned(),
            etag: Some(stored.etag.clone()),
        };
        match self.tables.change(APPROVAL_TABLE, &[change], deadline).await {
            Ok(()) | Err(TableError::Changed | TableError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A row, if it can be read. Otherwise it is logged and kept.
fn stored(entity: &Entity) -> Option<StoredApproval> {
    let etag = entity.get("odata.etag").and_then(Value::as_str).unwrap_or_default().to_owned();
    match ApprovalRow::of_entity(entity) {
        Ok(row) => Some(StoredApproval { row, etag }),
        Err(unreadable) => {
            let partition_key = entity.get("PartitionKey").and_then(Value::as_str);
            tracing::error!(
                event = "approval.unreadable",
                approval_id = partition_key,
                "a row of the table of approvals is kept and not acted on: {unreadable}"
            );
            None
        }
    }
}
