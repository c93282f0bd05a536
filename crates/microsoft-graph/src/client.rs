//! Single calls to Microsoft Graph: headers, decoding of responses, and retries of reads.

use shared_quota::priority::Priority;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azure_core::http::Url;
use memory_cache::SharedReads;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::error::Category;
use tokio::{sync::Notify, time::Instant};
use uuid::Uuid;

use crate::{
    error::{ErrorKind, GraphError},
    throttle::Throttle,
};
use azure_rest::{
    body::BodyLimit,
    rest::{Response, RestClient, ServiceError},
    retry::Deadline,
    timing::CallTiming,
    token::Token,
};

/// The request header with the caller's id of the request. Graph repeats it in responses and logs
/// ("Best practices for working with Microsoft Graph").
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// The response header with Graph's id of the request. Microsoft support asks for it.
const REQUEST_ID: &str = "request-id";

/// The request header that accepts an eventually consistent index ("Advanced query capabilities on
/// Microsoft Entra ID objects").
const CONSISTENCY_LEVEL: &str = "ConsistencyLevel";

/// The request header with the priority under throttling ("Microsoft Graph service-specific throttling
/// limits", identity and access).
const THROTTLE_PRIORITY: &str = "x-ms-throttle-priority";

/// The key of a read. It includes the priority, because Graph may throttle only reads of low priority.
type ReadKey = (Url, bool, Priority);

/// A client for single calls. Reads are retried; writes are sent once.
pub(crate) struct GraphClient {
    rest: RestClient,
    root: Url,
    /// One attempt of a read answers all callers that wait for it. Each caller has its own deadline and
    /// its own retries.
    attempts: SharedReads<ReadKey, Result<Arc<Response>, GraphError>>,
    read_throttle: Mutex<Throttle>,
    /// Notified when a read was accepted.
    read_accepted: Notify,
}

/// A read.
pub(crate) struct Read {
    /// The name in the log.
    operation: &'static str,
    url: Url,
    client_request_id: Uuid,
    is_eventual: bool,
    priority: Priority,
}

/// A write.
pub(crate) struct Write<'a, B> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<&'a B>,
    pub(crate) client_request_id: Uuid,
    pub(crate) priority: Priority,
}

/// A successful response.
#[derive(Debug)]
pub struct GraphResponse<T> {
    /// The decoded body.
    pub body: T,
    /// Graph's id of the request, if the response has one.
    pub request_id: Option<String>,
}

impl Read {
    pub(crate) fn new(operation: &'static str, url: Url) -> Self {
        let (client_request_id, priority) = (Uuid::new_v4(), Priority::Normal);
        Self { operation, url, client_request_id, is_eventual: false, priority }
    }

    /// Accepts a response from an eventually consistent index, which advanced filters require.
    pub(crate) fn eventual(self, is_eventual: bool) -> Self {
        Self { is_eventual, ..self }
    }

    pub(crate) fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }
}

impl GraphClient {
    pub(crate) fn new(rest: RestClient, root: Url) -> Self {
        Self {
            rest,
            root,
            attempts: SharedReads::default(),
            read_throttle: Mutex::default(),
            read_accepted: Notify::new(),
        }
    }

    /// The URL that all others start with.
    pub(crate) fn root(&self) -> &Url {
        &self.root
    }

    pub(crate) fn timing(&self) -> &CallTiming {
        self.rest.timing()
    }

    /// The token that the next call would send.
    pub(crate) async fn sign_in(&self, deadline: Deadline) -> Result<Token, GraphError> {
        let fetch =
            || async { self.rest.token().await.map_err(|error| GraphError::not_signed_in(&error)) };
        self.rest.with_retries("sign in", deadline, fetch).await
    }

    /// Fetches the token that the next call will send, if none is cached.
    pub(crate) async fn prepare_token(&self) -> Result<(), GraphError> {
        self.rest.token().await.map(drop).map_err(|error| GraphError::not_signed_in(&error))
    }

