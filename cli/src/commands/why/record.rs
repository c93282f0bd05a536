//! The broker's audit rows about a role.

use serde::Serialize;
use serde_json::{Map, Value};

use super::subject::Subject;
use crate::{
    broker_record::RecordTables,
    failure::Failure,
    storage::{TableError, filter},
};

/// The largest number of changes to show.
const MAX_ENTRIES: usize = 10;

/// A change that the broker made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    at: String,
    status: String,
    requester: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// `policy`, or the approvers.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    invocation_id: String,
}

/// Reads the changes of a role, newest first. The table has one partition for each principal.
pub(super) async fn read(
    tables: &RecordTables,
    Subject { principal, api, role }: Subject<'_>,
) -> Result<Vec<Entry>, Failure> {
    let filter = filter::all([
        filter::text("PartitionKey", "eq", &principal.object_id.to_string()),
        filter::text("apiId", "eq", &api.object_id.to_string()),
        filter::text("appRoleId", "eq", &role.id.to_string()),
        "(status eq 'assigned' or status eq 'revoked')".to_owned(),
    ]);
    match tables.audit().query(&filter, MAX_ENTRIES).await {
        Ok(rows) => Ok(rows.iter().map(Entry::from).collect()),
        // The broker creates the table with the first row.
        Err(TableError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(Failure::from(&error)),
    }
}

impl From<&Map<String, Value>> for Entry {
    fn from(row: &Map<String, Value>) -> Self {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            at: text("startedAt").unwrap_or_default(),
            status: text("status").unwrap_or_default(),
            requester: text("requester").unwrap_or_default(),
            rule: text("rule"),
            approved_by: text("approvedBy"),
            reason: text("reason"),
            request_id: text("requestId"),
            invocation_id: text("invocationId").unwrap_or_default(),
        }
    }
}

impl Entry {
    /// Returns the row of a table.
    pub(super) fn row(&self) -> Vec<String> {
        let Self { at, status, requester, rule, approved_by, reason, .. } = self;
        let [rule, approved_by, reason] = [rule, approved_by, reason].map(Option::as_ref);
        let texts = [Some(at), Some(status), Some(requester), rule, approved_by, reason];
        texts.map(|text| text.cloned().unwrap_or_default()).to_vec()
    }
}
