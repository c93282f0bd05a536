//! The record of a run: the intents that were stored, as the proxies in front of the tables saw them, and
//! the rows that are left in the tables.

use std::{collections::BTreeMap, time::Instant};

use anyhow::Result;
use app_process::app::RECORD;
use serde_json::Value;
use storage_emulator::{
    Account, Entity, StorageError, TableOperation, TableOperationKind, TableRequest,
};

/// The table of writes in progress.
pub(crate) const INTENTS: &str = "AppRoleIntents";
/// The table of assignments with an end.
pub(crate) const ENDS: &str = "AppRoleEnds";
/// The end of the key of a row that was written by the timer.
const SETTLED: &str = "-settled";

/// The keys of a row: its principal, and its key among the rows of the principal.
pub(crate) type RowKey = (String, String);

/// An intent that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The `client-request-id` of its write.
    pub(crate) client_request_id: String,
    /// The key of the row of its outcome.
    pub(crate) audit_row: RowKey,
    /// The request's id; empty if it had none.
    pub(crate) request_id: String,
    /// When it was durable.
    pub(crate) stored: Instant,
}

/// A row about a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: RowKey,
    pub(crate) status: String,
    /// The request's id; empty if it had none.
    pub(crate) request_id: String,
    pub(crate) settled_later: bool,
    /// The assignment; empty if the row names none.
    pub(crate) assignment_id: String,
}

/// The record of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// All intents that were stored, by the id of their write.
    pub(crate) intents: BTreeMap<String, Intent>,
    /// The rows about decisions, by their keys.
    pub(crate) rows: BTreeMap<RowKey, Row>,
    /// The keys of the intents that are still open.
    pub(crate) open: Vec<String>,
}

impl Row {
    /// The key of the row that the handler would have stored itself.
    pub(crate) fn unsettled_key(&self) -> RowKey {
        let (principal, key) = &self.key;
        (principal.clone(), key.strip_suffix(SETTLED).unwrap_or(key).to_owned())
    }

    fn read(entity: &Entity) -> Self {
        let text = |name: &str| {
            let value = entity.properties.get(name).and_then(|value| value.as_str());
            value.unwrap_or_default().to_owned()
        };
        Self {
            key: (entity.partition_key.clone(), entity.row_key.clone()),
            status: text("status"),
            request_id: text("requestId"),
            settled_later: entity.properties.contains_key("settledLater"),
            assignment_id: text("assignmentId"),
        }
    }
}

impl Record {
    /// Reads the tables, and the requests that the proxies have seen.
    pub(crate) async fn collect(account: &Account, requests: &[TableRequest]) -> Result<Self> {
        let rows = entities(account, RECORD).await?;
        let rows = rows.iter().map(Row::read).map(|row| (row.key.clone(), row)).collect();
        let open = entities(account, INTENTS).await?;
        let open = open.iter().map(|open| format!("{}, {}", open.partition_key, open.row_key));
        Ok(Self { intents: stored_intents(requests), rows, open: open.collect() })
    }

    /// The row about the outcome of an intent: that of the handler, or that of the timer. The handler's
    /// may say `unknown`.
    pub(crate) fn rows_of(&self, intent: &Intent) -> impl Iterator<Item = &Row> {
        let (principal, key) = &intent.audit_row;
        let settled = self.rows.get(&(principal.clone(), format!("{key}{SETTLED}")));
        self.rows.get(&intent.audit_row).into_iter().chain(settled)
    }
}

/// All rows of a table; none if it does not exist.
pub(crate) async fn entities(account: &Account, table: &str) -> Result<Vec<Entity>> {
    match account.table(table).entities().await {
        Ok(entities) => Ok(entities),
        Err(StorageError::NotFound { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The intents that were stored, each at its first storage: a request whose answer was lost is repeated.
fn stored_intents(requests: &[TableRequest]) -> BTreeMap<String, Intent> {
    let mut intents = BTreeMap::new();
    for request in requests {
        let Some(stored) = request.succeeded_at() else { continue };
        for intent in request.operations.iter().filter_map(|operation| intent(operation, stored)) {
            let first = intents.entry(intent.client_request_id.clone()).or_insert(intent.clone());
            first.stored = first.stored.min(intent.stored);
        }
    }
    intents
}

fn intent(operation: &TableOperation, stored: Instant) -> Option<Intent> {
    let stores = matches!(operation.kind, TableOperationKind::Insert | TableOperationKind::Upsert);
    if operation.table != INTENTS || !stores {
        return None;
    }
    let text = |name: &str| operation.entity.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Intent {
        client_request_id: text("clientRequestId")?,
        audit_row: (operation.partition_key.clone(), text("auditRowKey")?),
        request_id: text("requestId").unwrap_or_default(),
        stored,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use storage_emulator::TableAnswer;

    use super::*;

    fn request(line: (&str, &str), status: u16, at: Instant) -> TableRequest {
        let entity = json!({ "clientRequestId": "c", "auditRowKey": "k", "requestId": "soak-1" });
        TableRequest {
            operations: TableOperation::of_request(line, None, entity.to_string().as_bytes()),
            arrived: at,
            fault: None,
            answer: Some(TableAnswer { at, status }),
        }
    }

    #[test]
    fn an_intent_counts_from_its_first_storage() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let line = ("PUT", "/contoso/AppRoleIntents(PartitionKey='p',RowKey='r')");
        let requests =
            [request(line, 500, now), request(line, 204, later), request(line, 204, now)];
        let stored =
            |requests: &[TableRequest]| stored_intents(requests).get("c").map(|one| one.stored);
        assert_eq!(stored(&requests[..1]), None);
        assert_eq!(stored(&requests[..2]), Some(later));
        assert_eq!(stored(&requests), Some(now));
    }

    #[test]
    fn only_what_stores_an_intent_is_one() {
        let now = Instant::now();
        for line in [
            ("PUT", "/contoso/AppRoleEnds(PartitionKey='p',RowKey='r')"),
            ("DELETE", "/contoso/AppRoleIntents(PartitionKey='p',RowKey='r')"),
            ("GET", "/contoso/AppRoleIntents()"),
        ] {
            assert!(stored_intents(&[request(line, 204, now)]).is_empty(), "{line:?}");
        }
    }

    #[test]
    fn a_settled_row_belongs_to_the_key_that_it_settles() {
        let row = |key: &str| Row {
            key: ("p".to_owned(), key.to_owned()),
            status: "assigned".to_owned(),
            request_id: String::new(),
            settled_later: true,
            assignment_id: String::new(),
        };
        let unsettled = ("p".to_owned(), "k".to_owned());
        assert_eq!(row("k-settled").unsettled_key(), unsettled);
        assert_eq!(row("k").unsettled_key(), unsettled);
    }
}
