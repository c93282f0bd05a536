//! A table service in memory that answers after a fixed time, so that figures do not depend on Azurite's
//! speed. It checks no signature, and every table exists. It takes messages for queues, too, and drops them.

mod filter;
mod store;

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::Value;
use storage_emulator::TableOperation;
use store::{Answer, Query, Store};
use tokio::{net::TcpListener, task::JoinHandle};
use warp::{
    Filter as _,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{CONTENT_TYPE, ETAG, IF_MATCH},
    },
    hyper::body::Bytes,
    path::FullPath,
    reply::Response,
};

const ACCOUNT: &str = "bench";
/// The table of the instances that divide the write quota.
const INSTANCES: &str = "AppRoleInstances";
/// Any key will do.
const KEY: &str = "YmVuY2g=";
const JSON: &str = "application/json;odata=minimalmetadata";
const BATCH: &str = "batchresponse_bench";
const CHANGES: &str = "changesetresponse_bench";

/// The headers that say where the next page begins ("Query timeout and pagination").
const NEXT: [&str; 2] = ["x-ms-continuation-nextpartitionkey", "x-ms-continuation-nextrowkey"];

/// A running table service. Dropping it stops it.
pub(crate) struct TableService {
    port: u16,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    /// In microseconds.
    latency: AtomicU64,
    store: Mutex<Store>,
    calls: Mutex<Vec<TableCall>>,
    exchanges: Mutex<Vec<TableCall>>,
}

/// The time that a request took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableCall {
    pub(crate) arrived: Instant,
    pub(crate) answered: Instant,
}

/// The number of calls that were made one after the other: of calls that overlap, one counts.
pub(crate) fn round_trips(mut calls: Vec<TableCall>) -> usize {
    calls.sort_unstable_by_key(|call| call.answered);
    let mut ended = None;
    let mut follows = |call: &&TableCall| {
        let follows = ended.is_none_or(|ended| ended <= call.arrived);
        if follows {
            ended = Some(call.answered);
        }
        follows
    };
    calls.iter().filter(|call| follows(call)).count()
}

impl TableService {
    /// Starts a service on a free port of 127.0.0.1 that answers at once.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::<Shared>::default();
        let server = tokio::spawn(serve(Arc::clone(&shared), listener));
        Ok(Self { port, shared, server })
    }

    /// Answers after this time from now on.
    pub(crate) fn set_latency(&self, latency: Duration) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.shared.latency.store(microseconds, Ordering::Relaxed);
    }

    /// The port on which it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The connection string of its account.
    pub(crate) fn connection_string(&self) -> String {
        let endpoint = self.endpoint();
        format!(
            "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};\
             TableEndpoint={endpoint};QueueEndpoint={endpoint};"
        )
    }

    /// The URL of the tables, the account's name included.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    /// Stores an entity, without a request.
    pub(crate) fn insert(&self, table: &str, entity: Value) {
        lock(&self.shared.store).insert(table, entity);
    }

    /// The requests about the rows of instances so far, which divide the write quota.
    pub(crate) fn exchanges(&self) -> Vec<TableCall> {
        lock(&self.shared.exchanges).clone()
    }

    /// The other requests so far.
    pub(crate) fn calls(&self) -> Vec<TableCall> {
        lock(&self.shared.calls).clone()
    }
}

impl Drop for TableService {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let query = warp::query::<Vec<(String, String)>>();
    let routes = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .then(move |method: Method, path: FullPath, query, headers: HeaderMap, body: Bytes| {
            let etag = headers.get(IF_MATCH).and_then(|etag| etag.to_str().ok());
            let line = (method.as_str(), path.as_str());
            let operations = TableOperation::of_request(line, etag, &body);
            let kind = CallKind::of(path.as_str());
            answer(Arc::clone(&shared), operations, Query::of(query), kind)
        });
    warp::serve(routes).incoming(listener).run().await;
}

/// What is asked of the service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CallKind {
    /// A message for a queue ("Put Message").
    Message,
    /// Several operations on a table, all or none.
    Transaction,
    /// One operation on a table.
    Single,
}

impl CallKind {
    fn of(path: &str) -> Self {
        match path.rsplit('/').next() {
            Some("messages") => Self::Message,
            Some("$batch") => Self::Transaction,
            _ => Self::Single,
        }
    }
}

async fn answer(
    shared: Arc<Shared>,
    operations: Vec<TableOperation>,
    query: Query,
    kind: CallKind,
) -> Response {
    let arrived = Instant::now();
    let answer = match kind {
        CallKind::Message => Answer { status: 201, ..Answer::default() },
        CallKind::Transaction | CallKind::Single => {
            lock(&shared.store).carry_out(&operations, &query)
        }
    };
    let latency = Duration::from_micros(shared.latency.load(Ordering::Relaxed));
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let call = TableCall { arrived, answered: Instant::now() };
    match operations.first().is_some_and(|operation| operation.table == INSTANCES) {
        true => lock(&shared.exchanges).push(call),
        false => lock(&shared.calls).push(call),
    }
    match kind {
        CallKind::Transaction => transaction(&answer, operations.len()),
        CallKind::Message | CallKind::Single => single(&answer),
    }
}

fn single(answer: &Answer) -> Response {
    let body = if answer.body.is_null() { String::new() } else { answer.body.to_string() };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, HeaderValue::from_static(JSON), body);
    if let Some(etag) = answer.etag.as_ref().and_then(|etag| HeaderValue::from_str(etag).ok()) {
        response.headers_mut().insert(ETAG, etag);
    }
    for (name, key) in NEXT.into_iter().zip(answer.next.iter().flatten()) {
        if let Ok(key) = HeaderValue::from_str(key) {
            response.headers_mut().insert(name, key);
        }
    }
    response
}

/// The answer to a transaction: the status of each operation, or only that of the one that failed
/// ("Performing entity group transactions").
fn transaction(answer: &Answer, count: usize) -> Response {
    let is_success = answer.status < 300;
    let (count, error) = match is_success {
        true => (count, String::new()),
        false => (1, answer.body.to_string()),
    };
    let one = format!(
        "--{CHANGES}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
         HTTP/1.1 {} \r\nDataServiceVersion: 3.0;\r\nContent-Type: {JSON}\r\n\r\n{error}\r\n",
        answer.status
    );
    let body = format!(
        "--{BATCH}\r\nContent-Type: multipart/mixed; boundary={CHANGES}\r\n\r\n{}--{CHANGES}--\r\n\
         --{BATCH}--\r\n",
        one.repeat(count)
    );
    let media_type = HeaderValue::from_static("multipart/mixed; boundary=batchresponse_bench");
    response(StatusCode::ACCEPTED, media_type, body)
}

fn response(status: StatusCode, media_type: HeaderValue, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// A panic elsewhere leaves the service consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_overlap_are_one_round_trip() {
        let began = Instant::now();
        let at = |milliseconds| began + Duration::from_millis(milliseconds);
        let call = |from, to| TableCall { arrived: at(from), answered: at(to) };
        for (calls, expected) in [
            (vec![], 0),
            (vec![call(0, 5)], 1),
            (vec![call(0, 5), call(1, 6)], 1),
            (vec![call(0, 5), call(5, 10), call(6, 11)], 2),
            (vec![call(6, 11), call(0, 20), call(0, 5)], 2),
        ] {
            assert_eq!(round_trips(calls.clone()), expected, "{calls:?}");
        }
    }
}
