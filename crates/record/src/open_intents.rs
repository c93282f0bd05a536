//! The reads and writes of settling.

use app_roles::ids::ObjectId;
use azure_rest::{
    retry::Deadline,
    tables::{TableError, literal},
};

use crate::{
    intent::IntentKey,
    record::{AUDIT_TABLE, INTENT_TABLE, PARTITION_KEY, ROW_KEY, Record},
    settlement::{Case, OpenIntent, Row, UnreadableIntent},
};

/// The intents whose rows are in the table.
#[derive(Debug, Default)]
pub struct OpenIntents {
    /// Those that can be read, by principal.
    pub readable: Vec<OpenIntent>,
    /// Those that cannot.
    pub unreadable: Vec<UnreadableIntent>,
}

impl FromIterator<Row> for OpenIntents {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut intents = Self::default();
        for row in rows {
            match OpenIntent::read(row) {
                Ok(intent) => intents.readable.push(intent),
                Err(unreadable) => intents.unreadable.push(unreadable),
            }
        }
        intents
    }
}

impl Record {
    /// The open intents of all principals.
    pub async fn open_intents(&self, deadline: Deadline) -> Result<OpenIntents, TableError> {
        let rows = self.tables().query(INTENT_TABLE, "", deadline).await?;
        Ok(rows.into_iter().collect())
    }

    /// The open intents of a principal that can be read.
    pub async fn open_intents_of(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<Vec<OpenIntent>, TableError> {
        let rows = self.tables().query(INTENT_TABLE, &partition(principal), deadline).await?;
        Ok(rows.into_iter().collect::<OpenIntents>().readable)
    }

    /// The audit rows of a principal that are relevant to its intents.
    pub async fn audit_rows_about(
        &self,
        principal: ObjectId,
        intents: &[OpenIntent],
        deadline: Deadline,
    ) -> Result<Vec<Row>, TableError> {
        let Some(last_key) = Case::last_row_key(intents) else { return Ok(Vec::new()) };
        let last_key = literal::text(&last_key);
        let filter = format!("{} and {ROW_KEY} le {last_key}", partition(principal));
        self.tables().query(AUDIT_TABLE, &filter, deadline).await
    }
}

impl OpenIntent {
    /// The key of the row.
    #[must_use]
    pub fn key(&self) -> IntentKey {
        IntentKey { partition_key: self.principal.to_string(), row_key: self.row_key.clone() }
    }
}

fn partition(principal: ObjectId) -> String {
    format!("{PARTITION_KEY} eq {}", literal::text(&principal.to_string()))
}
