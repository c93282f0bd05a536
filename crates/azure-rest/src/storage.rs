//! Azure Storage: checks whether a table or a queue exists and can be read.
//!
//! The checks use the REST API, because one read does not justify a library ("Authorize with Microsoft
//! Entra ID", "Query Entities", "Get Queue Metadata"). The Functions host does the writes.

use std::{collections::BTreeMap, time::SystemTime};

use azure_core::http::Url;
use reqwest::{Method, StatusCode, header::ACCEPT};

use crate::{
    body::BodyLimit,
    call_error::{CallError, Kind},
    rest::{RequestError, Response, RestClient},
    retry::Deadline,
};

/// The scope of tokens for Azure Storage, for all accounts and clouds ("Authorize with Microsoft Entra
/// ID").
pub const STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// The first version in which the table service accepts tokens. The queue service accepts them in older
/// versions too ("Versioning for Azure Storage").
const VERSION: &str = "2020-12-06";

/// The error codes for a missing table or queue ("Status and error codes" of both services).
const MISSING: [&str; 2] = ["TableNotFound", "QueueNotFound"];

/// The number of bytes of an error response that are logged. The code and one sentence fit.
const MAX_EXCERPT: usize = 500;

/// A read-only client of the storage services of a function app.
pub struct Storage {
    rest: RestClient,
    services: StorageServices,
}

/// The storage services that the broker reaches with its own identity.
#[derive(Debug, Clone, Default)]
pub struct StorageServices {
    /// The table service of the host's account.
    pub tables: Option<Url>,
    /// The queue services, by the name of their connection.
    pub queues: BTreeMap<String, Url>,
}

/// Whether a table or a queue exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It exists and can be read.
    Exists,
    /// It does not exist, and its service can be read.
    Missing,
}

impl Storage {
    /// A client whose tokens are for [`STORAGE_SCOPE`].
    #[must_use]
    pub fn new(rest: RestClient, services: StorageServices) -> Self {
        Self { rest, services }
    }

    /// Checks a table; `None` if tables are not reached with the broker's identity.
    pub async fn table(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Option<Result<Presence, CallError>> {
        let url = resource_url(self.services.tables.as_ref()?, &format!("{name}()"), ("$top", "1"));
        Some(self.check(&url, deadline).await)
    }

    /// Checks a queue; `None` if the queues of this connection are not reached with the broker's
    /// identity.
    pub async fn queue(
        &self,
        connection: &str,
        name: &str,
        deadline: Deadline,
    ) -> Option<Result<Presence, CallError>> {
        let service = self.services.queues.get(connection)?;
        Some(self.check(&resource_url(service, name, ("comp", "metadata")), deadline).await)
    }

    async fn check(&self, url: &Url, deadline: Deadline) -> Result<Presence, CallError> {
        let read = || async {
            let request = self
                .rest
                .request(Method::GET, url.clone())
                .header("x-ms-version", VERSION)
                .header("x-ms-date", httpdate::fmt_http_date(SystemTime::now()))
                .header(ACCEPT, "application/json;odata=nometadata, application/xml");
            let sent = self.rest.send(request, BodyLimit::SMALL, deadline).await;
            interpret(url, &sent.map_err(|error| no_response(url, &error))?)
        };
        self.rest.with_retries("read storage", deadline, read).await
    }
}

fn interpret(url: &Url, response: &Response) -> Result<Presence, CallError> {
    let status = response.status;
    if status.is_success() {
        return Ok(Presence::Exists);
    }
    let body = response.body().map_err(|error| no_response(url, &error))?;
    let text = String::from_utf8_lossy(body);
    if status == StatusCode::NOT_FOUND && MISSING.iter().any(|code| text.contains(code)) {
        return Ok(Presence::Missing);
    }
    let excerpt = String::from_utf8_lossy(body.get(..MAX_EXCERPT).unwrap_or(body));
    let detail = format!("{} answered {status} {excerpt:?}{}", without_query(url), advice(status));
    Err(CallError::new(kind(status), detail))
}

fn no_response(url: &Url, error: &RequestError) -> CallError {
    CallError::no_response(without_query(url), error)
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "; the token was refused",
        StatusCode::FORBIDDEN => {
            "; the broker's identity needs the role Storage Table Data Contributor or Storage Queue Data \
             Contributor on the account, and the account's network rules must allow the function app"
        }
        _ => "",
    }
}

fn kind(status: StatusCode) -> Kind {
    match status {
        StatusCode::UNAUTHORIZED => Kind::TokenRefused,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Kind::Transient,
        status if status.is_server_error() => Kind::Transient,
        _ => Kind::Permanent,
    }
}

fn resource_url(service: &Url, resource: &str, (name, value): (&str, &str)) -> Url {
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
