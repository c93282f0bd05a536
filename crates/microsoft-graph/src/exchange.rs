//! One request to Microsoft Graph and its answer.

use std::{
    sync::PoisonError,
    time::{Duration, SystemTime},
};

use azure_core::http::Url;
use reqwest::{
    Method, Response, StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};
use serde::{
    Serialize,
    de::{DeserializeOwned, Error as _},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Graph,
    error::{ErrorKind, GraphError},
    write_pace::Turn,
};
use crate::priority::Priority;
use azure_rest::{
    retry::{Deadline, retry_after},
    token::Token,
};

/// Header by which a caller names its request; Graph repeats it in answers and logs ("Best practices
/// for working with Microsoft Graph").
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// Header by which Graph names a request; Microsoft support asks for it.
const REQUEST_ID: &str = "request-id";

/// Header by which a caller accepts an index that lags ("Advanced query capabilities on Microsoft
/// Entra ID objects").
const CONSISTENCY_LEVEL: &str = "ConsistencyLevel";

/// Header by which a caller says what Graph is to refuse first when it has to refuse something
/// ("Microsoft Graph service-specific throttling limits", identity and access).
const THROTTLE_PRIORITY: &str = "x-ms-throttle-priority";

/// Header by which Graph says which part of a limit is used, from 0.8 up ("Microsoft Graph
/// service-specific throttling limits", identity and access).
const THROTTLE_LIMIT_PERCENTAGE: &str = "x-ms-throttle-limit-percentage";

/// One call: a name for logs, and what to send where.
pub(super) struct Call<'a, B> {
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<&'a B>,
    pub(super) client_request_id: Uuid,
    /// Whether the answer may come from an index that lags, which some conditions need.
    pub(super) may_lag: bool,
    pub(super) priority: Priority,
}

/// A body that Graph answered with, and Graph's id of the request.
#[derive(Debug)]
pub struct Answer<T> {
    /// The decoded body.
    pub body: T,
    /// The `request-id` header, if there was one.
    pub request_id: Option<String>,
}

impl Call<'static, ()> {
    pub(super) fn read(name: &'static str, url: Url, may_lag: bool) -> Self {
        let client_request_id = Uuid::new_v4();
        let priority = Priority::Normal;
        Self { name, method: Method::GET, url, body: None, client_request_id, may_lag, priority }
    }

    pub(super) fn with(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }
}

impl Graph {
    /// Sends a read once, when Graph lets reads be sent.
    pub(super) async fn read_once<T: DeserializeOwned>(
        &self,
        call: &Call<'_, ()>,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        let closed =
            self.reads.lock().unwrap_or_else(PoisonError::into_inner).until(Instant::now());
        if let Some(until) = closed {
            tokio::time::sleep_until(until.min(deadline.moment())).await;
            if until > deadline.moment() {
                return Err(GraphError::held_back());
            }
        }
        self.send(call, None, deadline).await
    }

    /// Sends a write once, when it is its turn.
    pub(super) async fn write_once<B: Serialize, T: DeserializeOwned>(
        &self,
        call: &Call<'_, B>,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        let turn = self.writes.turn(deadline, call.priority).await;
        let turn = turn.ok_or_else(GraphError::held_back)?;
        self.send(call, Some(turn), deadline).await
    }

    /// Sends once. A refused token is forgotten, so that the next call fetches another one.
    async fn send<B: Serialize, T: DeserializeOwned>(
        &self,
        call: &Call<'_, B>,
        turn: Option<Turn<'_>>,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        let token = self.token().await?;
        let least = if turn.is_some() { self.timing.write_answer } else { Duration::ZERO };
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .header(AUTHORIZATION, token.authorization())
            .header(CLIENT_REQUEST_ID, call.client_request_id.to_string());
        let limit = deadline.remaining().max(least);
        // Otherwise the client's own limit holds.
        if limit < self.timing.call {
            request = request.timeout(limit);
        }
        if let Some(body) = call.body {
            request = request.json(body);
        }
        if call.may_lag {
            request = request.header(CONSISTENCY_LEVEL, "eventual");
        }
        // Normal is what Graph assumes.
        if call.priority == Priority::Low {
            request = request.header(THROTTLE_PRIORITY, "Low");
        }
        let response = request.send().await.map_err(|error| GraphError::unreachable(&error))?;
        self.note_quota(&response, turn);
        let answer = read(response, &token).await;
        if let Err(error) = &answer
            && error.kind() == ErrorKind::TokenRefused
        {
            self.tokens.forget(&token).await;
        }
        answer
    }

    /// Keeps in mind what an answer says about how much may be sent.
    fn note_quota(&self, response: &Response, turn: Option<Turn<'_>>) {
        let refused = response.status() == StatusCode::TOO_MANY_REQUESTS;
        let retry_after = retry_after(response.headers(), SystemTime::now());
        match (turn, refused) {
            (Some(turn), true) => turn.refused(retry_after),
            (Some(turn), false) => turn.taken(used(response.headers())),
            (None, true) => self.close_reads(retry_after),
            (None, false) => {
                self.reads.lock().unwrap_or_else(PoisonError::into_inner).accepted();
            }
        }
    }

    fn close_reads(&self, retry_after: Option<Duration>) {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.close(Instant::now(), retry_after, &self.timing);
    }
}

async fn read<T: DeserializeOwned>(
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
    // One look whether all of it is UTF-8 takes a fraction of looking at each text in it.
    let json = str::from_utf8(body).map_err(serde_json::Error::custom);
    match json.and_then(serde_json::from_str) {
        Ok(body) => Ok(Answer { body, request_id }),
        Err(error) => Err(GraphError::unreadable(&error, request_id)),
    }
}

fn used(headers: &HeaderMap) -> Option<f64> {
    let used = header(headers, THROTTLE_LIMIT_PERCENTAGE)?.trim().parse::<f64>().ok()?;
    (used.is_finite() && used >= 0.0).then_some(used)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
