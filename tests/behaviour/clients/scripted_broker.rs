//! A server that answers as the broker does while Microsoft Graph throttles and an approval is awaited.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use warp::{
    Filter as _,
    http::{HeaderMap, Method, Response},
    hyper::body::Bytes,
    path::FullPath,
};

/// An answer: status, headers, and a body.
type Scripted = (u16, [(&'static str, &'static str); 2], &'static str);

/// The answers, in order. None of them makes the caller wait long.
const ANSWERS: [Scripted; 5] = [
    (
        503,
        [("retry-after", "0"), ("content-type", PROBLEM)],
        r#"{"status":503,"detail":"throttled"}"#,
    ),
    (
        429,
        [("retry-after", "0"), ("content-type", PROBLEM)],
        r#"{"status":429,"detail":"too many"}"#,
    ),
    (
        202,
        [("retry-after", "0"), ("location", PLACE)],
        r#"{"approvalId":"5f0a7d0e","roles":[{"requested":"Orders.Read","status":"pendingApproval"}]}"#,
    ),
    (
        202,
        [("retry-after", "0"), ("location", PLACE)],
        r#"{"approvalId":"5f0a7d0e","state":"pending"}"#,
    ),
    (
        200,
        [("content-type", "application/json"), ("cache-control", "no-store")],
        r#"{"roles":[{"requested":"Orders.Read","status":"assigned"}]}"#,
    ),
];
const PROBLEM: &str = "application/problem+json";
const PLACE: &str = "?approval=5f0a7d0e";

/// A call: method, path with query, and key; and its body.
type Call = (String, Bytes);

/// A server that gives each of its answers once. It ends when this value is dropped.
pub(super) struct ScriptedBroker {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    server: JoinHandle<()>,
}

impl ScriptedBroker {
    pub(super) async fn start() -> Self {
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let log = calls.clone();
        let query = warp::query::raw().or(warp::any().map(String::new)).unify();
        let route = warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .and(warp::body::bytes())
            .map(move |method: Method, path: FullPath, query: String, headers: HeaderMap, body| {
                let query = if query.is_empty() { query } else { format!("?{query}") };
                let key =
                    headers.get("x-functions-key").map_or("no key", |key| key.to_str().unwrap());
                let mut calls = log.lock().unwrap();
                calls.push((format!("{method} {}{query} {key}", path.as_str()), body));
                answer(calls.len())
            });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(warp::serve(route).incoming(listener).run());
        Self { address, calls, server }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(call, _)| call.clone()).collect()
    }

    /// The bodies, as JSON; null where there is none.
    pub(super) fn bodies(&self) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        calls.iter().map(|(_, body)| serde_json::from_slice(body).unwrap_or_default()).collect()
    }
}

impl Drop for ScriptedBroker {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn answer(number: usize) -> Response<&'static str> {
    let (status, headers, body) = ANSWERS[(number - 1).min(ANSWERS.len() - 1)];
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(body).unwrap()
}
