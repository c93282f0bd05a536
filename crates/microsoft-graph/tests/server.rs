//! A Graph that answers what a test says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::Url,
};
use azure_rest::{
    client, credential::MakeCredential, rest::RestClient, retry::Deadline, timing::CallTiming,
    token::TokenSource,
};
use microsoft_graph::{Graph, write_quota::WriteQuota};
use serde_json::Value;
use tokio::net::TcpListener;
use warp::{
    Filter,
    http::{Method, Response},
    path::FullPath,
};

/// The id of the principal that tests ask for.
pub(crate) const PRINCIPAL: &str = "c0a70500-0000-4000-8000-0000000000c0";

/// A response with its status, headers and body.
pub(crate) type Answer = Response<Vec<u8>>;

/// A request to the Graph.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The number of the request, from 0.
    pub(crate) number: usize,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The address of the Graph.
    pub(crate) endpoint: String,
}

/// A credential with a token that carries these roles.
#[derive(Debug)]
struct SignedIn(String);

#[async_trait::async_trait]
impl TokenCredential for SignedIn {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires_on = time::OffsetDateTime::now_utc() + time::Duration::hours(9);
        Ok(AccessToken::new(self.0.clone(), expires_on))
    }
}

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
    Response::new(value.to_string().into_bytes())
}

/// This status with this body.
pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Response::builder().status(status).body(body.into()).unwrap()
}

/// An error as Graph writes it.
pub(crate) fn error(code: u16, name: &str, message: &str) -> Answer {
    let error = serde_json::json!({ "error": { "code": name, "message": message } });
    status(code, error.to_string())
}

/// A Graph, and the number of requests to it. The broker's token is not readable.
pub(crate) async fn graph(
    timing: CallTiming,
    respond: impl Fn(&Request) -> Answer + Clone + Send + Sync + 'static,
) -> (Graph, Arc<AtomicUsize>) {
    graph_with_token("token", timing, respond).await
}

/// A Graph whose client sends this token.
pub(crate) async fn graph_with_token(
    token: &str,
    timing: CallTiming,
    respond: impl Fn(&Request) -> Answer + Clone + Send + Sync + 'static,
) -> (Graph, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("http://{}", listener.local_addr().unwrap());
    let (endpoint, requests) = (Url::parse(&text).unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = requests.clone();
    let answers = warp::method().and(warp::path::full()).map(move |method, path: FullPath| {
        respond(&Request {
            number: counter.fetch_add(1, SeqCst),
            method,
            path: path.as_str().to_owned(),
            endpoint: text.clone(),
        })
    });
    tokio::spawn(warp::serve(answers).incoming(listener).run());
    (connect(&endpoint, token, timing), requests)
}

/// A client of the Graph at `endpoint` that sends this token.
pub(crate) fn connect(endpoint: &Url, token: &str, timing: CallTiming) -> Graph {
    let token = token.to_owned();
    let make: MakeCredential = Arc::new(move || Ok(Arc::new(SignedIn(token.clone()))));
    let tokens = TokenSource::new(make, "scope".to_owned(), timing.clone());
    let client = client::build(endpoint, &timing).unwrap();
    let rest = RestClient::new(client, Arc::new(tokens), timing);
    // No test waits for the quota.
    let quota = WriteQuota { writes: 100_000, period: Duration::from_secs(1) };
    Graph::new(rest, endpoint, quota)
}
