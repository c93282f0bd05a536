//! Entity group transactions: several requests in the body of one ("Performing entity group
//! transactions").

use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::entity::Entity;

/// The type of a transaction's body; nothing in the body can look like its boundaries.
pub(super) const CONTENT: &str = "multipart/mixed; boundary=batch_6c0c2f8e";
const BATCH: &str = "--batch_6c0c2f8e";
const CHANGES_TYPE: &str = "multipart/mixed; boundary=changeset_91d5a3b7";
const CHANGES: &str = "--changeset_91d5a3b7";

/// What to do with an entity.
#[derive(Clone, Debug, PartialEq)]
pub enum TableOperation {
    /// Add it; an entity with its keys must not exist.
    Insert(Entity),
    /// Add it, or put it in the place of the one with its keys.
    InsertOrReplace(Entity),
}

impl TableOperation {
    /// The entity.
    #[must_use]
    pub fn entity(&self) -> &Entity {
        match self {
            Self::Insert(entity) | Self::InsertOrReplace(entity) => entity,
        }
    }
}

/// The body of a transaction; `None` if the table's URL cannot have keys.
pub(super) fn body(operations: &[TableOperation], table: &Url) -> Option<String> {
    let mut body = format!("{BATCH}\r\nContent-Type: {CHANGES_TYPE}\r\n\r\n");
    for operation in operations {
        let (method, url, entity) = match operation {
            TableOperation::Insert(entity) => ("POST", table.clone(), entity),
            TableOperation::InsertOrReplace(entity) => ("PUT", entity_url(table, entity)?, entity),
        };
        body = body
            + CHANGES
            + "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            + &format!("{method} {url} HTTP/1.1\r\n")
            + "Accept: application/json;odata=minimalmetadata\r\n"
            + "Content-Type: application/json\r\n"
            + "Prefer: return-no-content\r\n"
            + "DataServiceVersion: 3.0;\r\n\r\n"
            + &entity.json().to_string()
            + "\r\n";
    }
    Some(body + CHANGES + "--\r\n" + BATCH + "--\r\n")
}

/// `…/Table(PartitionKey='a',RowKey='b')`, quotes in keys doubled.
fn entity_url(table: &Url, entity: &Entity) -> Option<Url> {
    let quoted = |key: &str| key.replace('\'', "''");
    let keys = format!(
        "(PartitionKey='{}',RowKey='{}')",
        quoted(&entity.partition_key),
        quoted(&entity.row_key)
    );
    let name = table.path_segments()?.next_back()?.to_owned();
    let mut url = table.clone();
    url.path_segments_mut().ok()?.pop().push(&(name + &keys));
    Some(url)
}

/// Status and body of the answer that failed; if one fails the service answers with that one alone.
pub(super) fn failure(answer: &str) -> Option<(StatusCode, String)> {
    answer.match_indices("HTTP/1.1 ").find_map(|(start, prefix)| {
        let rest = answer.get(start + prefix.len()..)?;
        let status: StatusCode = rest.get(..3)?.parse().ok()?;
        (!status.is_success()).then(|| (status, first_json(rest)))
    })
}

/// Without what comes after it.
fn first_json(text: &str) -> String {
    let json = text.find('{').and_then(|start| text.get(start..)).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    values.next().and_then(Result::ok).map_or_else(String::new, |value| value.to_string())
}
