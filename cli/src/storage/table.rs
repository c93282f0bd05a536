//! Reading a table, by REST ("Table service REST API"): Microsoft's SDK for Rust does not support tables.

use std::sync::Arc;

use azure_core::{credentials::TokenCredential, http::Url};
use azure_rest::storage::STORAGE_SCOPE;
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, HeaderMap},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::http;

/// The first version that accepts tokens ("Authorize access to tables using Microsoft Entra ID").
const VERSION: &str = "2020-12-06";

/// Headers and query parameters of the next page ("Query timeout and pagination").
const CONTINUATION: [(&str, &str); 2] = [
    ("x-ms-continuation-NextPartitionKey", "NextPartitionKey"),
    ("x-ms-continuation-NextRowKey", "NextRowKey"),
];

/// The largest number of pages to read. Each has up to 1,000 entities.
const MAX_PAGES: usize = 20;

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
    /// The service refused, or did not answer.
    #[error("table '{0}': {1}")]
    Failed(String, String),
}

/// A page of a query.
#[derive(Deserialize)]
struct Page {
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
        let (mut entities, mut next) = (Vec::new(), Vec::new());
        for _ in 0..MAX_PAGES {
            let response = self.page(filter, limit, &next).await?;
            next = continuation(response.headers());
            let page: Page =
                http::json(response).await.map_err(|failure| self.failed(failure.sentence))?;
            entities.extend(page.value);
            if next.is_empty() || entities.len() >= limit {
                break;
            }
        }
        entities.truncate(limit);
        Ok(entities)
    }

    async fn page(
        &self,
        filter: &str,
        limit: usize,
        next: &[(&str, String)],
    ) -> Result<Response, TableError> {
        let mut url = self.url.clone();
        // The service accepts only %20 as a space, and a form encoder writes a plus.
        let mut query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        query.push_str(&format!("$top={}", limit.min(1000)));
        if !filter.is_empty() {
            query.push_str(&format!("&$filter={}", filter.replace(' ', "%20")));
        }
        url.set_query(Some(&query));
        url.query_pairs_mut().extend_pairs(next);
        let date = httpdate::fmt_http_date(OffsetDateTime::now_utc().into());
        let mut request = self
            .http
            .get(url)
            .header(ACCEPT, "application/json;odata=nometadata")
            .header("x-ms-version", VERSION)
            .header("x-ms-date", date);
        if let Some(credential) = &self.credential {
            let token = credential.get_token(&[STORAGE_SCOPE], None).await;
            let token = token.map_err(|error| self.failed(error.to_string()))?;
            request = request.bearer_auth(token.token.secret());
        }
        let response =
            http::send(request).await.map_err(|failure| self.failed(failure.sentence))?;
        match response.status() {
            StatusCode::NOT_FOUND => Err(TableError::NotFound(self.name.clone())),
            status if !status.is_success() => Err(self.failed(format!("HTTP status {status}"))),
            _ => Ok(response),
        }
    }

    fn failed(&self, message: String) -> TableError {
        TableError::Failed(self.name.clone(), message)
    }
}

fn continuation(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let texts = CONTINUATION.iter().filter_map(|(header, parameter)| {
        Some((*parameter, headers.get(*header)?.to_str().ok()?.to_owned()))
    });
    texts.collect()
}
