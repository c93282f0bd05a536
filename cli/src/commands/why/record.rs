//! The broker's audit rows about a role.

use function_folders::use_case::AUDIT_TABLE;
use serde::Serialize;
use serde_json::{Map, Value};

use super::subject::Subject;
use crate::{
    failure::Failure,
    options::GlobalOptions,
    storage::{Permissions, TableError},
    storage_account,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    invocation_id: String,
}

/// Reads the changes of a role, newest first. The table has one partition for each principal.
pub(super) async fn read(
    global: &GlobalOptions,
    account: &str,
    Subject { principal, api, role }: Subject<'_>,
) -> Result<Vec<Entry>, Failure> {
    let account = storage_account::open(global, "--audit", account, Permissions::Read)?;
    let table = account.table(AUDIT_TABLE);
    let filter = format!(
        "PartitionKey eq '{}' and apiId eq '{}' and appRoleId eq '{}' \
         and (status eq 'assigned' or status eq 'revoked')",
        principal.object_id, api.object_id, role.id
    );
    match table.query(&filter, MAX_ENTRIES).await {
        Ok(rows) => Ok(rows.iter().map(Entry::from).collect()),
        // The broker creates the table with the first row.
        Err(TableError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(Failure::failed(error.to_string())
            .hint("you need the Azure role Storage Table Data Reader on the account")),
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
            reason: text("reason"),
            request_id: text("requestId"),
            invocation_id: text("invocationId").unwrap_or_default(),
        }
    }
}

impl Entry {
    /// Returns the row of a table.
    pub(super) fn row(&self) -> Vec<String> {
        let Self { at, status, requester, rule, reason, .. } = self;
        let texts = [Some(at), Some(status), Some(requester), rule.as_ref(), reason.as_ref()];
        texts.map(|text| text.cloned().unwrap_or_default()).to_vec()
    }
}
