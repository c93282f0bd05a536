//! A table, over the service's REST interface, because Microsoft's SDK for Rust has no tables ("Table
//! service REST API").

mod entity;
pub(crate) mod transaction;

use std::time::SystemTime;

use azure_core::credentials::TokenCredential;
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap},
};
use serde_json::{Value, json};
use url::Url;

use crate::{access::Access, storage_error::StorageError};

pub use entity::{Entity, EntityValue};

/// A version that every emulator and every account supports.
const VERSION: &str = "2019-02-02";
/// The first version that accepts tokens ("Authorize with Microsoft Entra ID").
const VERSION_WITH_TOKENS: &str = "2020-12-06";
/// The scope of tokens, on the same page.
const SCOPE: &str = "https://storage.azure.com/.default";
/// The format that names a property's type where JSON does not show it.
const JSON_WITH_TYPES: &str = "application/json;odata=minimalmetadata";
/// The largest number of entities in one response ("Query timeout and pagination").
const MOST_ENTITIES_PER_RESPONSE: &str = "1000";
/// The start of the next page, as response headers and as parameters ("Query timeout and pagination").
const NEXT_PAGE: [(&str, &str); 2] = [
    ("x-ms-continuation-NextPartitionKey", "NextPartitionKey"),
    ("x-ms-continuation-NextRowKey", "NextRowKey"),
];

/// A table of a storage account. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    endpoint: Url,
    access: Access,
    http: Client,
}

impl Table {
    pub(crate) fn new(name: &str, endpoint: Url, access: Access, http: Client) -> Self {
        Self { name: name.to_owned(), endpoint, access, http }
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Creates the table, unless it exists.
    ///
    /// # Errors
    ///
    /// If the service refuses, for example because of the name.
    pub async fn create_if_missing(&self) -> Result<(), StorageError> {
        let body = json!({ "TableName": self.name });
        let request = self.request(Method::POST, self.url("Tables")).await?;
        match self.send(request.json(&body)).await {
            Ok(_) | Err(StorageError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Inserts all entities or none. The service accepts up to 100 entities of one partition with different
    /// row keys ("Performing entity group transactions").
    ///
    /// # Errors
    ///
    /// If an entity with these keys exists, the table does not exist, or the service refuses.
    pub async fn insert_all(&self, entities: &[Entity]) -> Result<(), StorageError> {
        let body = transaction::body(entities, &self.url(&self.name));
        let request = self.request(Method::POST, self.url("$batch")).await?;
        let request = request.header(CONTENT_TYPE, transaction::CONTENT_TYPE).body(body);
        let answer = self.send(request).await?.text().await;
        match transaction::failure(&answer.map_err(|error| self.unreached(&error))?) {
            None => Ok(()),
            Some((status, body)) => Err(self.refused(status, &body)),
        }
    }

    /// Inserts an entity, or replaces the one with its keys, whatever its version is.
    ///
    /// # Errors
    ///
    /// If the table does not exist or the service refuses.
    pub async fn put(&self, entity: &Entity) -> Result<(), StorageError> {
        let quoted = |key: &str| key.replace('\'', "''");
        let keys = (quoted(&entity.partition_key), quoted(&entity.row_key));
        let url =
            self.url(&format!("{}(PartitionKey='{}',RowKey='{}')", self.name, keys.0, keys.1));
        let request = self.request(Method::PUT, url).await?.json(&entity.json());
        self.send(request).await.map(drop)
    }

    /// All entities, in the order of their keys.
    ///
    /// # Errors
    ///
    /// If the table does not exist or the service refuses.
    pub async fn entities(&self) -> Result<Vec<Entity>, StorageError> {
        let mut entities = Vec::new();
        let mut next = Some(Vec::new());
        while let Some(start) = next {
            let mut url = self.url(&format!("{}()", self.name));
            url.query_pairs_mut()
                .append_pair("$top", MOST_ENTITIES_PER_RESPONSE)
                .extend_pairs(start);
            let answer = self.send(self.request(Method::GET, url).await?).await?;
            next = next_page(answer.headers());
            let page: Value = answer.json().await.map_err(|error| self.unreached(&error))?;
            let items = page.get("value").and_then(Value::as_array).into_iter().flatten();
            for item in items {
                entities.push(Entity::read(item).ok_or_else(|| self.misunderstood(item))?);
            }
        }
        Ok(entities)
    }

    fn url(&self, resource: &str) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(resource);
        }
        url
    }

    /// An authorized request.
    async fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, StorageError> {
        let date = httpdate::fmt_http_date(SystemTime::now());
        let (version, authorization) = self.authorization(&date, &url).await?;
        let request = self.http.request(method, url);
        Ok(request
            .header("x-ms-date", date)
            .header("x-ms-version", version)
            .header(ACCEPT, JSON_WITH_TYPES)
            .header("DataServiceVersion", "3.0")
            .header(AUTHORIZATION, authorization))
    }

    /// The version of a request, and its authorization: a token, or a signature by "Authorize with Shared
    /// Key", "Shared Key Lite" of the table service. The signature covers the date, and the account's
    /// name with the path. An emulator's path begins with the account's name once more.
    async fn authorization(
        &self,
        date: &str,
        url: &Url,
    ) -> Result<(&'static str, String), StorageError> {
        match &self.access {
            Access::Key(key) => {
                let account = key.account();
                let signature = key.sign(&format!("{date}\n/{account}{}", url.path()));
                Ok((VERSION, format!("SharedKeyLite {account}:{signature}")))
            }
            Access::Identity(identity) => {
                let token = identity
                    .get_token(&[SCOPE], None)
                    .await
                    .map_err(|error| StorageError::new(self.resource(), None, error.to_string()))?;
                Ok((VERSION_WITH_TOKENS, format!("Bearer {}", token.token.secret())))
            }
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, StorageError> {
        let answer = request.send().await.map_err(|error| self.unreached(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(self.refused(status, &answer.text().await.unwrap_or_default()))
    }

    fn refused(&self, status: StatusCode, body: &str) -> StorageError {
        let error: Value = serde_json::from_str(body).unwrap_or_default();
        let said = |pointer| error.pointer(pointer).and_then(Value::as_str);
        let message = match (said("/odata.error/code"), said("/odata.error/message/value")) {
            (Some(code), Some(message)) => format!("{status}: {code}: {message}"),
            _ => format!("{status}: {body}"),
        };
        StorageError::new(self.resource(), Some(status), message)
    }

    fn unreached(&self, error: &reqwest::Error) -> StorageError {
        StorageError::new(self.resource(), None, error.to_string())
    }

    fn misunderstood(&self, item: &Value) -> StorageError {
        StorageError::new(self.resource(), None, format!("not an entity: {item}"))
    }

    fn resource(&self) -> String {
        format!("table '{}'", self.name)
    }
}

/// The parameters of the next page's request; `None` after the last page.
fn next_page(headers: &HeaderMap) -> Option<Vec<(&'static str, String)>> {
    let parameters: Vec<_> = NEXT_PAGE
        .iter()
        .filter_map(|(header, parameter)| {
            Some((*parameter, headers.get(*header)?.to_str().ok()?.to_owned()))
        })
        .collect();
    (!parameters.is_empty()).then_some(parameters)
}
