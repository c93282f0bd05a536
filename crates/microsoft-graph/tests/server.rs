//! A Graph that answers what a test says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_core::http::Url;
use azure_rest::{
    client, credential::MakeCredential, rest::RestClient, retry::Deadline, timing::CallTiming,
    token::TokenSource,
};
use microsoft_graph::{Graph, write_quota::WriteQuota};
use scripted_server::FixedToken;
pub(crate) use scripted_server::{Answer, Request, answer as status};
use serde_json::Value;

/// The id of the principal that tests ask for.
pub(crate) const PRINCIPAL: &str = "c0a70500-0000-4000-8000-0000000000c0";

/// The waits of production, a thousand times shorter.
pub(crate) fn fast() -> CallTiming {
    CallTiming::default().scaled(0.001)
}

/// A deadline that no test reaches.
pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

/// 200 with this body.
pub(crate) fn body(value: &Value) -> Answer {
    status(200, value.to_string())
}

/// An error as Graph writes it.
pub(crate) fn error(code: u16, name: &str, message: &str) -> Answer {
    let error = serde_json::json!({ "error": { "code": name, "message": message } });
    status(code, error.to_string())
}

/// A Graph, and the number of requests to it. The broker's token is not readable.
pub(crate) async fn graph(
    timing: CallTiming,
    respond: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> (Graph, Arc<AtomicUsize>) {
    graph_with_token("token", timing, respond).await
}

/// A Graph whose client sends this token.
pub(crate) async fn graph_with_token(
    token: &str,
    timing: CallTiming,
    respond: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> (Graph, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    let endpoint = scripted_server::serve(move |request| {
        counter.fetch_add(1, SeqCst);
        respond(request)
    });
    (connect(&endpoint.await.unwrap(), token, timing), requests)
}

/// A client of the Graph at `endpoint` that sends this token.
pub(crate) fn connect(endpoint: &Url, token: &str, timing: CallTiming) -> Graph {
    let credential = Arc::new(FixedToken(token.to_owned()));
    let make: MakeCredential = Arc::new(move || Ok(credential.clone()));
    let tokens = TokenSource::new(make, "scope".to_owned(), timing.clone());
    let client = client::build(endpoint, &timing).unwrap();
    let rest = RestClient::new(client, Arc::new(tokens), timing);
    // No test waits for the quota.
    let quota = WriteQuota { writes: 100_000, period: Duration::from_secs(1) };
    Graph::new(rest, endpoint, quota)
}
