//! A proxy in front of the table service that reads each request. It makes requests fail that a test
//! selects by table, kind of operation and number.

mod log;
mod operation;
mod rule;

use std::{
    convert::Infallible,
    io,
    net::Ipv4Addr,
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use reqwest::Client;
use tokio::{net::TcpListener, sync::oneshot};
use url::Url;
use warp::{
    Filter as _,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, TRANSFER_ENCODING},
    },
    hyper::body::Bytes,
    path::FullPath,
    reply::Response,
};

use crate::table::transaction;

pub use log::{TableAnswer, TableRequest};
pub use operation::{TableOperation, TableOperationKind};
pub use rule::{ActiveTableRule, TableFault, TableRule};

/// Headers of one connection, which are not forwarded. The client and the server set their own.
const OF_THE_CONNECTION: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// A running proxy in front of the table service, without TLS. Dropping it stops it.
///
/// It forwards paths and headers as they are, so that signatures stay valid.
#[derive(Debug)]
pub struct TableProxy {
    port: u16,
    shared: Arc<Shared>,
    /// Dropping this sender stops the server.
    _stop: oneshot::Sender<Infallible>,
}

#[derive(Debug)]
struct Shared {
    upstream: Url,
    http: Client,
    rules: Mutex<Vec<ActiveTableRule>>,
    requests: Mutex<Vec<TableRequest>>,
}

/// A request as it arrived.
struct Incoming {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl TableProxy {
    /// Starts a proxy without rules on a free port of 127.0.0.1, in front of the table service that
    /// listens on `upstream`.
    ///
    /// # Errors
    ///
    /// If no port is free or the HTTP client cannot be built.
    pub async fn start(upstream: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let upstream = format!("http://127.0.0.1:{upstream}");
        let shared = Arc::new(Shared {
            upstream: Url::parse(&upstream).map_err(io::Error::other)?,
            http: loopback::http_client_builder().build().map_err(io::Error::other)?,
            rules: Mutex::default(),
            requests: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(Arc::clone(&shared), listener, stopped));
        Ok(Self { port, shared, _stop: stop })
    }

    /// The port of 127.0.0.1 on which the proxy listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Adds a rule. Of the rules that apply to a request, the oldest decides.
    pub fn add(&self, rule: TableRule) -> ActiveTableRule {
        let rule = ActiveTableRule::new(rule);
        lock(&self.shared.rules).push(rule.clone());
        rule
    }

    /// The requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<TableRequest> {
        lock(&self.shared.requests).clone()
    }
}

async fn serve(shared: Arc<Shared>, listener: TcpListener, stop: oneshot::Receiver<Infallible>) {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let routes = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .then(move |method, path: FullPath, query, headers, body| {
            let path = path.as_str().to_owned();
            let incoming = Incoming { method, path, query, headers, body };
            answer_or_close(Arc::clone(&shared), incoming)
        });
    let stopped = async move {
        let _ = stop.await;
    };
    warp::serve(routes).incoming(listener).graceful(stopped).run().await;
}

async fn answer_or_close(shared: Arc<Shared>, incoming: Incoming) -> Response {
    match shared.answer(incoming).await {
        Some(response) => response,
        // Unwinding out of the connection's task closes the connection. Unlike a panic, it prints nothing.
        None => resume_unwind(Box::new("the connection is closed without an answer")),
    }
}

impl Shared {
    /// The response; `None` closes the connection.
    async fn answer(self: Arc<Self>, incoming: Incoming) -> Option<Response> {
        let Incoming { method, path, headers, body, .. } = &incoming;
        let etag = headers.get(IF_MATCH).and_then(|etag| etag.to_str().ok());
        let operations = TableOperation::of_request((method.as_str(), path), etag, body);
        let ruled = self.ruled(&operations);
        let fault = ruled.as_ref().map(|(_, fault)| *fault);
        let number =
            self.log(TableRequest { operations, arrived: Instant::now(), fault, answer: None });
        let Some((rule, fault)) = ruled else { return self.forward(incoming, number).await };
        match fault {
            TableFault::ConnectionClosed => {
                rule.count_hit();
                None
            }
            TableFault::Error { status, code } => {
                rule.count_hit();
                Some(error(status, code))
            }
            TableFault::Held => {
                rule.count_hit();
                if rule.is_released().await { self.forward(incoming, number).await } else { None }
            }
            TableFault::AnswerLost => {
                self.forward(incoming, number).await;
                rule.count_hit();
                None
            }
            TableFault::AnswerHeld => {
                let response = self.forward(incoming, number).await;
                rule.count_hit();
                if rule.is_released().await { response } else { None }
            }
        }
    }

    /// The first rule that applies to a request, and its fault.
    fn ruled(&self, operations: &[TableOperation]) -> Option<(ActiveTableRule, TableFault)> {
        let mut rules = lock(&self.rules);
        rules.retain(ActiveTableRule::is_active);
        rules.iter().find_map(|rule| Some((rule.clone(), rule.fault_of(operations)?)))
    }

    /// Adds a request to the log and returns its number there.
    fn log(&self, request: TableRequest) -> usize {
        let mut requests = lock(&self.requests);
        requests.push(request);
        requests.len() - 1
    }

    /// Forwards in a task, so that the request takes effect even if its client goes away. `None` if the
    /// service cannot be reached.
    async fn forward(self: &Arc<Self>, incoming: Incoming, number: usize) -> Option<Response> {
        let shared = Arc::clone(self);
        tokio::spawn(async move { shared.call(incoming, number).await }).await.ok()?
    }

    async fn call(&self, incoming: Incoming, number: usize) -> Option<Response> {
        let Incoming { method, path, query, mut headers, body } = incoming;
        let mut url = self.upstream.clone();
        url.set_path(&path);
        let is_transaction = operation::is_transaction(&path);
        url.set_query((!query.is_empty()).then_some(&query));
        OF_THE_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
        let request = self.http.request(method, url).headers(headers).body(body);
        let answer = request.send().await.ok()?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.ok()?;
        let failed = is_transaction.then(|| transaction::failure(&String::from_utf8_lossy(&body)));
        let failed = failed.flatten();
        let told = failed.map_or(status, |(status, _)| status);
        let answer = TableAnswer { at: Instant::now(), status: told.as_u16() };
        if let Some(request) = lock(&self.requests).get_mut(number) {
            request.answer = Some(answer);
        }
        OF_THE_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Some(response)
    }
}

/// An error as the table service describes it ("Status and error codes").
fn error(status: u16, code: &'static str) -> Response {
    let message = serde_json::json!({ "lang": "en-US", "value": "A rule of the proxy says so." });
    let body = serde_json::json!({ "odata.error": { "code": code, "message": message } });
    let mut response = Response::new(body.to_string().into());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-ms-error-code", HeaderValue::from_static(code));
    response
}

/// A panic elsewhere leaves the lists consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
