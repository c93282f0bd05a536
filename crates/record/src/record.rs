//! The tables of intents and of decisions.

use std::collections::BTreeMap;

use app_roles::policy::Permit;
use azure_rest::{
    retry::Deadline,
    tables::{Change, Entity, MOST_CHANGES, TableError, Tables},
};
use serde_json::Value;

use crate::intent::{Intent, IntentKey};

/// The table of decisions: one row for each role of each answer.
pub const AUDIT_TABLE: &str = "AppRoleAudit";

/// The table of writes in progress: one row for each role that is being written.
pub const INTENT_TABLE: &str = "AppRoleIntents";

/// The member of an entity that is its partition.
pub const PARTITION_KEY: &str = "PartitionKey";

/// The member of an entity that is unique in its partition.
pub const ROW_KEY: &str = "RowKey";

/// The record of the broker, in the tables of the host's storage account.
pub struct Record {
    tables: Tables,
}

/// A write that is about to be sent.
#[derive(Debug)]
pub struct PlannedWrite {
    /// The permit for the write.
    pub permit: Permit,
    /// The key of the intent's row in the principal's partition.
    pub row_key: String,
    /// What is known of the write. The keys are added.
    pub row: Entity,
}

impl Record {
    /// The record in these tables.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        Self { tables }
    }

    /// The table service.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Stores the intents of the writes of one request, all or none. All are about one principal. The
    /// error means that none may be written.
    ///
    /// If an answer was lost, the row is stored again, so that only an accepted row makes an intent.
    pub async fn intend(
        &self,
        planned: Vec<PlannedWrite>,
        deadline: Deadline,
    ) -> Result<Vec<Intent>, TableError> {
        let rows: Vec<_> =
            planned.iter().map(|planned| Change::Upsert(intent_row(planned))).collect();
        for changes in rows.chunks(MOST_CHANGES) {
            self.tables.change(INTENT_TABLE, changes, deadline).await?;
        }
        let stored = |PlannedWrite { permit, row_key, .. }| Intent::stored(permit, row_key);
        Ok(planned.into_iter().map(stored).collect())
    }

    /// Stores rows about decisions. Nothing is ever overwritten. A row that already exists is the same one,
    /// because its key contains the invocation.
    pub async fn store(&self, rows: Vec<Entity>, deadline: Deadline) -> Result<(), TableError> {
        let mut partitions: BTreeMap<String, Vec<Change>> = BTreeMap::new();
        for row in rows {
            partitions.entry(text(&row, PARTITION_KEY)).or_default().push(Change::Insert(row));
        }
        for changes in partitions.values().flat_map(|changes| changes.chunks(MOST_CHANGES)) {
            match self.tables.change(AUDIT_TABLE, changes, deadline).await {
                Ok(()) | Err(TableError::Exists) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Deletes the intents of writes whose outcome is on record. All are about one principal.
    pub async fn close(&self, intents: &[IntentKey], deadline: Deadline) -> Result<(), TableError> {
        let deletion = |key: &IntentKey| Change::Delete {
            partition_key: key.partition_key.clone(),
            row_key: key.row_key.clone(),
            etag: None,
        };
        let changes: Vec<_> = intents.iter().map(deletion).collect();
        for changes in changes.chunks(MOST_CHANGES) {
            match self.tables.change(INTENT_TABLE, changes, deadline).await {
                // They are gone because an earlier attempt got no answer.
                Ok(()) | Err(TableError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn intent_row(planned: &PlannedWrite) -> Entity {
    let mut row = planned.row.clone();
    let partition = planned.permit.principal().to_string();
    row.insert(PARTITION_KEY.to_owned(), Value::from(partition));
    row.insert(ROW_KEY.to_owned(), Value::from(planned.row_key.clone()));
    row
}

fn text(entity: &Entity, name: &str) -> String {
    entity.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
