//! A server with fixed responses, and a client of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::Url,
};
use azure_rest::{
    client, credential::MakeCredential, rest::RestClient, timing::CallTiming, token::TokenSource,
};
use tokio::net::TcpListener;
use warp::{
    Filter,
    http::{HeaderMap, Method, Response},
};

/// A credential that issues `token-0`, `token-1` and so on.
#[derive(Debug)]
struct Numbered(Arc<AtomicUsize>);

#[async_trait::async_trait]
impl TokenCredential for Numbered {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires_on = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
        let number = self.0.fetch_add(1, SeqCst);
        Ok(AccessToken::new(format!("token-{number}"), expires_on))
    }
}

/// Starts a server that responds to the request with each `Authorization` header.
pub(crate) async fn start(
    respond: impl Fn(&str) -> Response<Vec<u8>> + Clone + Send + Sync + 'static,
) -> Url {
    let responses = warp::any()
        .and(warp::header::<String>("authorization"))
        .map(move |authorization: String| respond(&authorization));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(warp::serve(responses).incoming(listener).run());
    endpoint
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Starts a server that responds to each request.
pub(crate) async fn serve(
    respond: impl Fn(&Asked) -> Response<Vec<u8>> + Send + Sync + 'static,
) -> Url {
    let respond = Arc::new(respond);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let responses = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .map(move |method, path: warp::path::FullPath, query, headers, body: bytes::Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            respond(&Asked { method, path: path.as_str().to_owned(), query, headers, body })
        });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(warp::serve(responses).incoming(listener).run());
    endpoint
}

/// A client of the server.
pub(crate) fn rest_client(endpoint: &Url, timing: CallTiming) -> RestClient {
    let issued = Arc::new(AtomicUsize::new(0));
    let make: MakeCredential = Arc::new(move || Ok(Arc::new(Numbered(issued.clone()))));
    let tokens = TokenSource::new(make, "scope".to_owned(), timing.clone());
    RestClient::new(client::build(endpoint, &timing).unwrap(), Arc::new(tokens), timing)
}

/// A response with this status and body.
pub(crate) fn response(status: u16, body: Vec<u8>) -> Response<Vec<u8>> {
    Response::builder().status(status).body(body).unwrap()
}
