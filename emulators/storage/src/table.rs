//! A table, as the Functions host and the tests use it: over the service's REST interface, because
//! Microsoft's SDK for Rust has no tables ("Table service REST API").

mod entity;
mod transaction;

use std::sync::Arc;

use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use url::Url;

use super::account::Account;

pub use entity::{Entity, EntityValue};
pub use transaction::TableOperation;

/// A version that every emulator and every account knows.
const VERSION: &str = "2019-02-02";
/// Types are said where JSON does not show them.
const JSON_WITH_TYPES: &str = "application/json;odata=minimalmetadata";
/// The most entities that one request returns ("Query timeout and pagination").
const MOST_ENTITIES_PER_REQUEST: usize = 1000;
/// Where the next page begins ("Query timeout and pagination").
const NEXT_PARTITION: &str = "x-ms-continuation-NextPartitionKey";
const NEXT_ROW: &str = "x-ms-continuation-NextRowKey";
/// HTTP's own form of a date (RFC 9110, 5.6.7).
const HTTP_DATE: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// A table of a storage account. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    account: Arc<Account>,
}

/// Why a table did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table's address could not be made or signed.
    #[error("table '{0}' has no usable address")]
    Address(String),
    /// The service does not know the table, or not the entity.
    #[error("table '{table}': not found: {message}")]
    NotFound {
        /// The table's name.
        table: String,
        /// The service's code and message.
        message: String,
    },
    /// Something with this name or these keys is there already.
    #[error("table '{table}': conflict: {message}")]
    Conflict {
        /// The table's name.
        table: String,
        /// The service's code and message, for example `EntityAlreadyExists`.
        message: String,
    },
    /// The service refused, or was not reached.
    #[error("table '{table}': {message}")]
    Service {
        /// The table's name.
        table: String,
        /// What the service or the connection said.
        message: String,
    },
}

/// Where the next page of a query begins.
struct Continuation {
    partition: String,
    row: String,
}

