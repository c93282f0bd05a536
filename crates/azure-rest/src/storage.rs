//! Azure Storage, as far as the broker asks whether it could be used: one read of a table or a queue.
//! What is written there is written by the Functions host.
//!
//! By REST, because one read needs no library ("Authorize with Microsoft Entra ID", "Query Entities",
//! "Get Queue Metadata").

use std::{collections::BTreeMap, time::SystemTime};

use azure_core::http::Url;
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION},
};

use crate::{
    client::causes,
    retry::{Attempt, Deadline, retry},
    timing::CallTiming,
    token::{NoToken, TokenSource},
};

/// For what tokens are asked, whatever the account and the cloud ("Authorize with Microsoft Entra ID").
pub const STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// The first version in which the table service takes tokens; queues have taken them for longer
/// ("Versioning for Azure Storage").
const VERSION: &str = "2020-12-06";

/// The codes of what does not exist ("Status and error codes" of the table and the queue service).
const MISSING: [&str; 2] = ["TableNotFound", "QueueNotFound"];

/// How much of a refusal goes to the log, in bytes: the service's code and sentence fit.
const LONGEST_EXCERPT: usize = 500;

/// Azure Storage, with the broker's own identity.
pub struct Storage {
    client: reqwest::Client,
    tokens: TokenSource,
    tables: Option<Url>,
    queues: BTreeMap<String, Url>,
    timing: CallTiming,
}

/// What answers for a table or a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there and can be read.
    There,
    /// The service can be read, and there is no such thing in it.
    Missing,
}

/// Why nobody knows.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct StorageError {
    detail: String,
    passing: bool,
}

impl Storage {
    /// The storage whose tables and queues are at these addresses; queues by the name of their
    /// connection.
    #[must_use]
    pub fn new(
        client: reqwest::Client,
        tokens: TokenSource,
        tables: Option<Url>,
        queues: BTreeMap<String, Url>,
        timing: CallTiming,
    ) -> Self {
        Self { client, tokens, tables, queues, timing }
    }

    /// Whether a table can be read; `None` where tables are not reached with the broker's identity.
    pub async fn table(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Option<Result<Presence, StorageError>> {
        let url = address(self.tables.as_ref()?, &format!("{name}()"), ("$top", "1"));
        Some(self.read(&url, deadline).await)
    }

    /// Whether a queue can be read; `None` where the connection's queues are not reached with the
    /// broker's identity.
    pub async fn queue(
        &self,
        connection: &str,
        name: &str,
        deadline: Deadline,
    ) -> Option<Result<Presence, StorageError>> {
        let url = address(self.queues.get(connection)?, name, ("comp", "metadata"));
        Some(self.read(&url, deadline).await)
    }

    async fn read(&self, url: &Url, deadline: Deadline) -> Result<Presence, StorageError> {
        retry("read storage", &self.timing, deadline, || async {
            match self.read_once(url, deadline).await {
                Ok(presence) => Attempt::Done(presence),
                Err(error) if error.passing => Attempt::Again { after: None, error },
                Err(error) => Attempt::Stop(error),
            }
        })
        .await
    }

    async fn read_once(&self, url: &Url, deadline: Deadline) -> Result<Presence, StorageError> {
        let token =
            self.tokens.token().await.map_err(|error| StorageError::not_signed_in(&error))?;
        let request = self
            .client
            .get(url.clone())
            .header(AUTHORIZATION, token.authorization())
            .header("x-ms-version", VERSION)
            .header("x-ms-date", httpdate::fmt_http_date(SystemTime::now()))
            .header(ACCEPT, "application/json;odata=nometadata, application/xml")
            .timeout(self.timing.call.min(deadline.remaining()));
        let response =
            request.send().await.map_err(|error| StorageError::unreachable(url, &error))?;
        match response.status() {
            StatusCode::UNAUTHORIZED => self.tokens.forget(&token).await,
            status if status.is_success() => return Ok(Presence::There),
            _ => {}
        }
        refusal(url, response).await
    }
}

impl StorageError {
    fn not_signed_in(error: &NoToken) -> Self {
        Self { detail: error.to_string(), passing: !error.is_lasting() }
    }

    fn unreachable(url: &Url, error: &reqwest::Error) -> Self {
        let detail = format!("{} did not answer: {}", without_query(url), causes(error));
        Self { detail, passing: true }
    }
}

/// What a refusal means: that something does not exist, or that nobody knows.
async fn refusal(url: &Url, response: Response) -> Result<Presence, StorageError> {
    let status = response.status();
    let body = response.bytes().await.map_err(|error| StorageError::unreachable(url, &error))?;
    let said = String::from_utf8_lossy(&body);
    if status == StatusCode::NOT_FOUND && MISSING.iter().any(|code| said.contains(code)) {
        return Ok(Presence::Missing);
    }
    let excerpt = String::from_utf8_lossy(body.get(..LONGEST_EXCERPT).unwrap_or(&body));
    let advice = match status {
        StatusCode::UNAUTHORIZED => "; the token was refused",
        StatusCode::FORBIDDEN => {
            "; the broker's identity needs the role Storage Table Data Contributor or Storage Queue Data \
             Contributor there, and the account's network must let the function app in"
        }
        _ => "",
    };
    let detail = format!("{} answered {status} {excerpt:?}{advice}", without_query(url));
    let passing = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    Err(StorageError { detail, passing })
}

fn address(service: &Url, resource: &str, (name, value): (&str, &str)) -> Url {
    let mut url = service.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(resource);
    }
    url.query_pairs_mut().append_pair(name, value);
    url
}

fn without_query(url: &Url) -> Url {
    let mut shown = url.clone();
    shown.set_query(None);
    shown
}
