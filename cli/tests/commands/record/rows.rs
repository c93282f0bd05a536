//! Rows in the broker's tables, written as the broker writes them.

use serde_json::{Value, json};
use storage_emulator::{Account, Azurite, Entity, EntityValue};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_READ};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// The last millisecond of the year 9999, from which row keys count down.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// An invocation of the broker.
pub(crate) const INVOCATION: &str = "5f0a7d0e-0000-4000-8000-000000000000";

/// An account of a storage emulator, with the broker's tables.
pub(crate) struct RowWriter {
    pub(crate) account: Account,
}

/// The time that was so long ago, as the broker writes it.
pub(crate) fn ago(duration: Duration) -> String {
    (OffsetDateTime::now_utc() - duration).replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap()
}

/// The key of a row about a request that began so long ago. The newest one comes first.
pub(crate) fn key(began: Duration, invocation: &str) -> String {
    let at = (OffsetDateTime::now_utc() - began).unix_timestamp() * 1000;
    format!("{:015}-{invocation}-00", LAST_MILLISECOND - at)
}

/// The columns of a row about an assignment that began so long ago.
pub(crate) fn assigned(began: Duration) -> Value {
    json!({
        "RowKey": key(began, INVOCATION), "status": "assigned", "action": "assign", "dryRun": false,
        "startedAt": ago(began), "durationMs": 1200, "requester": "queue:app-role-requests",
        "rule": "orders workloads", "reason": "reads its own API", "invocationId": INVOCATION,
        "principalId": ORDERS_IDENTITY, "principalDisplayName": "id-orders", "apiId": ORDERS_API,
        "apiAppId": ORDERS_API_APP_ID, "apiDisplayName": "Orders API", "appRoleId": ORDERS_READ,
        "appRoleValue": "Orders.Read",
    })
}

/// A row with other values.
pub(crate) fn with(mut row: Value, more: &Value) -> Value {
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    row
}

impl RowWriter {
    /// An account whose tables do not exist yet.
    pub(crate) async fn new() -> Self {
        Self { account: Azurite::shared_account().await.unwrap() }
    }

    /// An account with an empty audit table.
    pub(crate) async fn with_audit_table() -> Self {
        let writer = Self::new().await;
        writer.account.table("AppRoleAudit").create_if_missing().await.unwrap();
        writer
    }

    /// The connection string.
    pub(crate) fn connection(&self) -> String {
        self.account.connection_string()
    }

    /// Adds a row to a table. The default partition is that of id-orders.
    pub(crate) async fn add(&self, table: &str, row: &Value) {
        self.add_all(table, std::slice::from_ref(row)).await;
    }

    /// Adds a row to the audit table.
    pub(crate) async fn record(&self, row: &Value) {
        self.add("AppRoleAudit", row).await;
    }

    /// Adds up to 100 rows of one partition.
    pub(crate) async fn add_all(&self, table: &str, rows: &[Value]) {
        let table = self.account.table(table);
        table.create_if_missing().await.unwrap();
        let entities: Vec<_> = rows.iter().map(entity).collect();
        table.insert_all(&entities).await.unwrap();
    }
}

fn entity(row: &Value) -> Entity {
    let text = |name: &str, or: &str| row[name].as_str().unwrap_or(or).to_owned();
    let columns = row.as_object().unwrap().iter();
    let columns = columns.filter(|(name, _)| *name != "PartitionKey" && *name != "RowKey");
    let value = |value: &Value| match value {
        Value::Bool(value) => EntityValue::Boolean(*value),
        Value::Number(number) => {
            EntityValue::Int32(i32::try_from(number.as_i64().unwrap()).unwrap())
        }
        Value::String(text) => EntityValue::String(text.clone()),
        other => panic!("{other}"),
    };
    Entity {
        partition_key: text("PartitionKey", ORDERS_IDENTITY),
        row_key: text("RowKey", "1"),
        properties: columns.map(|(name, one)| (name.clone(), value(one))).collect(),
    }
}
