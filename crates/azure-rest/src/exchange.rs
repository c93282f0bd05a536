//! One request and its response, however the request is authorized.

use std::time::{Duration, SystemTime};

use azure_core::http::Url;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use tokio::time::Instant;
use wire_formats::byte_order_mark::without_byte_order_mark;

use crate::{
    body::{Body, BodyLimit, LargeBodies},
    client::causes,
    retry::{Deadline, retry_after},
    timing::CallTiming,
    token::NoToken,
    traffic,
};

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

impl From<reqwest::Error> for RequestError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(causes(&error))
    }
}

/// Sends requests that are already authorized. Clones share connections.
#[derive(Clone)]
pub(crate) struct Exchange {
    http: reqwest::Client,
    timing: CallTiming,
    large_bodies: LargeBodies,
}

/// A response whose headers have arrived, whatever its status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Result<Body, RequestError>,
}

impl Exchange {
    pub(crate) fn new(http: reqwest::Client, timing: CallTiming) -> Self {
        Self { http, timing, large_bodies: LargeBodies::default() }
    }

    pub(crate) fn timing(&self) -> &CallTiming {
        &self.timing
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request once, and reads the whole response if its body is within `limit`.
    ///
    /// The timeout is that of a call, or the time until `deadline` if that is shorter.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        limit: BodyLimit,
        deadline: Deadline,
    ) -> Result<Reply, RequestError> {
        let timeout = self.timing.call.min(deadline.remaining());
        let until = Instant::now() + timeout;
        let response = traffic::send(request.timeout(timeout)).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        // The timeout excludes the time for which the body waits for its place in memory.
        let body = tokio::time::timeout_at(until, self.large_bodies.read(response, limit)).await;
        let body = body.unwrap_or_else(|_| Err("the response took too long".to_owned()));
        let body = body.map_err(RequestError::Unreachable);
        Ok(Reply { status, headers, body })
    }
}

impl Reply {
    /// The body, without a byte order mark. An error means that the connection ended before the body
    /// did, or that the body is larger than its limit.
    pub(crate) fn body(&self) -> Result<&[u8], RequestError> {
        let body = self.body.as_ref().map_err(Clone::clone)?;
        Ok(without_byte_order_mark(&body.bytes))
    }

    /// How long the service asked to wait, if it did.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, SystemTime::now())
    }

    /// A header, if it is present and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
