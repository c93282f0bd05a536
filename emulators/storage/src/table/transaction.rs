//! Entity group transactions: several requests in the body of one ("Performing entity group
//! transactions").

use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::entity::Entity;

/// The media type of a transaction's body. The body is JSON without raw line breaks, so it cannot
/// contain a boundary.
pub(super) const CONTENT_TYPE: &str = "multipart/mixed; boundary=batch_6c0c2f8e";
const BATCH: &str = "--batch_6c0c2f8e";
const CHANGES_TYPE: &str = "multipart/mixed; boundary=changeset_91d5a3b7";
const CHANGES: &str = "--changeset_91d5a3b7";

/// The body of a transaction that inserts entities into the table with this URL.
pub(super) fn body(entities: &[Entity], table: &Url) -> String {
    let mut body = format!("{BATCH}\r\nContent-Type: {CHANGES_TYPE}\r\n\r\n");
    for entity in entities {
        body = body
            + CHANGES
            + "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            + &format!("POST {table} HTTP/1.1\r\n")
            + "Accept: application/json;odata=minimalmetadata\r\n"
            + "Content-Type: application/json\r\n"
            + "Prefer: return-no-content\r\n"
            + "DataServiceVersion: 3.0;\r\n\r\n"
            + &entity.json().to_string()
            + "\r\n";
    }
    body + CHANGES + "--\r\n" + BATCH + "--\r\n"
}

/// The status and body of the operation that failed. If one fails, the answer contains only that one.
pub(crate) fn failure(answer: &str) -> Option<(StatusCode, String)> {
    answer.match_indices("HTTP/1.1 ").find_map(|(start, prefix)| {
        let rest = answer.get(start + prefix.len()..)?;
        let status: StatusCode = rest.get(..3)?.parse().ok()?;
        (!status.is_success()).then(|| (status, first_json(rest)))
    })
}

/// The first JSON object in a text, without what follows it.
fn first_json(text: &str) -> String {
    let json = text.find('{').and_then(|start| text.get(start..)).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    values.next().and_then(Result::ok).map_or_else(String::new, |value| value.to_string())
}
