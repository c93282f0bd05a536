//! The one REST client: a request gets a token, a timeout and retries here.

use std::{sync::Arc, time::Duration};

use azure_core::http::Url;
use reqwest::{Method, RequestBuilder, StatusCode, header::AUTHORIZATION};

use crate::{
    body::BodyLimit,
    exchange::{Exchange, Reply},
    retry::{Backoff, Deadline, with_retries},
    timing::CallTiming,
    token::{NoToken, Token, TokenSource},
};
pub use crate::{exchange::RequestError, retry::ServiceError};

/// A client for the REST APIs that accept tokens for one audience.
#[derive(Clone)]
pub struct RestClient {
    exchange: Exchange,
    tokens: Arc<TokenSource>,
}

/// A response whose headers have arrived, whatever its status.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The token that was sent.
    pub token: Token,
    pub(crate) reply: Reply,
}

impl Response {
    /// The body, without a byte order mark. An error means that the connection ended before the body
    /// did, or that the body is larger than its limit.
    pub fn body(&self) -> Result<&[u8], RequestError> {
        self.reply.body()
    }

    /// How long the service asked to wait, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.reply.retry_after()
    }

    /// A header, if it is present and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.reply.header(name)
    }
}

impl RestClient {
    /// A client that sends the tokens of `tokens` over `http`.
    #[must_use]
    pub fn new(http: reqwest::Client, tokens: Arc<TokenSource>, timing: CallTiming) -> Self {
        Self { exchange: Exchange::new(http, timing), tokens }
    }

    /// The timeouts and waits of this client.
    #[must_use]
    pub fn timing(&self) -> &CallTiming {
        self.exchange.timing()
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
        self.exchange.request(method, url)
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
        let request = request.header(AUTHORIZATION, token.authorization());
        let reply = self.exchange.send(request, limit, deadline).await?;
        if reply.status == StatusCode::UNAUTHORIZED {
            self.discard(&token).await;
        }
        Ok(Response { status: reply.status, token, reply })
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
        with_retries(Backoff::new(operation, self.timing(), deadline), attempt).await
    }
}
