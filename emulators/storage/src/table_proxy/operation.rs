//! The operations in a request to the table service ("Table service REST API").

use serde_json::Value;
use url::form_urlencoded;

const BATCH: &str = "$batch";
const TABLES: &str = "Tables";

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableOperationKind {
    /// "Create Table".
    CreateTable,
    /// "Insert Entity".
    Insert,
    /// "Insert Or Replace Entity": a `PUT` without `If-Match`.
    Upsert,
    /// "Update Entity": a `PUT` with `If-Match`.
    Replace,
    /// "Merge Entity" and "Insert Or Merge Entity".
    Merge,
    /// "Delete Entity".
    Delete,
    /// "Query Entities" with both keys in the path.
    Read,
    /// "Query Entities" with a filter or without one.
    Query,
    /// Any other operation.
    Other,
}

/// One operation of a request. A transaction has several.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOperation {
    /// What is done.
    pub kind: TableOperationKind,
    /// The name of the table.
    pub table: String,
    /// The partition key; empty if the operation names none.
    pub partition_key: String,
    /// The row key; empty if the operation names none.
    pub row_key: String,
    /// The version that is replaced or deleted: `If-Match`.
    pub etag: Option<String>,
    /// The entity that is written, as JSON; null for other operations.
    pub entity: Value,
}

impl TableOperation {
    /// The operations of a request, in its order. `line` is its method and its path, and `etag` its
    /// header `If-Match`.
    #[must_use]
    pub fn of_request(line: (&str, &str), etag: Option<&str>, body: &[u8]) -> Vec<Self> {
        let body = String::from_utf8_lossy(body);
        if is_transaction(line.1) {
            return transaction(&body);
        }
        vec![operation(line, etag, &body)]
    }
}

/// Whether a request to this path is a transaction.
pub(super) fn is_transaction(path: &str) -> bool {
    last_segment(path) == BATCH
}

/// The operations in the body of a transaction ("Performing entity group transactions"): each is a
/// request line, headers, an empty line, and perhaps an entity.
fn transaction(body: &str) -> Vec<TableOperation> {
    let mut lines = body.lines().peekable();
    let mut operations = Vec::new();
    while let Some(line) = lines.next() {
        let Some(line) = request_line(line) else { continue };
        let mut etag = None;
        for header in lines.by_ref().take_while(|header| !header.is_empty()) {
            let header = header.split_once(':');
            let condition = header.filter(|(name, _)| name.eq_ignore_ascii_case("if-match"));
            etag = condition.map(|(_, etag)| etag.trim()).or(etag);
        }
        let mut entity = String::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("--")) {
            entity += line;
        }
        operations.push(operation(line, etag, &entity));
    }
    operations
}

/// The method and the URL of a line such as `POST http://127.0.0.1/contoso/Rows HTTP/1.1`.
fn request_line(line: &str) -> Option<(&str, &str)> {
    line.strip_suffix("HTTP/1.1")?.trim_end().split_once(' ')
}

