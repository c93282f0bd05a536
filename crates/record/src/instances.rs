//! The table of instances: the share of each one in their common write quota.

mod columns;

use std::time::Duration;

use azure_rest::{
    retry::Deadline,
    tables::{Change, TableError, Tables},
};
use shared_quota::{
    exchange::RowStore,
    row::{Row, StoredRow},
};

use columns::{PARTITION, read, written};

/// The table of instances: one row for each that has sent writes lately.
pub const INSTANCE_TABLE: &str = "AppRoleInstances";

/// How long an answer may take. A healthy service needs milliseconds. A busy one may need seconds, and an
/// instance that does not wait for it keeps to a small part of the quota. A lease is longer than two of them.
const TIMEOUT: Duration = Duration::from_secs(4);

/// The rows of all instances, and the row of this one.
pub struct InstanceRows {
    tables: Tables,
    instance: String,
    /// The version of this instance's row that was last read or stored. It prevents a late write from
    /// replacing a newer row.
    etag: Option<String>,
    is_away: bool,
}

impl InstanceRows {
    /// The rows in these tables, for the instance with this id.
    #[must_use]
    pub fn new(tables: &Tables, instance: String) -> Self {
        Self { tables: tables.without_retries(), instance, etag: None, is_away: false }
    }
}

impl RowStore for InstanceRows {
    type Error = TableError;

    async fn store(&mut self, row: &Row) -> Result<(), TableError> {
        let deadline = Deadline::after(TIMEOUT);
        let entity = written(&self.instance, row);
        let replaced = self.etag.as_deref();
        self.etag = self.tables.store(INSTANCE_TABLE, entity, replaced, deadline).await?;
        Ok(())
    }

    async fn read(&mut self) -> Result<Vec<StoredRow>, TableError> {
        let filter = format!("PartitionKey eq '{PARTITION}'");
        let entities = self.tables.query(INSTANCE_TABLE, &filter, Deadline::after(TIMEOUT)).await?;
        let mut rows = Vec::with_capacity(entities.len());
        self.etag = None;
        for entity in &entities {
            let Some(row) = read(entity) else {
                tracing::warn!(
                    event = "quota.row_unreadable",
                    "a row of table {INSTANCE_TABLE} cannot be read: a newer version wrote it, or it \
                     was changed by hand. Its instance is left out; delete the row"
                );
                continue;
            };
            if row.instance == self.instance {
                let etag = entity.get("odata.etag").and_then(|etag| etag.as_str());
                self.etag = etag.map(str::to_owned);
            }
            rows.push(row);
        }
        Ok(rows)
    }

    async fn delete(&mut self, instances: Vec<String>) {
        let deletion =
            |row_key| Change::Delete { partition_key: PARTITION.to_owned(), row_key, etag: None };
        let changes: Vec<_> = instances.into_iter().map(deletion).collect();
        // Another instance may have deleted them. What remains is deleted later.
        let _ = self.tables.change(INSTANCE_TABLE, &changes, Deadline::after(TIMEOUT)).await;
    }

    fn is_away(&mut self, error: TableError) {
        if !std::mem::replace(&mut self.is_away, true) {
            tracing::warn!(
                event = "quota.alone",
                %error,
                "the instances cannot divide the write quota: this one keeps to a small part of it \
                 until table {INSTANCE_TABLE} can be used"
            );
        }
    }

    fn is_back(&mut self) {
        if std::mem::take(&mut self.is_away) {
            tracing::info!(event = "quota.shared", "the instances divide the write quota again");
        }
    }
}
