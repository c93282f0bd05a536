//! A table service that answers each request by its number, and calls of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use azure_rest::{
    call_error::CallError,
    tables::{Change, Entity, TableError, Tables},
    timing::CallTiming,
};
use serde_json::{Value, json};

use crate::{
    server::{Asked, response, rest_client, serve},
    statuses::soon,
};

pub(crate) type Answer = warp::http::Response<Vec<u8>>;

pub(crate) fn entity(row_key: &str) -> Entity {
    let json = json!({ "PartitionKey": "p", "RowKey": row_key });
    let Value::Object(entity) = json else { unreachable!() };
    entity
}

pub(crate) fn insert(row_key: &str) -> Change {
    Change::Insert(entity(row_key))
}

pub(crate) fn error(status: u16, code: &str) -> Answer {
    let body = json!({ "odata.error": { "code": code, "message": { "value": "0:no" } } });
    response(status, body.to_string().into_bytes())
}

/// The answer to a transaction with these statuses of its changes, and a body for each.
pub(crate) fn transaction(parts: &[(u16, &str)]) -> Answer {
    let mut body = "--batchresponse_1\r\nContent-Type: multipart/mixed; \
                    boundary=changesetresponse_1\r\n\r\n"
        .to_owned();
    for (status, json) in parts {
        body.push_str(&format!(
            "--changesetresponse_1\r\nContent-Type: application/http\r\n\
             Content-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 {status} Reason\r\n\
             DataServiceVersion: 3.0;\r\nContent-Type: application/json\r\n\r\n{json}\r\n"
        ));
    }
    body.push_str("--changesetresponse_1--\r\n--batchresponse_1--\r\n");
    response(202, body.into_bytes())
}

/// A client of a service that answers each request by its number.
pub(crate) async fn tables(
    timing: CallTiming,
    answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static,
) -> (Tables, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let url = serve(move |request| answer(counter.fetch_add(1, SeqCst), request)).await;
    (Tables::with_tokens(rest_client(&url, timing), url), asked)
}

/// Makes one change, or several in a transaction.
pub(crate) async fn write(tables: &Tables, changes: usize) -> Result<(), TableError> {
    let changes: Vec<_> = (0..changes).map(|row| insert(&row.to_string())).collect();
    tables.change("Rows", &changes, soon()).await
}

pub(crate) async fn read(tables: &Tables) -> Result<Vec<Entity>, TableError> {
    tables.query("Rows", "", soon()).await
}

pub(crate) fn failure<T: std::fmt::Debug>(result: Result<T, TableError>) -> CallError {
    match result {
        Err(TableError::Failed(error)) => error,
        other => panic!("not a failure: {other:?}"),
    }
}