fn operation((method, url): (&str, &str), etag: Option<&str>, body: &str) -> TableOperation {
    let path = url.split('?').next().unwrap_or(url);
    let (table, keys) = match last_segment(path).split_once('(') {
        Some((table, keys)) => (table, keys.trim_end_matches(')')),
        None => (last_segment(path), ""),
    };
    let entity: Value = serde_json::from_str(body).unwrap_or_default();
    let member = |name: &str| entity.get(name).and_then(Value::as_str).map(str::to_owned);
    let key = |name: &str| key(keys, name).or_else(|| member(name)).unwrap_or_default();
    let kind = match (method, table, keys.is_empty()) {
        ("POST", TABLES, _) => TableOperationKind::CreateTable,
        (_, TABLES, _) => TableOperationKind::Other,
        ("POST", _, true) => TableOperationKind::Insert,
        ("PUT", ..) if etag.is_some() => TableOperationKind::Replace,
        ("PUT", ..) => TableOperationKind::Upsert,
        ("MERGE" | "PATCH", ..) => TableOperationKind::Merge,
        ("DELETE", ..) => TableOperationKind::Delete,
        ("GET", _, true) => TableOperationKind::Query,
        ("GET", ..) => TableOperationKind::Read,
        _ => TableOperationKind::Other,
    };
    let named = match kind {
        TableOperationKind::CreateTable => member("TableName").unwrap_or_default(),
        _ => decoded(table),
    };
    let (partition_key, row_key) = (key("PartitionKey"), key("RowKey"));
    let etag = etag.map(str::to_owned);
    TableOperation { kind, table: named, partition_key, row_key, etag, entity }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A key in a path such as `Rows(PartitionKey='p',RowKey='it''s')`.
fn key(keys: &str, name: &str) -> Option<String> {
    let keys = decoded(keys);
    let rest = keys.split_once(&format!("{name}='"))?.1;
    let doubled = rest.replace("''", "\u{0}");
    Some(doubled.split('\'').next()?.replace('\u{0}', "'"))
}

/// Removes percent encoding. In a path, `+` is itself.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
    form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(key, _)| key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(method: &str, path: &str, body: &str) -> TableOperation {
        operation((method, path), None, body)
    }

    #[test]
    fn the_method_and_the_path_tell_the_kind() {
        use TableOperationKind as Kind;
        for (method, path, condition, kind) in [
            ("POST", "/contoso/Tables", false, Kind::CreateTable),
            ("DELETE", "/contoso/Tables('Rows')", false, Kind::Other),
            ("GET", "/contoso/Tables", false, Kind::Other),
            ("POST", "/contoso/Rows", false, Kind::Insert),
            ("PUT", "/contoso/Rows(PartitionKey='p',RowKey='r')", false, Kind::Upsert),
            ("PUT", "/contoso/Rows(PartitionKey='p',RowKey='r')", true, Kind::Replace),
            ("MERGE", "/contoso/Rows(PartitionKey='p',RowKey='r')", true, Kind::Merge),
            ("PATCH", "/contoso/Rows(PartitionKey='p',RowKey='r')", false, Kind::Merge),
            ("DELETE", "/contoso/Rows(PartitionKey='p',RowKey='r')", true, Kind::Delete),
            ("GET", "/contoso/Rows(PartitionKey='p',RowKey='r')", false, Kind::Read),
            ("GET", "/contoso/Rows()", false, Kind::Query),
            ("GET", "/contoso/Rows", false, Kind::Query),
        ] {
            let etag = condition.then_some("*");
            let found = operation((method, path), etag, "");
            assert_eq!((found.kind, found.etag.as_deref()), (kind, etag), "{method} {path}");
        }
    }

    #[test]
    fn keys_are_read_from_the_path_and_from_the_entity() {
        for path in [
            "/contoso/Rows(PartitionKey='p+q',RowKey='it''s')",
            "/contoso/Rows(PartitionKey=%27p%2Bq%27,RowKey=%27it%27%27s%27)",
            "/contoso/Rows(RowKey='it''s',PartitionKey='p+q')",
        ] {
            let found = one("DELETE", path, "");
            assert_eq!((&*found.partition_key, &*found.row_key), ("p+q", "it's"), "{path}");
        }
        let found = one("POST", "/contoso/Rows", r#"{"PartitionKey":"p","RowKey":"r","n":1}"#);
        assert_eq!((&*found.table, &*found.partition_key, &*found.row_key), ("Rows", "p", "r"));
        assert_eq!(found.entity["n"], 1);
    }

    #[test]
    fn a_created_table_is_named_in_the_body() {
        assert_eq!(one("POST", "/contoso/Tables", r#"{"TableName":"Rows"}"#).table, "Rows");
    }

    #[test]
    fn every_operation_of_a_transaction_is_read() {
        let body = "--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n\
            --changeset_1\r\nContent-Type: application/http\r\n\r\n\
            POST http://127.0.0.1:1/contoso/Rows HTTP/1.1\r\nAccept: application/json\r\n\r\n\
            {\"PartitionKey\":\"p\",\r\n\"RowKey\":\"a\"}\r\n\
            --changeset_1\r\nContent-Type: application/http\r\n\r\n\
            DELETE http://127.0.0.1:1/contoso/Rows(PartitionKey='p',RowKey='b') HTTP/1.1\r\n\
            If-Match: *\r\n\r\n\
            --changeset_1\r\nContent-Type: application/http\r\n\r\n\
            PUT http://127.0.0.1:1/contoso/Rows(PartitionKey='p',RowKey='c') HTTP/1.1\r\n\
            if-match: W/\"1\"\r\n\r\n{\"n\":2}\r\n--changeset_1--\r\n--batch_1--\r\n";
        let line = ("POST", "/contoso/$batch");
        let found = TableOperation::of_request(line, None, body.as_bytes());
        let etags: Vec<_> = found.iter().map(|one| one.etag.as_deref()).collect();
        assert_eq!(etags, [None, Some("*"), Some("W/\"1\"")]);
        let found: Vec<_> =
            found.iter().map(|one| (one.kind, &*one.table, &*one.row_key)).collect();
        assert_eq!(
            found,
            [
                (TableOperationKind::Insert, "Rows", "a"),
                (TableOperationKind::Delete, "Rows", "b"),
                (TableOperationKind::Replace, "Rows", "c"),
            ]
        );
    }
}
