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
use scripted_server::Answer;
pub(crate) use scripted_server::{Request as Asked, answer as response};

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

/// Starts a server that responds to each request.
pub(crate) async fn serve(respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Url {
    scripted_server::serve(respond).await.unwrap()
}

/// Starts a server that responds to the request with each `Authorization` header.
pub(crate) async fn start(respond: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Url {
    serve(move |asked| respond(asked.headers.get("authorization").unwrap().to_str().unwrap())).await
}

/// A client of the server.
pub(crate) fn rest_client(endpoint: &Url, timing: CallTiming) -> RestClient {
    let issued = Arc::new(AtomicUsize::new(0));
    let make: MakeCredential = Arc::new(move || Ok(Arc::new(Numbered(issued.clone()))));
    let tokens = TokenSource::new(make, "scope".to_owned(), timing.clone());
    RestClient::new(client::build(endpoint, &timing).unwrap(), Arc::new(tokens), timing)
}
