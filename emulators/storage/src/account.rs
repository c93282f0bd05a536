//! A storage account: who it is, where it answers, and how a request proves that it may.

use std::{collections::HashMap, sync::Arc};

use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{
    queue::{Queue, QueueError},
    table::Table,
};

/// The emulator's account that every SDK knows ("Use the Azurite emulator for local Azure Storage
/// development").
pub(super) const WELL_KNOWN_NAME: &str = "devstoreaccount1";
/// Its key, published by Microsoft on the same page; it guards nothing.
pub(super) const WELL_KNOWN_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The ports that `UseDevelopmentStorage=true` stands for, on the same page.
const WELL_KNOWN_BLOB_PORT: u16 = 10_000;
const WELL_KNOWN_QUEUE_PORT: u16 = 10_001;
const WELL_KNOWN_TABLE_PORT: u16 = 10_002;

/// The newest signature format described in "Create an account SAS".
const SIGNED_VERSION: &str = "2022-11-02";
/// Everything that one can do to a queue and its messages.
const SIGNED_PERMISSIONS: &str = "rwdlacup";
const SIGNED_SERVICES: &str = "q";
const SIGNED_RESOURCE_TYPES: &str = "sco";
/// Longer than any demo runs; the signature never leaves this machine.
const SIGNED_LIFETIME: Duration = Duration::days(30);

/// How often .NET's client, which the Functions host uses, tries again what failed on the way
/// (".NET API reference", `Azure.Core.RetryOptions`).
const RETRIES: u32 = 3;
/// .NET's client waits 0.8 s first and doubles that; this one doubles before the first wait.
const HALF_OF_FIRST_WAIT: Duration = Duration::milliseconds(400);

/// A storage account that is reached with its key. Cloning it is cheap; clones share connections.
#[derive(Clone, Debug)]
pub struct Account {
    name: String,
    key: String,
    blob_endpoint: Url,
    queue_endpoint: Url,
    table_endpoint: Url,
    http: reqwest::Client,
    retry: RetryOptions,
}

/// Why there is no account.
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
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// The key is not base64, or the signature could not be made.
    #[error("AccountKey of account '{0}' is not base64")]
    Key(String),
    /// An endpoint's URL is of a kind that has no port.
    #[error("an endpoint of account '{0}' cannot have a port")]
    Port(String),
    /// No HTTP client could be made.
    #[error("cannot make an HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

impl Account {
    /// An account of an emulator that listens on these ports of this machine.
    pub(super) fn on_this_machine(
        name: &str,
        key: &str,
        [blob, queue, table]: [u16; 3],
    ) -> Result<Self, AccountError> {
        let endpoint = |port: u16| format!("http://127.0.0.1:{port}/{name}");
        Self::new(name, key, [&endpoint(blob), &endpoint(queue), &endpoint(table)])
    }

