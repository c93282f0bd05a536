//! Microsoft Graph v1.0, as far as app roles need it.
//!
//! Every call goes through [`Graph::call`]: token, `client-request-id`, one classification of
//! errors ([`error`]), one retry loop. Callers see a [`GraphError`] only when the deadline leaves no
//! room for another try, or when another try is of no use within this invocation.

mod api_cache;
pub mod assignments;
pub mod error;
mod odata;
pub mod service_principals;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use api_cache::ApiCache;
use azure_core::http::Url;
use error::{ErrorKind, GraphError};
use reqwest::{Method, Response, header::HeaderMap};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
pub use service_principals::Lookup;
use uuid::Uuid;

use crate::{
    domain::pace::Pace,
    remote::{
        retry::{Attempt, Deadline, retry, retry_after},
        token::{Token, TokenSource},
    },
};

/// Header by which a caller names its request; Graph repeats it in answers and logs ("Best practices
/// for working with Microsoft Graph").
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// Header by which Graph names a request; Microsoft support asks for it.
const REQUEST_ID: &str = "request-id";

/// Header by which a caller accepts an index that lags ("Advanced query capabilities on Microsoft
/// Entra ID objects").
const CONSISTENCY_LEVEL: &str = "ConsistencyLevel";

/// Pages of a list that are read at most. A service principal may hold 1,500 assignments ("Microsoft
/// Entra service limits and restrictions"), which is two pages; a list without end would otherwise
/// hold its invocation until the deadline.
const MOST_PAGES: usize = 20;

/// A client of Microsoft Graph with the broker's own identity.
#[derive(Clone)]
pub struct Graph {
    client: reqwest::Client,
    tokens: Arc<TokenSource>,
    endpoint: Url,
    pace: Pace,
    apis: Arc<ApiCache>,
}

/// A body that Graph answered with, and Graph's id of the request.
#[derive(Debug)]
pub struct Answer<T> {
    /// The decoded body.
    pub body: T,
    /// The `request-id` header, if there was one.
    pub request_id: Option<String>,
}

/// One call: a name for logs, and what to send where.
struct Call<'a, B> {
    name: &'static str,
    method: Method,
    url: Url,
    body: Option<&'a B>,
    client_request_id: Uuid,
    /// Whether the answer may come from an index that lags, which some conditions need.
    may_lag: bool,
}

/// One page of a list.
#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

impl Graph {
    /// A client of the Graph at `endpoint`, for instance `https://graph.microsoft.com`.
    #[must_use]
    pub fn new(
        client: reqwest::Client,
        tokens: Arc<TokenSource>,
        endpoint: Url,
        pace: Pace,
    ) -> Self {
        Self { client, tokens, endpoint, pace, apis: Arc::default() }
    }

    /// The token that the next call would send; it says who the broker is.
    pub async fn sign_in(&self, deadline: Deadline) -> Result<Token, GraphError> {
        retry("sign in", &self.pace, deadline, || async {
            match self.token().await {
                Ok(token) => Attempt::Done(token),
                Err(error) if error.is_passing() => Attempt::Again { after: None, error },
                Err(error) => Attempt::Stop(error),
            }
        })
        .await
    }

    async fn token(&self) -> Result<Token, GraphError> {
        self.tokens.token().await.map_err(|error| GraphError::not_signed_in(&error))
    }

    async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        url: Url,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        self.call(&read(name, url, false), deadline).await
    }

    /// Reads a whole list, page by page. `may_lag` goes with every page: the link to the next one
    /// does not carry it.
    async fn list<T: DeserializeOwned>(
        &self,
        name: &'static str,
        first: Url,
        may_lag: bool,
        deadline: Deadline,
    ) -> Result<Vec<T>, GraphError> {
        let mut all = Vec::new();
        let mut next = Some(first);
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { return Ok(all) };
            let page: Page<T> = self.call(&read(name, url, may_lag), deadline).await?.body;
            all.extend(page.value);
            next = page.next_link.map(|link| self.same_origin(&link)).transpose()?;
        }
        Err(GraphError::endless_list())
    }

    /// The next page's address, if it is Graph's own: the token goes nowhere else.
    fn same_origin(&self, link: &str) -> Result<Url, GraphError> {
        Url::parse(link)
            .ok()
            .filter(|url| url.origin() == self.endpoint.origin())
            .ok_or_else(GraphError::foreign_link)
    }

    async fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        call: &Call<'_, B>,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        let renewed = AtomicBool::new(false);
        retry(call.name, &self.pace, deadline, || async {
            let error = match self.send(call, deadline).await {
                Ok(answer) => return Attempt::Done(answer),
                Err(error) => error,
            };
            let refused = error.kind() == ErrorKind::TokenRefused;
            if error.is_passing() || (refused && !renewed.swap(true, Ordering::Relaxed)) {
                Attempt::Again { after: error.retry_after(), error }
            } else {
                Attempt::Stop(error)
            }
        })
        .await
    }

    /// Sends once. A refused token is forgotten, so that the next call fetches another one.
    async fn send<B: Serialize, T: DeserializeOwned>(
        &self,
        call: &Call<'_, B>,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        let token = self.token().await?;
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .bearer_auth(token.secret())
            .header(CLIENT_REQUEST_ID, call.client_request_id.to_string())
            .timeout(self.pace.call.min(deadline.remaining()));
        if let Some(body) = call.body {
            request = request.json(body);
        }
        if call.may_lag {
            request = request.header(CONSISTENCY_LEVEL, "eventual");
        }
        let response = request.send().await.map_err(|error| GraphError::unreachable(&error))?;
        let answer = self.read(response, &token).await;
        if let Err(error) = &answer
            && error.kind() == ErrorKind::TokenRefused
        {
            self.tokens.forget(&token).await;
        }
        answer
    }

    async fn read<T: DeserializeOwned>(
        &self,
        response: Response,
        token: &Token,
    ) -> Result<Answer<T>, GraphError> {
        let status = response.status();
        let request_id = header(response.headers(), REQUEST_ID);
        let retry_after = retry_after(response.headers(), SystemTime::now());
        let body = response.bytes().await.map_err(|error| GraphError::unreachable(&error))?;
        if !status.is_success() {
            let error = GraphError::refused(status.as_u16(), &body, request_id, token.claims());
            return Err(error.with_retry_after(retry_after));
        }
        // A delete is answered with nothing at all.
        let body = if body.is_empty() { &b"null"[..] } else { &body };
        match serde_json::from_slice(body) {
            Ok(body) => Ok(Answer { body, request_id }),
            Err(error) => Err(GraphError::unreadable(&error, request_id)),
        }
    }
}

fn read(name: &'static str, url: Url, may_lag: bool) -> Call<'static, ()> {
    let client_request_id = Uuid::new_v4();
    Call { name, method: Method::GET, url, body: None, client_request_id, may_lag }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
