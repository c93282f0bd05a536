//! The entities of a table service, and what its operations do to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use storage_emulator::{TableOperation, TableOperationKind as Kind};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::filter::Filter;

/// The names of entities: table, partition key and row key.
type Key = (String, String, String);

/// The answer to an operation: a status, with a body for 200 or a code for an error.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    /// The partition key and the row key with which the next page begins.
    pub(super) next: Option<[String; 2]>,
    /// The version of what was written.
    pub(super) etag: Option<String>,
}

/// The format of a timestamp.
const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// The largest page ("Query timeout and pagination").
const LARGEST_PAGE: usize = 1000;

/// What a request for entities asks for.
#[derive(Debug, Default)]
pub(super) struct Query {
    filter: String,
    /// The columns of the answer; all if empty.
    columns: Vec<String>,
    top: Option<usize>,
    partition_key: String,
    row_key: String,
}

impl Query {
    /// Reads the parameters of a URL.
    pub(super) fn of(parameters: Vec<(String, String)>) -> Self {
        let mut query = Self::default();
        for (name, value) in parameters {
            match name.as_str() {
                "$filter" => query.filter = value,
                "$select" => query.columns = value.split(',').map(str::to_owned).collect(),
                "$top" => query.top = value.parse().ok(),
                "NextPartitionKey" => query.partition_key = value,
                "NextRowKey" => query.row_key = value,
                _ => {}
            }
        }
        query
    }

    /// What the answer has of an entity.
    fn selected(&self, entity: &Value) -> Value {
        if self.columns.is_empty() {
            return entity.clone();
        }
        let members =
            self.columns.iter().filter_map(|name| Some((name.clone(), entity.get(name)?)));
        members.map(|(name, value)| (name, value.clone())).collect()
    }
}

/// All entities. Every table exists.
#[derive(Debug, Default)]
pub(super) struct Store {
    entities: BTreeMap<Key, Value>,
    /// The number of changes so far. It is the version of what is written.
    changes: u64,
}

impl Store {
    /// Carries out all operations, or none.
    pub(super) fn carry_out(&mut self, operations: &[TableOperation], query: &Query) -> Answer {
        let failed = operations.iter().find_map(|operation| self.refused(operation));
        if let Some(failed) = failed {
            return failed;
        }
        let mut answer = Answer { status: 204, ..Answer::default() };
        for operation in operations {
            answer = self.apply(operation, query);
        }
        answer
    }

    /// Why an operation cannot be carried out.
    fn refused(&self, operation: &TableOperation) -> Option<Answer> {
        let known = self.entities.get(&key(operation));
        let etag = operation.etag.as_deref().filter(|etag| *etag != "*");
        let is_changed =
            || etag.is_some() && known.and_then(|known| known.get("odata.etag")?.as_str()) != etag;
        match operation.kind {
            Kind::Insert if known.is_some() => Some(error(409, "EntityAlreadyExists")),
            Kind::Read | Kind::Replace | Kind::Delete if known.is_none() => {
                Some(error(404, "ResourceNotFound"))
            }
            Kind::Replace | Kind::Delete if is_changed() => {
                Some(error(412, "UpdateConditionNotSatisfied"))
            }
            Kind::Merge | Kind::Other => Some(error(501, "NotImplemented")),
            _ => None,
        }
    }

    fn apply(&mut self, operation: &TableOperation, query: &Query) -> Answer {
        let key = key(operation);
        match operation.kind {
            Kind::Insert | Kind::Upsert | Kind::Replace => {
                self.changes += 1;
                let etag = format!("W/\"{}\"", self.changes);
                let mut entity = operation.entity.clone();
                if let Some(members) = entity.as_object_mut() {
                    members.insert("odata.etag".to_owned(), etag.clone().into());
                    let now = OffsetDateTime::now_utc().format(TIMESTAMP).unwrap_or_default();
                    members.insert("Timestamp".to_owned(), now.into());
                }
                self.entities.insert(key, entity);
                return Answer { status: 204, etag: Some(etag), ..Answer::default() };
            }
            Kind::Delete => drop(self.entities.remove(&key)),
            Kind::Read => {
                let body = self.entities.get(&key).cloned().unwrap_or_default();
                return Answer { status: 200, body, ..Answer::default() };
            }
            Kind::Query => return self.query(&operation.table, query),
            Kind::CreateTable | Kind::Merge | Kind::Other => {}
        }
        Answer { status: 204, ..Answer::default() }
    }

    /// Stores an entity, or replaces the one with its keys.
    pub(super) fn insert(&mut self, table: &str, entity: Value) {
        let text = |name: &str| entity.get(name).and_then(Value::as_str).unwrap_or_default();
        let key = (table.to_owned(), text("PartitionKey").to_owned(), text("RowKey").to_owned());
        self.entities.insert(key, entity);
    }

    fn query(&self, table: &str, query: &Query) -> Answer {
        let Some(filter) = Filter::parse(&query.filter) else {
            return error(501, "NotImplemented");
        };
        let first = (table.to_owned(), query.partition_key.clone(), query.row_key.clone());
        let entities = self.entities.range(first..).take_while(|((of, ..), _)| of == table);
        let mut matching = entities.filter(|(_, entity)| filter.matches(entity));
        let size = query.top.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
        let page = matching.by_ref().take(size).map(|(_, entity)| query.selected(entity));
        let body = json!({ "value": page.collect::<Vec<_>>() });
        let next = matching.next().map(|((_, partition, row), _)| [partition.clone(), row.clone()]);
        Answer { status: 200, body, next, etag: None }
    }
}

