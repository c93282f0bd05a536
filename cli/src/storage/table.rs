//! Reading a table, by REST ("Table service REST API"): Microsoft's SDK for Rust does not support tables.

use std::sync::Arc;

use azure_core::{credentials::TokenCredential, http::Url};
use azure_rest::storage::STORAGE_SCOPE;
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, DATE, HeaderMap},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{filter::percent_encoded, sdk_error::not_signed_in};
use crate::http;

/// The first version that accepts tokens ("Authorize access to tables using Microsoft Entra ID").
const VERSION: &str = "2020-12-06";

/// Headers and query parameters of the next page ("Query timeout and pagination").
const CONTINUATION: [(&str, &str); 2] = [
    ("x-ms-continuation-NextPartitionKey", "NextPartitionKey"),
    ("x-ms-continuation-NextRowKey", "NextRowKey"),
];

/// The largest number of entities in one response ("Query timeout and pagination").
const MAX_PAGE_SIZE: usize = 1000;

/// A table of a storage account.
pub struct Table {
    name: String,
    url: Url,
    credential: Option<Arc<dyn TokenCredential>>,
    http: reqwest::Client,
}

/// An error of a table: the table's name, and a message of the service or the connection.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table does not exist.
    #[error("table '{0}': not found")]
    NotFound(String),
    /// The operator may not read the table, or the key is not the account's.
    #[error("table '{0}': access denied (HTTP status {1})")]
    Denied(String, StatusCode),
    /// The service refused, or did not answer.
    #[error("table '{0}': {1}")]
    Failed(String, String),
}

/// The answer to a query, page by page.
pub struct Pages<'a> {
    table: &'a Table,
    filter: String,
    /// The names of columns, with commas. Empty: all columns.
    columns: String,
    size: usize,
    /// The position of the next page; `None` after the last one.
    next: Option<Vec<(&'static str, String)>>,
}

/// A page of the answer to a query. It may be empty although others follow.
#[derive(Debug)]
pub struct Page {
    /// The entities, in the order of their keys.
    pub entities: Vec<Map<String, Value>>,
    /// The time of the service when it answered, to the second.
    pub at: Option<OffsetDateTime>,
}

/// The body of a page.
#[derive(Deserialize)]
struct Body {
    value: Vec<Map<String, Value>>,
}

impl Table {
    /// A table with this URL, which must be signed if there is no credential.
    pub(super) fn new(
        name: &str,
        url: Url,
        credential: Option<Arc<dyn TokenCredential>>,
        http: reqwest::Client,
    ) -> Self {
        Self { name: name.to_owned(), url, credential, http }
    }

    /// Returns up to `limit` entities that match an OData filter, in the order of their keys.
    pub async fn query(
        &self,
        filter: &str,
        limit: usize,
    ) -> Result<Vec<Map<String, Value>>, TableError> {
        let mut pages = Pages { size: limit.min(MAX_PAGE_SIZE), ..self.pages(filter) };
        let mut entities = Vec::new();
        while entities.len() < limit {
            let Some(page) = pages.next().await? else { break };
            entities.extend(page.entities);
        }
        entities.truncate(limit);
        Ok(entities)
    }

    /// Returns all entities that match an OData filter, page by page.
    #[must_use]
    pub fn pages(&self, filter: &str) -> Pages<'_> {
        Pages {
            table: self,
            filter: filter.to_owned(),
            columns: String::new(),
            size: MAX_PAGE_SIZE,
            next: Some(Vec::new()),
        }
    }

    async fn page(
        &self,
        asked: &Pages<'_>,
        next: &[(&str, String)],
    ) -> Result<Response, TableError> {
        let date = httpdate::fmt_http_date(OffsetDateTime::now_utc().into());
        let mut request = self
            .http
            .get(self.page_url(asked, next))
            .header(ACCEPT, "application/json;odata=nometadata")
            .header("x-ms-version", VERSION)
            .header("x-ms-date", date);
        if let Some(credential) = &self.credential {
            let token = credential.get_token(&[STORAGE_SCOPE], None).await;
            let token = token.map_err(|error| self.failed(not_signed_in(&error)))?;
            request = request.bearer_auth(token.token.secret());
        }
        let response =
            http::send(request).await.map_err(|lost| self.failed(lost.failure.sentence))?;
        match response.status() {
            StatusCode::NOT_FOUND => Err(TableError::NotFound(self.name.clone())),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Err(TableError::Denied(self.name.clone(), status))
            }
            status if !status.is_success() => {
                Err(self.failed(format!("HTTP status {}", status.as_u16())))
            }
            _ => Ok(response),
        }
    }

    fn page_url(&self, asked: &Pages<'_>, next: &[(&str, String)]) -> Url {
        let Pages { filter, columns, size, .. } = asked;
        let mut url = self.url.clone();
        let mut query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        query.push_str(&format!("$top={size}"));
        if !filter.is_empty() {
            query.push_str("&$filter=");
            query.push_str(&percent_encoded(filter));
        }
        if !columns.is_empty() {
            query.push_str(&format!("&$select={columns}"));
        }
        url.set_query(Some(&query));
        if !next.is_empty() {
            url.query_pairs_mut().extend_pairs(next);
        }
        url
    }

    fn failed(&self, message: String) -> TableError {
        TableError::Failed(self.name.clone(), message)
    }
}

impl Pages<'_> {
    /// Reads these columns only. Their names are those of a program, never foreign text.
    #[must_use]
    pub fn of_columns(self, columns: &[&str]) -> Self {
        Self { columns: columns.join(","), ..self }
    }

    /// Reads the next page; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Page>, TableError> {
        let Some(position) = &self.next else { return Ok(None) };
        let response = self.table.page(self, position).await?;
        let next = continuation(response.headers());
        if !next.is_empty() && next == *position {
            return Err(self.table.failed("the service sent the same page twice".to_owned()));
        }
        let at = date(response.headers());
        let body: Body =
            http::json(response).await.map_err(|failure| self.table.failed(failure.sentence))?;
        self.next = Some(next).filter(|next| !next.is_empty());
        Ok(Some(Page { entities: body.value, at }))
    }

    /// Reads all pages that are left.
    pub async fn all(mut self) -> Result<Vec<Map<String, Value>>, TableError> {
        let mut entities = Vec::new();
        while let Some(page) = self.next().await? {
            entities.extend(page.entities);
        }
        Ok(entities)
    }
}

/// The time of the service.
fn date(headers: &HeaderMap) -> Option<OffsetDateTime> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?);
    date.ok().map(OffsetDateTime::from)
}

fn continuation(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let texts = CONTINUATION.iter().filter_map(|(header, parameter)| {
        Some((*parameter, headers.get(*header)?.to_str().ok()?.to_owned()))
    });
    texts.collect()
}
