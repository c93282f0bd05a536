//! A storage account: its credentials and its endpoints.

use std::{collections::HashMap, sync::Arc};

use azure_core::http::RetryOptions;
use url::Url;

use crate::{
    access::Access,
    queue::{self, Queue},
    shared_key::SharedKey,
    storage_error::StorageError,
    table::Table,
};

/// The account that every SDK knows ("Use the Azurite emulator for local Azure Storage development").
pub(crate) const WELL_KNOWN_NAME: &str = "devstoreaccount1";
/// Its key, which Microsoft publishes on the same page.
pub(crate) const WELL_KNOWN_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The ports that `UseDevelopmentStorage=true` stands for, on the same page.
const WELL_KNOWN_PORTS: [u16; 3] = [10_000, 10_001, 10_002];

/// A storage account that is used with its key. Cloning it is cheap; clones share connections.
#[derive(Clone, Debug)]
pub struct Account {
    shared_key: Arc<SharedKey>,
    blob_endpoint: Url,
    queue_endpoint: Url,
    table_endpoint: Url,
    http: reqwest::Client,
    retry: RetryOptions,
}

/// Why an account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A setting of the connection string is absent.
    #[error("the connection string has no {0}")]
    Missing(&'static str),
    /// An endpoint is not a URL.
    #[error("{setting} in the connection string is not a URL: {source}")]
    Endpoint {
        /// The setting's name.
        setting: &'static str,
        /// The fault in the URL.
        source: url::ParseError,
    },
    /// The key is not base64.
    #[error("AccountKey of account '{0}' is not base64")]
    Key(String),
    /// The endpoint is a URL of a kind that has no port.
    #[error("an endpoint of account '{0}' cannot have a port")]
    Port(String),
    /// The HTTP client could not be built.
    #[error("cannot build an HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

impl Account {
    /// An account of an emulator that listens on these ports of 127.0.0.1: blobs, queues, tables.
    pub(crate) fn on_loopback(
        name: &str,
        key: &str,
        ports: [u16; 3],
    ) -> Result<Self, AccountError> {
        let endpoints = ports.map(|port| format!("http://127.0.0.1:{port}/{name}"));
        let http = loopback::http_client_builder();
        Self::new((name, key), endpoints.each_ref().map(String::as_str), http)
    }

    /// An account of an emulator like that of [`Account::on_loopback`], over TLS.
    pub(crate) fn encrypted(
        name: &str,
        key: &str,
        ports: [u16; 3],
        authorities: &[u8],
    ) -> Result<Self, AccountError> {
        let endpoints = ports.map(|port| format!("https://127.0.0.1:{port}/{name}"));
        let http = loopback::http_client_builder_trusting(authorities)?;
        Self::new((name, key), endpoints.each_ref().map(String::as_str), http)
    }

    fn new(
        (name, key): (&str, &str),
        [blob, queue, table]: [&str; 3],
        http: reqwest::ClientBuilder,
    ) -> Result<Self, AccountError> {
        let shared_key =
            SharedKey::new(name, key).ok_or_else(|| AccountError::Key(name.to_owned()))?;
        Ok(Self {
            shared_key: Arc::new(shared_key),
            blob_endpoint: parse("BlobEndpoint", blob)?,
            queue_endpoint: parse("QueueEndpoint", queue)?,
            table_endpoint: parse("TableEndpoint", table)?,
            // Connections live in the runtime that opened them, and each test has its own.
            http: http.build()?,
            retry: queue::retries_of_the_host(),
        })
    }

    /// The account that every SDK knows, of an Azurite whose queues are on this port.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be built.
    pub fn well_known(queue_port: u16) -> Result<Self, AccountError> {
        let [blob_port, _, table_port] = WELL_KNOWN_PORTS;
        let ports = [blob_port, queue_port, table_port];
        Self::on_loopback(WELL_KNOWN_NAME, WELL_KNOWN_KEY, ports)
    }

    /// Reads a connection string ("Configure Azure Storage connection strings"):
    /// `UseDevelopmentStorage=true`, or `AccountName`, `AccountKey` and `QueueEndpoint`. The endpoints
    /// of blobs and tables are optional and default to that of queues.
    ///
    /// # Errors
    ///
    /// If a required setting is absent or invalid.
    pub fn from_connection_string(text: &str) -> Result<Self, AccountError> {
        let settings: HashMap<String, &str> = text
            .split(';')
            .filter_map(|setting| setting.split_once('='))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        if settings.get("usedevelopmentstorage").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return Self::on_loopback(WELL_KNOWN_NAME, WELL_KNOWN_KEY, WELL_KNOWN_PORTS);
        }
        let required = |name: &'static str| {
            let value = settings.get(&name.to_ascii_lowercase()).copied();
            value.ok_or(AccountError::Missing(name))
        };
        let queue = required("QueueEndpoint")?;
        let blob = settings.get("blobendpoint").copied().unwrap_or(queue);
        let table = settings.get("tableendpoint").copied().unwrap_or(queue);
        let credentials = (required("AccountName")?, required("AccountKey")?);
        Self::new(credentials, [blob, queue, table], loopback::http_client_builder())
    }

    /// This account with its queues on another port, where a [`StorageProxy`](crate::StorageProxy)
    /// listens. Signatures cover the path, not the port.
    ///
    /// # Errors
    ///
    /// If the queue endpoint is a URL that cannot have a port.
    pub fn with_queue_port(mut self, port: u16) -> Result<Self, AccountError> {
        let changed = self.queue_endpoint.set_port(Some(port));
        changed.map_err(|()| AccountError::Port(self.name().to_owned()))?;
        Ok(self)
    }

    /// This account with its tables on another port.
    ///
    /// # Errors
    ///
    /// If the table endpoint is a URL that cannot have a port.
    pub fn with_table_port(mut self, port: u16) -> Result<Self, AccountError> {
        let changed = self.table_endpoint.set_port(Some(port));
        changed.map_err(|()| AccountError::Port(self.name().to_owned()))?;
        Ok(self)
    }

    /// This account without retries. By default, calls to queues that fail on the way are retried for
    /// about six seconds, as the Functions host does.
    #[must_use]
    pub fn without_retries(self) -> Self {
        Self { retry: RetryOptions::none(), ..self }
    }

    /// The connection string for Microsoft's SDKs, the Functions host and the operator's tool.
    #[must_use]
    pub fn connection_string(&self) -> String {
        format!(
            "DefaultEndpointsProtocol={};AccountName={};AccountKey={};BlobEndpoint={};QueueEndpoint={};TableEndpoint={};",
            self.queue_endpoint.scheme(),
            self.name(),
            self.key(),
            self.blob_endpoint,
            self.queue_endpoint,
            self.table_endpoint
        )
    }

    /// The account's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.shared_key.account()
    }

    /// The account's key, in base64.
    #[must_use]
    pub fn key(&self) -> &str {
        self.shared_key.key()
    }

    /// The URL of the account's queues, the account's name included.
    #[must_use]
    pub fn queue_endpoint(&self) -> &Url {
        &self.queue_endpoint
    }

    /// The URL of the account's tables, the account's name included.
    #[must_use]
    pub fn table_endpoint(&self) -> &Url {
        &self.table_endpoint
    }

    /// A queue of this account. It need not exist yet.
    ///
    /// # Errors
    ///
    /// If the name cannot be part of a URL.
    pub fn queue(&self, name: &str) -> Result<Queue, StorageError> {
        Queue::new(name, &self.queue_endpoint, &self.access(), self.options())
    }

    /// A table of this account. It need not exist yet.
    #[must_use]
    pub fn table(&self, name: &str) -> Table {
        Table::new(name, self.table_endpoint.clone(), self.access(), self.http.clone())
    }

    fn access(&self) -> Access {
        Access::Key(self.shared_key.clone())
    }

    fn options(&self) -> queue::Options {
        queue::Options { http: self.http.clone(), retry: self.retry.clone() }
    }
}

