//! A server with the broker's HTTP API.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use app_roles::policy::Policy;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use warp::{
    Filter,
    http::{HeaderMap, Response},
    hyper::body::Bytes,
};

use crate::world::{Ended, World, end};

/// The requests that the broker received.
type Received = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// A broker that gives prepared answers, one after another.
pub(crate) struct FakeBroker {
    pub(crate) address: SocketAddr,
    received: Received,
}

/// An answer: status and body.
#[derive(Clone)]
pub(crate) struct Answer(pub(crate) u16, pub(crate) Value);

impl FakeBroker {
    /// Starts a healthy broker.
    pub(crate) async fn start(answers: &[Answer]) -> Self {
        Self::serve(answers, health("ok")).await
    }

    /// Starts a broker with this answer of its health endpoint.
    pub(crate) async fn with_health(health: Value) -> Self {
        Self::serve(&[], health).await
    }

    pub(crate) async fn serve(answers: &[Answer], health: Value) -> Self {
        let answers = Mutex::new(VecDeque::from(answers.to_vec()));
        Self::answering(move |_| answers.lock().unwrap().pop_front().unwrap(), health).await
    }

    /// Starts a broker whose answer depends on the body of the call, or on `{"query": …}` of one without.
    pub(crate) async fn answering(
        answer: impl Fn(&Value) -> Answer + Send + Sync + 'static,
        health: Value,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Received::default();
        let noted = received.clone();
        let answer = Arc::new(answer);
        let stock = warp::path!("api" / "app-role-assignments");
        let query = warp::query::raw().or(warp::any().map(String::new)).unify();
        let route = stock
            .or(warp::path!("api" / "people"))
            .unify()
            .and(query)
            .and(warp::header::headers_cloned())
            .and(warp::body::bytes())
            .map(move |query, headers, body: Bytes| {
                let asked = serde_json::from_slice(&body).unwrap_or(json!({ "query": query }));
                let Answer(status, body) = answer(&asked);
                noted.lock().unwrap().push((headers, asked));
                let kind =
                    if status < 400 { "application/json" } else { "application/problem+json" };
                Response::builder()
                    .status(status)
                    .header("Content-Type", kind)
                    .header("Retry-After", body["retryAfter"].as_str().unwrap_or("0"))
                    .body(body.to_string())
            });
        let health = warp::path!("api" / "health").map(move || warp::reply::json(&health));
        tokio::spawn(warp::serve(route.or(health)).incoming(listener).run());
        Self { address, received }
    }

    /// Runs `app-role submit assign` with a key.
    pub(crate) async fn submit(&self, world: &World, more: &[&str]) -> Ended {
        let mut command = self.command(world, more);
        command.env("APP_ROLE_BROKER_KEY", "secret-key");
        let ended = end(command, "").await;
        assert!(!format!("{ended:?}").contains("secret-key"), "{ended:?}");
        ended
    }

    pub(crate) fn command(&self, world: &World, more: &[&str]) -> tokio::process::Command {
        let base = format!("http://{}", self.address);
        let assign = ["submit", "assign", "id-orders", "api://orders", "Orders.Read"];
        world.command(&[&assign[..], &["--broker", &base], more].concat())
    }

    pub(crate) fn received(&self) -> Vec<(HeaderMap, Value)> {
        self.received.lock().unwrap().clone()
    }
}

/// Returns a result about one role.
pub(crate) fn result(status: &str, message: &str) -> Value {
    json!({
        "invocationId": "5f0a7d0e-0000-4000-8000-000000000000", "function": "AssignRoleHttp",
        "requester": "key:orders-team", "action": "assign", "dryRun": false,
        "roles": [ { "status": status, "requested": "Orders.Read", "value": "Orders.Read",
                     "rule": "orders workloads", "message": message } ],
        "startedAt": "2026-08-20T10:11:12Z", "durationMs": 187, "attempt": 1,
        "effectiveBy": "2026-08-21T10:11:12Z", "brokerVersion": "0.1.0",
    })
}

/// Returns the result of an assignment with an end.
pub(crate) fn result_with_end() -> Value {
    let mut result = result("assigned", "");
    result["roles"][0]["endDateTime"] = json!("2026-08-20T18:11:12Z");
    result["roles"][0]["tokensUntil"] = json!("2026-08-21T18:11:12Z");
    result
}

/// Returns the answer of the health endpoint with this state of `queues`.
pub(crate) fn health(queues: &str) -> Value {
    json!({ "status": if queues == "failed" { "failed" } else { "ok" }, "checks": {
        "settings": "ok", "functions": "ok", "policy": "ok", "token": "ok", "roles": "ok",
        "graph": "ok", "table": "notChecked", "queues": queues } })
}

/// Returns the answer of the health endpoint of a broker that has this policy in force.
pub(crate) fn health_with_policy(policy: &str) -> Value {
    let mut health = health("ok");
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    health["policySha256"] = json!(policy.sha256());
    health
}
