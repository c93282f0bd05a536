//! What the broker has recorded of a role.

use app_roles::directory::{Api, AppRole, Principal};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{arguments::GlobalOptions, credential, failure::Failure, storage::TableError};

/// The broker's record: a row for every role and decision, in the partition of the principal.
const TABLE: &str = "AppRoleAudit";

/// How many changes are shown.
const MOST_ENTRIES: usize = 10;

/// A change of the role by the broker.
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

/// Reads the changes of one role of one principal, newest first.
pub(super) async fn read(
    global: &GlobalOptions,
    account: &str,
    principal: &Principal,
    api: &Api,
    role: &AppRole,
) -> Result<Vec<Entry>, Failure> {
    let table = credential::account(global, "--audit", account)?.table(TABLE);
    let filter = format!(
        "PartitionKey eq '{}' and apiId eq '{}' and appRoleId eq '{}' \
         and (status eq 'assigned' or status eq 'revoked')",
        principal.object_id, api.object_id, role.id
    );
    match table.query(&filter, MOST_ENTRIES).await {
        Ok(rows) => Ok(rows.iter().map(Entry::from).collect()),
        // The broker makes it with its first row.
        Err(TableError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(Failure::failed(error.to_string())
            .hint("you need the role Storage Table Data Reader on the account")),
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
    pub(super) fn row(&self) -> Vec<String> {
        let Self { at, status, requester, rule, reason, .. } = self;
        let texts = [Some(at), Some(status), Some(requester), rule.as_ref(), reason.as_ref()];
        texts.map(|text| text.cloned().unwrap_or_default()).to_vec()
    }
}
