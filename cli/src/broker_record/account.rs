//! The storage account with the broker's tables.

use clap::Args;
use record::{
    ends::ENDS_TABLE,
    record::{AUDIT_TABLE, INTENT_TABLE},
};

use super::row::Row;
use crate::{
    failure::Failure,
    options::GlobalOptions,
    output::Progress,
    storage::{Account, Permissions, Table, TableError},
    storage_account::{AUDIT, AccountText},
};

/// The option that names the storage account with the broker's tables.
#[derive(Debug, Clone, Args)]
pub(crate) struct RecordAccount {
    /// Storage account with the broker's tables, the one of `AzureWebJobsStorage`, by its queue endpoint:
    /// for example `https://stbroker.queue.core.windows.net`. The variable may hold a connection string
    #[arg(long, env = "APP_ROLE_AUDIT", hide_env_values = true, value_name = "ENDPOINT")]
    audit: Option<AccountText>,
}

/// The broker's tables, for reading.
pub(crate) struct RecordTables {
    account: Account,
}

impl RecordAccount {
    /// Opens the account; `None` if none was named.
    pub(crate) fn open(&self, global: &GlobalOptions) -> Result<Option<RecordTables>, Failure> {
        let account = AUDIT.open(global, self.audit.as_ref(), Permissions::Read)?;
        Ok(account.map(|account| RecordTables { account }))
    }

    /// Opens the account, which must be named.
    pub(crate) fn require(&self, global: &GlobalOptions) -> Result<RecordTables, Failure> {
        self.open(global)?.ok_or_else(|| {
            Failure::usage("no storage account is named, so there is no record to read").hint(
                "name the account of the broker's AzureWebJobsStorage with --audit or APP_ROLE_AUDIT",
            )
        })
    }
}

impl RecordTables {
    /// The audit table.
    pub(crate) fn audit(&self) -> Table {
        self.account.table(AUDIT_TABLE)
    }

    /// Reads the rows of intents that match a filter. The broker creates the table with its first write.
    pub(crate) async fn intents(&self, filter: &str) -> Result<Vec<Row>, Failure> {
        read(&self.account.table(INTENT_TABLE), filter).await
    }

    /// Reads the rows of ends that match a filter. The broker creates the table with its first end.
    pub(crate) async fn ends(&self, filter: &str) -> Result<Vec<Row>, Failure> {
        read(&self.account.table(ENDS_TABLE), filter).await
    }
}

/// Reads all rows that match a filter. A table that does not exist has none.
async fn read(table: &Table, filter: &str) -> Result<Vec<Row>, Failure> {
    let _progress = Progress::start("reading the record …");
    match table.pages(filter).all().await {
        Ok(entities) => Ok(entities.into_iter().map(Row::from).collect()),
        Err(TableError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(Failure::from(&error)),
    }
}

impl From<&TableError> for Failure {
    fn from(error: &TableError) -> Self {
        let sentence = error.to_string();
        match error {
            TableError::NotFound(table) => {
                Self::not_found(format!("the storage account has no table {table}")).hint(
                    "the broker creates it with its first row; check that this is the account of its \
                     AzureWebJobsStorage",
                )
            }
            TableError::Denied(..) => Self::denied(sentence).hint(
                "you need the Azure role Storage Table Data Reader on the account, its firewall must let \
                 you in, and a connection string needs the account's own key",
            ),
            TableError::Failed(..) => Self::failed(sentence).hint(
                "check the name of the account and that its firewall lets you in, and run the command \
                 again",
            ),
        }
    }
}
