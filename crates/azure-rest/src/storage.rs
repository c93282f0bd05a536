//! Azure Storage: checks whether a table or a queue exists and can be read.
//!
//! The checks use the REST API, because one read does not justify a library ("Authorize with Microsoft
//! Entra ID", "Query Entities", "Get Queue Metadata"). The Functions host does the writes.

use std::{collections::BTreeMap, time::SystemTime};

use azure_core::http::Url;
use reqwest::{Method, StatusCode, header::ACCEPT};

use crate::{
    call_error::CallError,
    reader::Reader,
    rest::{Response, RestClient},
    retry::Deadline,
};

/// The scope of tokens for Azure Storage, for all accounts and clouds ("Authorize with Microsoft Entra
/// ID").
pub const STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// The first version in which the table service accepts tokens. The queue service accepts them in older
/// versions too ("Versioning for Azure Storage").
const VERSION: &str = "2020-12-06";

/// The format of entities: the table service answers JSON only to one media type. Azurite refuses a list
/// of them with 415 `AtomFormatNotSupported` ("Payload format for Table service operations").
const ENTITIES: &str = "application/json;odata=nometadata";

/// The format of everything that the queue service sends ("Queue service REST API").
const QUEUES: &str = "application/xml";

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
        Some(self.check(&url, ENTITIES, deadline).await)
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
        let url = resource_url(service, name, ("comp", "metadata"));
        Some(self.check(&url, QUEUES, deadline).await)
    }

    async fn check(
        &self,
        url: &Url,
        format: &'static str,
        deadline: Deadline,
    ) -> Result<Presence, CallError> {
        let resource = without_query(url).to_string();
        let operation = "read storage";
        let reader = Reader { rest: &self.rest, operation, service: &resource, deadline };
        let request = || {
            self.rest
                .request(Method::GET, url.clone())
                .header("x-ms-version", VERSION)
                .header("x-ms-date", httpdate::fmt_http_date(SystemTime::now()))
                .header(ACCEPT, format)
        };
        reader.read(request, |response| interpret(&resource, response)).await
    }
}

fn interpret(resource: &str, response: &Response) -> Result<Presence, CallError> {
    let status = response.status;
    if status.is_success() {
        return Ok(Presence::Exists);
    }
    // The status counts even if the body did not arrive.
    let body = response.body().unwrap_or_default();
    if status == StatusCode::NOT_FOUND && is_missing(response, body) {
        return Ok(Presence::Missing);
    }
    let excerpt = String::from_utf8_lossy(body.get(..MAX_EXCERPT).unwrap_or(body));
    let detail = format!("{resource} answered {status} {excerpt:?}{}", advice(status));
    Err(CallError::refused(response, detail))
}

/// Whether an error code says that the table or the queue does not exist. It is in a header, and in the
/// body, which some answers lack.
fn is_missing(response: &Response, body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    let header = response.header("x-ms-error-code").unwrap_or_default();
    MISSING.iter().any(|code| header == *code || body.contains(code))
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
