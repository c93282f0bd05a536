//! The requests of the table service ("Table service REST API").

use azure_core::http::Url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::change::{Change, Entity};

/// The format of entities, with etags and the types that JSON does not show: the table service answers
/// JSON only to one media type. Azurite refuses a list of them with 415 `AtomFormatNotSupported`
/// ("Payload format for Table service operations").
pub(super) const ENTITIES: &str = "application/json;odata=minimalmetadata";

/// Everything but the characters that need no encoding anywhere (RFC 3986, section 2.3). The signature
/// covers the path, so the service refuses a path that it would encode differently. In filters the service
/// accepts only %20 as a space.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) const JSON: &str = "application/json";

/// A request, without what authorizes it.
pub(super) struct Request {
    pub(super) method: Method,
    /// Below the service's address, percent-encoded.
    pub(super) path: String,
    pub(super) etag: Option<String>,
    /// The media type, and the body.
    pub(super) body: Option<(&'static str, String)>,
}

impl Request {
    /// A request for a change.
    pub(super) fn of(table: &str, change: &Change) -> Self {
        match change {
            Change::Insert(entity) => Self::post(table.to_owned(), (JSON, written(entity))),
            Change::Upsert(entity) => Self::put(table, entity, None),
            Change::Replace { entity, etag } => Self::put(table, entity, Some(etag.clone())),
            Change::Delete { partition_key, row_key, etag } => Self {
                method: Method::DELETE,
                path: entity_path(table, (partition_key, row_key)),
                etag: Some(etag.clone().unwrap_or_else(|| "*".to_owned())),
                body: None,
            },
        }
    }

    /// A request that creates a table.
    pub(super) fn create(table: &str) -> Self {
        Self::post("Tables".to_owned(), (JSON, json!({ "TableName": table }).to_string()))
    }

    /// A request that sends a body to a collection.
    pub(super) fn post(path: String, body: (&'static str, String)) -> Self {
        Self { method: Method::POST, path, etag: None, body: Some(body) }
    }

    /// A request that reads.
    pub(super) fn get(path: String) -> Self {
        Self { method: Method::GET, path, etag: None, body: None }
    }

    fn put(table: &str, entity: &Entity, etag: Option<String>) -> Self {
        let key = |name| entity.get(name).and_then(Value::as_str).unwrap_or_default();
        let path = entity_path(table, (key("PartitionKey"), key("RowKey")));
        Self { method: Method::PUT, path, etag, body: Some((JSON, written(entity))) }
    }
}

/// The path of an entity.
pub(super) fn entity_path(table: &str, (partition_key, row_key): (&str, &str)) -> String {
    let key = |text: &str| encoded(&text.replace('\'', "''"));
    format!("{table}(PartitionKey='{}',RowKey='{}')", key(partition_key), key(row_key))
}

/// The address of a path and parameters below the address of a service.
pub(super) fn address(service: &Url, path: &str, parameters: &[(&str, &str)]) -> Url {
    let mut url = service.clone();
    let base = service.path().trim_end_matches('/');
    url.set_path(&format!("{base}/{path}"));
    let query = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    let query = query.collect::<Vec<_>>().join("&");
    url.set_query((!query.is_empty()).then_some(&query));
    url
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The JSON of an entity, without what the service adds to it.
fn written(entity: &Entity) -> String {
    let is_own = |name: &str| {
        !name.starts_with("odata.") && !matches!(name, "Timestamp" | "Timestamp@odata.type")
    };
    let own = entity.iter().filter(|(name, _)| is_own(name));
    let own: Entity = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    ascii(&Value::Object(own).to_string())
}

/// JSON with an escape for each character outside ASCII, which occurs only in texts. Azurite decodes each
/// chunk of a body on its own, so it would corrupt a character that spans two chunks.
fn ascii(json: &str) -> String {
    let mut written = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            written.push(character);
        } else {
            let units = &mut [0; 2];
            let escapes = character.encode_utf16(units).iter();
            written.extend(escapes.map(|unit| format!("\\u{unit:04x}")));
        }
    }
    written
}
