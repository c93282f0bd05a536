//! A table, to read: over the service's REST interface, because Microsoft's SDK for Rust has no tables
//! ("Table service REST API").

use azure_core::http::Url;
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, HeaderMap},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{Access, Account};

/// The first version that takes tokens ("Authorize access to tables using Microsoft Entra ID").
const VERSION: &str = "2020-12-06";
/// For what tokens for storage are asked ("Authorize with Microsoft Entra ID").
const SCOPE: &str = "https://storage.azure.com/.default";
/// Where the next page begins ("Query timeout and pagination").
const NEXT: [(&str, &str); 2] = [
    ("x-ms-continuation-NextPartitionKey", "NextPartitionKey"),
    ("x-ms-continuation-NextRowKey", "NextRowKey"),
];

/// Pages of a query that are read at most; each has up to 1,000 entities.
const MOST_PAGES: usize = 20;

/// A table of a storage account.
pub struct Table {
    name: String,
    account: Account,
}

/// Why a table could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The service does not know the table.
    #[error("table '{0}': not found")]
    NotFound(String),
    /// The service refused, or was not reached.
    #[error("table '{table}': {message}")]
    Service {
        /// The table's name.
        table: String,
        /// What the service or the connection said.
        message: String,
    },
}

/// A page of a query.
#[derive(Deserialize)]
struct Page {
    value: Vec<Map<String, Value>>,
}

impl Table {
    pub(super) fn new(name: &str, account: Account) -> Self {
        Self { name: name.to_owned(), account }
    }

    /// The entities that meet a condition of OData, in the order of their keys; at most `most`.
    ///
    /// # Errors
    ///
    /// If the table does not exist or the service refuses.
    pub async fn query(
        &self,
        filter: &str,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, TableError> {
        let (mut entities, mut next) = (Vec::new(), Vec::new());
        for _ in 0..MOST_PAGES {
            let response = self.page(filter, most, &next).await?;
            next = continuation(response.headers());
            let page: Page = response.json().await.map_err(|error| self.unreached(&error))?;
            entities.extend(page.value);
            if next.is_empty() || entities.len() >= most {
                break;
            }
        }
        entities.truncate(most);
        Ok(entities)
    }

    async fn page(
        &self,
        filter: &str,
        most: usize,
        next: &[(&str, String)],
    ) -> Result<Response, TableError> {
        let name = format!("{}()", self.name);
        let url = self.account.address(&self.account.tables, &name);
        let mut url: Url = url.ok_or_else(|| self.failed("it has no usable address".to_owned()))?;
        // The service takes %20 for a space only; a form encoder would write a plus.
        let mut query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        query.push_str(&format!("$top={}", most.min(1000)));
        if !filter.is_empty() {
            query.push_str(&format!("&$filter={}", filter.replace(' ', "%20")));
        }
        url.set_query(Some(&query));
        url.query_pairs_mut().extend_pairs(next);
        let date = httpdate::fmt_http_date(OffsetDateTime::now_utc().into());
        let mut request = self
            .account
            .http
            .get(url)
            .header(ACCEPT, "application/json;odata=nometadata")
            .header("x-ms-version", VERSION)
            .header("x-ms-date", date);
        if let Access::Operator(credential) = &self.account.access {
            let token = credential.get_token(&[SCOPE], None).await;
            let token = token.map_err(|error| self.failed(error.to_string()))?;
            request = request.bearer_auth(token.token.secret());
        }
        let response = request.send().await.map_err(|error| self.unreached(&error))?;
        match response.status() {
            StatusCode::NOT_FOUND => Err(TableError::NotFound(self.name.clone())),
            status if !status.is_success() => Err(self.failed(format!("it answered {status}"))),
            _ => Ok(response),
        }
    }

    /// An error of reqwest names the address, signature included; what it wraps does not.
    fn unreached(&self, error: &reqwest::Error) -> TableError {
        let causes =
            std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        let causes: Vec<_> = causes.map(ToString::to_string).collect();
        self.failed(format!("no answer that can be read: {}", causes.join(": ")))
    }

    fn failed(&self, message: String) -> TableError {
        TableError::Service { table: self.name.clone(), message }
    }
}

fn continuation(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let texts = NEXT.iter().filter_map(|(header, parameter)| {
        Some((*parameter, headers.get(*header)?.to_str().ok()?.to_owned()))
    });
    texts.collect()
}