impl Table {
    pub(super) fn new(name: &str, account: Account) -> Self {
        Self { name: name.to_owned(), account: Arc::new(account) }
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Creates the table; does nothing if it exists.
    ///
    /// # Errors
    ///
    /// If the service refuses, for example the name.
    pub async fn create_if_missing(&self) -> Result<(), TableError> {
        let body = json!({ "TableName": self.name });
        let request = self.request(Method::POST, &self.url("Tables")?)?.json(&body);
        match self.send(request).await {
            Ok(_) | Err(TableError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes the table with everything in it.
    ///
    /// # Errors
    ///
    /// If there is none, or the service refuses.
    pub async fn delete(&self) -> Result<(), TableError> {
        let url = self.url(&format!("Tables('{}')", self.name))?;
        self.send(self.request(Method::DELETE, &url)?).await.map(drop)
    }

    /// Adds an entity.
    ///
    /// # Errors
    ///
    /// If one with its keys exists, the table does not, or the service refuses.
    pub async fn insert(&self, entity: Entity) -> Result<(), TableError> {
        self.transact(&[TableOperation::Insert(entity)]).await
    }

    /// Adds an entity, or puts it in the place of the one with its keys.
    ///
    /// # Errors
    ///
    /// If the table does not exist, or the service refuses.
    pub async fn upsert(&self, entity: Entity) -> Result<(), TableError> {
        self.transact(&[TableOperation::InsertOrReplace(entity)]).await
    }

    /// Does all or nothing. The service takes up to 100 operations, on entities of one partition with
    /// different row keys ("Performing entity group transactions").
    ///
    /// # Errors
    ///
    /// If one of them cannot be done; the error is that one's.
    pub async fn transact(&self, operations: &[TableOperation]) -> Result<(), TableError> {
        let table = self.url(&self.name)?;
        let body = transaction::body(operations, &table).ok_or_else(|| self.without_address())?;
        let request = self.request(Method::POST, &self.url("$batch")?)?;
        let request = request.header(CONTENT_TYPE, transaction::CONTENT).body(body);
        let answer = self.send(request).await?.text().await;
        match transaction::failure(&answer.map_err(|error| self.unreached(&error))?) {
            None => Ok(()),
            Some((status, body)) => Err(self.refused(status, &body)),
        }
    }

    /// All entities, in the order of their keys.
    ///
    /// # Errors
    ///
    /// If the table does not exist, or the service refuses.
    pub async fn entities(&self) -> Result<Vec<Entity>, TableError> {
        let mut entities = Vec::new();
        let mut next = None;
        loop {
            let answer = self.send(self.page(next.as_ref())?).await?;
            next = continuation(answer.headers());
            let page: Value = answer.json().await.map_err(|error| self.unreached(&error))?;
            let items = page.get("value").and_then(Value::as_array).into_iter().flatten();
            for item in items {
                entities.push(Entity::read(item).ok_or_else(|| self.misunderstood(item))?);
            }
            if next.is_none() {
                return Ok(entities);
            }
        }
    }

    fn page(&self, from: Option<&Continuation>) -> Result<RequestBuilder, TableError> {
        let mut url = self.url(&format!("{}()", self.name))?;
        url.query_pairs_mut().append_pair("$top", &MOST_ENTITIES_PER_REQUEST.to_string());
        if let Some(Continuation { partition, row }) = from {
            url.query_pairs_mut()
                .append_pair("NextPartitionKey", partition)
                .append_pair("NextRowKey", row);
        }
        self.request(Method::GET, &url)
    }

    fn url(&self, resource: &str) -> Result<Url, TableError> {
        let mut url = self.account.table_endpoint().clone();
        url.path_segments_mut().map_err(|()| self.without_address())?.pop_if_empty().push(resource);
        Ok(url)
    }

    /// A request that is signed by "Authorize with Shared Key", Shared Key Lite of the table service:
    /// the date, and the path below the account's name, which an emulator's path has twice.
    fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, TableError> {
        let now = OffsetDateTime::now_utc().format(HTTP_DATE);
        let date = now.map_err(|_| self.without_address())?;
        let name = self.account.name();
        let signature = self.account.signature(&format!("{date}\n/{name}{}", url.path()));
        let signature = signature.ok_or_else(|| self.without_address())?;
        Ok(self
            .account
            .http()
            .request(method, url.clone())
            .header("x-ms-date", date)
            .header("x-ms-version", VERSION)
            .header(ACCEPT, JSON_WITH_TYPES)
            .header("DataServiceVersion", "3.0")
            .header(AUTHORIZATION, format!("SharedKeyLite {name}:{signature}")))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, TableError> {
        let answer = request.send().await.map_err(|error| self.unreached(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(self.refused(status, &answer.text().await.unwrap_or_default()))
    }

    /// What the service says in the body of a refusal.
    fn refused(&self, status: StatusCode, body: &str) -> TableError {
        let error: Value = serde_json::from_str(body).unwrap_or_default();
        let said = |pointer| error.pointer(pointer).and_then(Value::as_str);
        let message = match (said("/odata.error/code"), said("/odata.error/message/value")) {
            (Some(code), Some(message)) => format!("{status}: {code}: {message}"),
            _ => format!("{status}: {body}"),
        };
        let table = self.name.clone();
        match status {
            StatusCode::NOT_FOUND => TableError::NotFound { table, message },
            StatusCode::CONFLICT => TableError::Conflict { table, message },
            _ => TableError::Service { table, message },
        }
    }

    fn without_address(&self) -> TableError {
        TableError::Address(self.name.clone())
    }

    fn unreached(&self, error: &reqwest::Error) -> TableError {
        TableError::Service { table: self.name.clone(), message: error.to_string() }
    }

    fn misunderstood(&self, item: &Value) -> TableError {
        let message = format!("an entity that is none: {item}");
        TableError::Service { table: self.name.clone(), message }
    }
}

fn continuation(headers: &HeaderMap) -> Option<Continuation> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Some(Continuation { partition: text(NEXT_PARTITION)?, row: text(NEXT_ROW).unwrap_or_default() })
}