fn parse(setting: &'static str, text: &str) -> Result<Url, AccountError> {
    Url::parse(text).map_err(|source| AccountError::Endpoint { setting, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_without_a_key_is_refused_by_the_settings_name() {
        let text = "AccountName=contoso;QueueEndpoint=http://127.0.0.1:1/contoso";
        let error = Account::from_connection_string(text).unwrap_err();
        assert_eq!(error.to_string(), "the connection string has no AccountKey");
    }

    #[test]
    fn a_key_that_is_not_base64_is_refused() {
        let text = "AccountName=contoso;AccountKey=!;QueueEndpoint=http://127.0.0.1:1/contoso";
        let error = Account::from_connection_string(text).unwrap_err();
        assert_eq!(error.to_string(), "AccountKey of account 'contoso' is not base64");
    }

    #[test]
    fn development_storage_is_the_well_known_account_on_its_ports() {
        let account = Account::from_connection_string("UseDevelopmentStorage=true").unwrap();
        assert_eq!(account.queue_endpoint().as_str(), "http://127.0.0.1:10001/devstoreaccount1");
    }

    #[test]
    fn a_connection_string_survives_a_round_trip() {
        let account = Account::on_loopback("contoso", WELL_KNOWN_KEY, [1, 2, 3]).unwrap();
        let text = account.connection_string();
        let again = Account::from_connection_string(&text).unwrap();
        assert_eq!(again.connection_string(), text);
    }
}