    fn new(name: &str, key: &str, [blob, queue, table]: [&str; 3]) -> Result<Self, AccountError> {
        let queue_endpoint = parse("QueueEndpoint", queue)?;
        STANDARD.decode(key).map_err(|_| AccountError::Key(name.to_owned()))?;
        Ok(Self {
            name: name.to_owned(),
            key: key.to_owned(),
            blob_endpoint: parse("BlobEndpoint", blob)?,
            table_endpoint: parse("TableEndpoint", table)?,
            http: http_client(&queue_endpoint)?,
            queue_endpoint,
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                initial_delay: HALF_OF_FIRST_WAIT,
                max_retries: RETRIES,
                ..ExponentialRetryOptions::default()
            }),
        })
    }

    /// The account that every SDK knows, of an Azurite that serves queues on this port.
    ///
    /// # Errors
    ///
    /// If no HTTP client can be made.
    pub fn well_known(queue_port: u16) -> Result<Self, AccountError> {
        let ports = [WELL_KNOWN_BLOB_PORT, queue_port, WELL_KNOWN_TABLE_PORT];
        Self::on_this_machine(WELL_KNOWN_NAME, WELL_KNOWN_KEY, ports)
    }

    /// Reads a connection string as "Configure Azure Storage connection strings" describes it:
    /// `UseDevelopmentStorage=true`, or `AccountName`, `AccountKey` and `QueueEndpoint`. The endpoints
    /// of blobs and tables are optional and default to the queues' one.
    ///
    /// # Errors
    ///
    /// If one of these is absent or is not what it should be.
    pub fn from_connection_string(text: &str) -> Result<Self, AccountError> {
        let settings: HashMap<String, &str> = text
            .split(';')
            .filter_map(|setting| setting.split_once('='))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        if settings.get("usedevelopmentstorage").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return Self::on_this_machine(
                WELL_KNOWN_NAME,
                WELL_KNOWN_KEY,
                [WELL_KNOWN_BLOB_PORT, WELL_KNOWN_QUEUE_PORT, WELL_KNOWN_TABLE_PORT],
            );
        }
        let required = |name: &'static str| {
            let value = settings.get(&name.to_ascii_lowercase()).copied();
            value.ok_or(AccountError::Missing(name))
        };
        let queue = required("QueueEndpoint")?;
        let blob = settings.get("blobendpoint").copied().unwrap_or(queue);
        let table = settings.get("tableendpoint").copied().unwrap_or(queue);
        Self::new(required("AccountName")?, required("AccountKey")?, [blob, queue, table])
    }

    /// The same account, its queues reached by another port, on which a
    /// [`StorageProxy`](super::StorageProxy) listens. A signature covers the path and not the port.
    ///
    /// # Errors
    ///
    /// If the queue endpoint is a URL that cannot have a port.
    pub fn with_queue_port(mut self, port: u16) -> Result<Self, AccountError> {
        let changed = self.queue_endpoint.set_port(Some(port));
        changed.map_err(|()| AccountError::Port(self.name.clone()))?;
        Ok(self)
    }

    /// The same account, its tables reached by another port in the same way.
    ///
    /// # Errors
    ///
    /// If the table endpoint is a URL that cannot have a port.
    pub fn with_table_port(mut self, port: u16) -> Result<Self, AccountError> {
        let changed = self.table_endpoint.set_port(Some(port));
        changed.map_err(|()| AccountError::Port(self.name.clone()))?;
        Ok(self)
    }

    /// The same account, with calls that fail at the first failure. Otherwise a call that fails on the
    /// way is tried again for some six seconds, as the Functions host does.
    #[must_use]
    pub fn without_retries(self) -> Self {
        Self { retry: RetryOptions::none(), ..self }
    }

    /// The connection string that Microsoft's SDKs, the Functions host and the CLI take.
    #[must_use]
    pub fn connection_string(&self) -> String {
        format!(
            "DefaultEndpointsProtocol={};AccountName={};AccountKey={};BlobEndpoint={};QueueEndpoint={};TableEndpoint={};",
            self.queue_endpoint.scheme(),
            self.name,
            self.key,
            self.blob_endpoint,
            self.queue_endpoint,
            self.table_endpoint
        )
    }

    /// The account's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account's key, base64.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where blobs are, the account's name included.
    #[must_use]
    pub fn blob_endpoint(&self) -> &Url {
        &self.blob_endpoint
    }

    /// Where queues are, the account's name included.
    #[must_use]
    pub fn queue_endpoint(&self) -> &Url {
        &self.queue_endpoint
    }

    /// Where tables are, the account's name included.
    #[must_use]
    pub fn table_endpoint(&self) -> &Url {
        &self.table_endpoint
    }

    /// A queue of this account, which need not exist yet.
    ///
    /// # Errors
    ///
    /// If the name cannot be part of a URL.
    pub fn queue(&self, name: &str) -> Result<Queue, QueueError> {
        let options = ClientOptions { retry: self.retry.clone(), ..client_options(&self.http) };
        Queue::new(name, self.signed_queue_url(name)?, None, options)
    }

    /// A table of this account, which need not exist yet.
    #[must_use]
    pub fn table(&self, name: &str) -> Table {
        Table::new(name, self.clone())
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The SDK has no shared key, and demands https for tokens; a signature in the URL is what is left.
    fn signed_queue_url(&self, queue: &str) -> Result<Url, QueueError> {
        let mut url = self.queue_endpoint.clone();
        url.path_segments_mut()
            .map_err(|()| QueueError::Address(queue.to_owned()))?
            .pop_if_empty()
            .push(queue);
        let expiry = (OffsetDateTime::now_utc() + SIGNED_LIFETIME)
            .replace_nanosecond(0)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .format(&Rfc3339)
            .map_err(|_| QueueError::Address(queue.to_owned()))?;
        let signature = self.sign_queues_until(&expiry);
        let signature = signature.ok_or_else(|| QueueError::Address(queue.to_owned()))?;
        url.query_pairs_mut()
            .append_pair("sv", SIGNED_VERSION)
            .append_pair("ss", SIGNED_SERVICES)
            .append_pair("srt", SIGNED_RESOURCE_TYPES)
            .append_pair("sp", SIGNED_PERMISSIONS)
            .append_pair("se", &expiry)
            .append_pair("sig", &signature);
        Ok(url)
    }

    /// The string to sign of "Create an account SAS"; the empty lines are start, address range,
    /// protocol and encryption scope.
    fn sign_queues_until(&self, expiry: &str) -> Option<String> {
        let name = &self.name;
        self.signature(&format!(
            "{name}\n{SIGNED_PERMISSIONS}\n{SIGNED_SERVICES}\n{SIGNED_RESOURCE_TYPES}\n\n{expiry}\n\n\n{SIGNED_VERSION}\n\n"
        ))
    }

    /// What proves that a text was written by somebody who has the key; `None` if the key is none.
    pub(super) fn signature(&self, text: &str) -> Option<String> {
        let key = STANDARD.decode(&self.key).ok()?;
        let mut code = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        code.update(text.as_bytes());
        Some(STANDARD.encode(code.finalize().into_bytes()))
    }
}

/// What every client of a queue is made with.
pub(super) fn client_options(http: &reqwest::Client) -> ClientOptions {
    ClientOptions {
        transport: Some(Transport::new(Arc::new(http.clone()))),
        ..ClientOptions::default()
    }
}

fn parse(setting: &'static str, text: &str) -> Result<Url, AccountError> {
    Url::parse(text).map_err(|source| AccountError::Endpoint { setting, source })
}

/// One client per account and not per process: its connections live in the runtime that opened them,
/// and each test has its own.
pub(super) fn http_client(endpoint: &Url) -> Result<reqwest::Client, reqwest::Error> {
    crate::install_crypto_provider();
    let builder = reqwest::Client::builder().no_proxy();
    if endpoint.scheme() == "http" {
        // Reading the machine's certificates takes longer than a whole test.
        return builder.tls_certs_only([]).build();
    }
    builder.build()
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
        let account = Account::on_this_machine("contoso", WELL_KNOWN_KEY, [1, 2, 3]).unwrap();
        let text = account.connection_string();
        let again = Account::from_connection_string(&text).unwrap();
        assert_eq!(again.connection_string(), text);
    }
}
