//! The one REST client: a request gets a token, a timeout and retries here.

use std::{
    fmt::Display,
    sync::Arc,
    time::{Duration, SystemTime},
};

use azure_core::http::Url;
use reqwest::{Method, RequestBuilder, StatusCode, header::AUTHORIZATION, header::HeaderMap};
use tokio::time::Instant;
use wire_formats::byte_order_mark::without_byte_order_mark;

use crate::{
    body::{Body, BodyLimit, LargeBodies},
    client::causes,
    retry::{Backoff, Deadline, retry_after},
    timing::CallTiming,
    token::{NoToken, Token, TokenSource},
};

/// A client for the REST APIs that accept tokens for one audience.
#[derive(Clone)]
pub struct RestClient {
    http: reqwest::Client,
    tokens: Arc<TokenSource>,
    timing: CallTiming,
    large_bodies: LargeBodies,
}

/// A response whose headers have arrived, whatever its status.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The token that was sent.
    pub token: Token,
    body: Result<Body, RequestError>,
}

/// A request that got no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RequestError {
    /// There is no token, so nothing was sent.
    #[error(transparent)]
    NotSignedIn(#[from] NoToken),
    /// The request may have arrived, but the response did not, or not all of it. Contains the causes.
    #[error("{0}")]
    Unreachable(String),
}

/// What the retry loop needs to know about an error of a service.
pub trait ServiceError: Display {
    /// Whether a retry within seconds may succeed.
    fn is_transient(&self) -> bool;

    /// Whether the service refused the token. The request is sent once more with a new one.
    fn is_token_refused(&self) -> bool;

    /// How long the service asked to wait, if it did.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

impl From<reqwest::Error> for RequestError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(causes(&error))
    }
}

impl Response {
    /// The body, without a byte order mark. An error means that the connection ended before the body
    /// did, or that the body is larger than its limit.
    pub fn body(&self) -> Result<&[u8], RequestError> {
        let body = self.body.as_ref().map_err(Clone::clone)?;
        Ok(without_byte_order_mark(&body.bytes))
    }

    /// How long the service asked to wait, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, SystemTime::now())
    }

    /// A header, if it is present and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl RestClient {
    /// A client that sends the tokens of `tokens` over `http`.
    #[must_use]
    pub fn new(http: reqwest::Client, tokens: Arc<TokenSource>, timing: CallTiming) -> Self {
        Self { http, tokens, timing, large_bodies: LargeBodies::default() }
    }

    /// The timeouts and waits of this client.
    #[must_use]
    pub fn timing(&self) -> &CallTiming {
        &self.timing
    }

    /// The token that the next request would carry.
    pub async fn token(&self) -> Result<Token, NoToken> {
        self.tokens.token().await
    }

    /// Discards a token that the service refused, so that the next request fetches a new one.
    ///
    /// [`RestClient::send`] does so on 401. A service that also refuses tokens in other ways calls this.
    pub async fn discard(&self, refused: &Token) {
        self.tokens.discard(refused).await;
    }

    /// A request without a token yet, to be completed and passed to [`RestClient::send`].
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request once, with a token, and reads the whole response if its body is within `limit`.
    ///
    /// The timeout is that of a call, or the time until `deadline` if that is shorter.
    pub async fn send(
        &self,
        request: RequestBuilder,
        limit: BodyLimit,
        deadline: Deadline,
    ) -> Result<Response, RequestError> {
        let token = self.token().await?;
        let timeout = self.timing.call.min(deadline.remaining());
        let until = Instant::now() + timeout;
        let request = request.header(AUTHORIZATION, token.authorization()).timeout(timeout);
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        // The timeout of the request does not count while the body waits for its place in memory.
        let body = tokio::time::timeout_at(until, self.large_bodies.read(response, limit)).await;
        let body = body.unwrap_or_else(|_| Err("the response took too long".to_owned()));
        let body = body.map_err(RequestError::Unreachable);
        if status == StatusCode::UNAUTHORIZED {
            self.discard(&token).await;
        }
        Ok(Response { status, headers, token, body })
    }

    /// Runs `attempt` until it succeeds, fails permanently, or the next wait would pass `deadline`.
    ///
    /// Transient errors are retried. A refused token is replaced and the attempt repeated, once.
    /// `operation` names the attempt in the log.
    pub async fn with_retries<T, E: ServiceError, F>(
        &self,
        operation: &'static str,
        deadline: Deadline,
        attempt: impl Fn() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut backoff = Backoff::new(operation, &self.timing, deadline);
        let mut has_new_token = false;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let needs_new_token = error.is_token_refused() && !has_new_token;
            has_new_token |= needs_new_token;
            if !error.is_transient() && !needs_new_token {
                return Err(error);
            }
            backoff.wait(error.retry_after(), error).await?;
        }
    }
}