    /// Sends a read, with retries. An answer without the expected form is read once more: a gateway may
    /// have answered in Graph's place.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        read: Read,
        deadline: Deadline,
    ) -> Result<GraphResponse<T>, GraphError> {
        let attempt = || self.read_once(&read, deadline);
        match self.rest.with_retries(read.operation, deadline, attempt).await {
            Err(error) if error.kind() == ErrorKind::Unreadable => {
                self.rest.with_retries(read.operation, deadline, attempt).await
            }
            other => other,
        }
    }

    /// Sends a write once. The response may be an error.
    pub(crate) async fn write_once<B: Serialize>(
        &self,
        write: &Write<'_, B>,
        deadline: Deadline,
    ) -> Result<Response, GraphError> {
        let mut request = self.rest.request(write.method.clone(), write.url.clone());
        if let Some(body) = write.body {
            request = request.json(body);
        }
        let request = with_headers(request, write.client_request_id, write.priority);
        let deadline = deadline.at_least(self.timing().write_answer);
        Ok(self.rest.send(request, BodyLimit::SMALL, deadline).await?)
    }

    /// Decodes a response that has a body. A token that was refused is discarded.
    pub(crate) async fn decode<T: DeserializeOwned>(
        &self,
        response: &Response,
    ) -> Result<GraphResponse<T>, GraphError> {
        let decoded = decode(response);
        if decoded.as_ref().is_err_and(ServiceError::is_token_refused) {
            // Graph refuses some tokens with 400.
            self.rest.discard(&response.token).await;
        }
        decoded
    }

    /// Checks a response whose body does not matter. A token that was refused is discarded.
    pub(crate) async fn check(&self, response: &Response) -> Result<GraphResponse<()>, GraphError> {
        if response.status.is_success() {
            let request_id = response.header(REQUEST_ID).map(str::to_owned);
            return Ok(GraphResponse { body: (), request_id });
        }
        let refused = self.decode::<IgnoredAny>(response).await;
        refused.map(|GraphResponse { request_id, .. }| GraphResponse { body: (), request_id })
    }

    async fn read_once<T: DeserializeOwned>(
        &self,
        read: &Read,
        deadline: Deadline,
    ) -> Result<GraphResponse<T>, GraphError> {
        let key = (read.url.clone(), read.is_eventual, read.priority);
        let response =
            self.attempts.read(key, async || self.send_read(read, deadline).await).await?;
        self.decode(&response).await
    }

    async fn send_read(
        &self,
        read: &Read,
        deadline: Deadline,
    ) -> Result<Arc<Response>, GraphError> {
        self.wait_while_throttled(deadline).await?;
        let mut request = self.rest.request(Method::GET, read.url.clone());
        if read.is_eventual {
            request = request.header(CONSISTENCY_LEVEL, "eventual");
        }
        let request = with_headers(request, read.client_request_id, read.priority);
        let response = self.rest.send(request, BodyLimit::LARGE, deadline).await?;
        match response.status {
            StatusCode::TOO_MANY_REQUESTS => {
                let retry_after = response.retry_after();
                self.read_throttle().throttle(Instant::now(), retry_after, self.timing());
            }
            _ => {
                self.read_throttle().accepted(Instant::now());
                self.read_accepted.notify_waiters();
            }
        }
        Ok(Arc::new(response))
    }

    async fn wait_while_throttled(&self, deadline: Deadline) -> Result<(), GraphError> {
        loop {
            let accepted = self.read_accepted.notified();
            let mut accepted = std::pin::pin!(accepted);
            // Registered before the throttle is checked, so that no response is missed in between.
            accepted.as_mut().enable();
            let Some(moment) = self.next_read() else { return Ok(()) };
            let wait = moment.min(deadline.moment());
            let is_over = tokio::time::timeout_at(wait, accepted).await.is_err();
            if is_over && moment > deadline.moment() {
                return Err(GraphError::not_sent());
            }
        }
    }

    /// When to ask again; `None` if the read may be sent now, and counts as sent.
    fn next_read(&self) -> Option<Instant> {
        let (mut throttle, now) = (self.read_throttle(), Instant::now());
        let moment = throttle.wait(now);
        if moment.is_none() {
            throttle.sent(now, self.timing());
        }
        moment
    }

    fn read_throttle(&self) -> MutexGuard<'_, Throttle> {
        self.read_throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_headers(request: RequestBuilder, id: Uuid, priority: Priority) -> RequestBuilder {
    let request = request.header(CLIENT_REQUEST_ID, id.to_string());
    match priority {
        Priority::Low => request.header(THROTTLE_PRIORITY, "Low"),
        // Graph's default.
        Priority::Normal => request,
    }
}

fn decode<T: DeserializeOwned>(response: &Response) -> Result<GraphResponse<T>, GraphError> {
    let request_id = response.header(REQUEST_ID).map(str::to_owned);
    let body = response.body()?;
    if !response.status.is_success() {
        return Err(GraphError::refused(response, body, request_id));
    }
    // A text with an invalid character must not spoil the others.
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str(&text) {
        Ok(body) => Ok(GraphResponse { body, request_id }),
        Err(error) => Err(match error.classify() {
            Category::Eof | Category::Io => GraphError::truncated(request_id),
            Category::Syntax => GraphError::unreadable("it is not JSON", body, request_id),
            Category::Data => {
                GraphError::unreadable("it lacks what every answer has", body, request_id)
            }
        }),
    }
}