fn key(operation: &TableOperation) -> Key {
    let TableOperation { table, partition_key, row_key, .. } = operation;
    (table.clone(), partition_key.clone(), row_key.clone())
}

fn error(status: u16, code: &str) -> Answer {
    let message = json!({ "lang": "en-US", "value": code });
    let body = json!({ "odata.error": { "code": code, "message": message } });
    Answer { status, body, ..Answer::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(line: (&str, &str), etag: Option<&str>, body: &str) -> Vec<TableOperation> {
        TableOperation::of_request(line, etag, body.as_bytes())
    }

    fn status(store: &mut Store, line: (&str, &str), etag: Option<&str>, body: &str) -> u16 {
        store.carry_out(&operations(line, etag, body), &Query::default()).status
    }

    const ENTITY: &str = "/bench/Rows(PartitionKey='p',RowKey='r')";
    const BODY: &str = r#"{"PartitionKey":"p","RowKey":"r"}"#;

    #[test]
    fn an_entity_is_inserted_once_and_replaced_or_deleted_by_its_version() {
        let mut store = Store::default();
        let store = &mut store;
        assert_eq!(status(store, ("GET", ENTITY), None, ""), 404);
        assert_eq!(status(store, ("POST", "/bench/Rows"), None, BODY), 204);
        assert_eq!(status(store, ("POST", "/bench/Rows"), None, BODY), 409);
        assert_eq!(status(store, ("PUT", ENTITY), Some("W/\"1\""), BODY), 204);
        assert_eq!(status(store, ("PUT", ENTITY), Some("W/\"1\""), BODY), 412);
        assert_eq!(status(store, ("DELETE", ENTITY), Some("W/\"1\""), ""), 412);
        assert_eq!(status(store, ("PUT", ENTITY), None, BODY), 204);
        assert_eq!(status(store, ("GET", ENTITY), None, ""), 200);
        assert_eq!(status(store, ("DELETE", ENTITY), Some("*"), ""), 204);
        assert_eq!(status(store, ("DELETE", ENTITY), Some("*"), ""), 404);
    }

    #[test]
    fn one_operation_that_fails_undoes_all_of_its_transaction() {
        let mut store = Store::default();
        let mut both = operations(("POST", "/bench/Rows"), None, BODY);
        both.extend(operations(("DELETE", "/bench/Rows(PartitionKey='p',RowKey='x')"), None, ""));
        assert_eq!(store.carry_out(&both, &Query::default()).status, 404);
        assert!(store.entities.is_empty());
    }

    #[test]
    fn a_query_answers_the_matching_entities_of_one_table() {
        let mut store = Store::default();
        for (table, row) in [("Rows", "a"), ("Rows", "b"), ("Other", "a")] {
            let body = format!(r#"{{"PartitionKey":"p","RowKey":"{row}"}}"#);
            status(&mut store, ("POST", &format!("/bench/{table}")), None, &body);
        }
        let query = operations(("GET", "/bench/Rows()"), None, "");
        let rows = |answer: &Answer| answer.body["value"].as_array().map(Vec::len);
        let filtered = |filter: &str| Query { filter: filter.to_owned(), ..Query::default() };
        let mut answer = |filter: &str| store.carry_out(&query, &filtered(filter));
        assert_eq!(rows(&answer("")), Some(2));
        assert_eq!(rows(&answer("PartitionKey eq 'p' and RowKey ge 'b'")), Some(1));
        assert_eq!(answer("startswith(RowKey,'b')").status, 501);
    }

    #[test]
    fn a_query_may_select_columns() {
        let mut store = Store::default();
        let row = json!({ "PartitionKey": "p", "RowKey": "r", "a": "1", "b": "2" });
        store.insert("Rows", row);
        let operation = operations(("GET", "/bench/Rows()"), None, "");
        let query = Query::of(vec![("$select".to_owned(), "RowKey,b,absent".to_owned())]);
        let answer = store.carry_out(&operation, &query);
        assert_eq!(answer.body["value"], json!([{ "RowKey": "r", "b": "2" }]));
    }

    #[test]
    fn the_pages_of_a_query_have_each_entity_once() {
        let mut store = Store::default();
        for row in 0..7 {
            store.insert("Rows", json!({ "PartitionKey": "p", "RowKey": row.to_string() }));
        }
        let operation = operations(("GET", "/bench/Rows()"), None, "");
        let (mut found, mut next) = (Vec::new(), Some([String::new(), String::new()]));
        while let Some([partition_key, row_key]) = next {
            let query = Query { top: Some(3), partition_key, row_key, ..Query::default() };
            let answer = store.carry_out(&operation, &query);
            let page = answer.body["value"].as_array().unwrap().clone();
            assert!((1..=3).contains(&page.len()));
            found.extend(page.into_iter().map(|row| row["RowKey"].as_str().unwrap().to_owned()));
            next = answer.next;
        }
        assert_eq!(found, ["0", "1", "2", "3", "4", "5", "6"]);
    }
}
