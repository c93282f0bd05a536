//! The queues and tables of a storage account, for an operator.

mod connection_string;
mod queue;
mod table;

use std::sync::Arc;

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, RetryOptions, Transport, Url},
};
pub use queue::{Queue, QueueError, QueueMessage};
pub use table::{Table, TableError};

/// Where queues of Azure are, in all its clouds ("Storage account overview" and "Compare Azure
/// Government and global Azure"): the operator's token goes to no other host.
const HOST_SUFFIXES: [&str; 4] = [
    ".queue.core.windows.net",
    ".queue.storage.azure.net",
    ".queue.core.usgovcloudapi.net",
    ".queue.core.chinacloudapi.cn",
];

/// The part of a host's name that says which service it is.
const QUEUES: &str = ".queue.";
const TABLES: &str = ".table.";

/// A storage account, and how one gets in. Cloning it is cheap; clones share connections.
#[derive(Clone)]
pub struct Account {
    queues: Url,
    tables: Url,
    access: Access,
    http: reqwest::Client,
    retry: RetryOptions,
}

#[derive(Clone)]
enum Access {
    /// A shared access signature, the query of every address.
    Signature(String),
    /// Whoever is signed in.
    Operator(Arc<dyn TokenCredential>),
}

/// Why there is no account. No error has any part of what was given: it may hold a key.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A setting of the connection string is absent.
    #[error("the connection string has no {0}")]
    Missing(&'static str),
    /// A setting of the connection string is not what it should be.
    #[error("{0} of the connection string cannot be read")]
    Setting(&'static str),
    /// An address begins as a queue endpoint of Azure and is none.
    #[error(
        "not the queue endpoint of an account in Azure, which is a host and nothing else, \
         for example https://stbroker.queue.core.windows.net"
    )]
    QueueEndpoint,
    /// One cannot sign in.
    #[error("cannot sign in: {0}")]
    Credential(#[source] azure_core::Error),
    /// No HTTP client could be made.
    #[error("cannot make an HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

impl Account {
    /// Opens what an operator names: a connection string with `AccountName`, `AccountKey` and
    /// `QueueEndpoint` ("Configure Azure Storage connection strings"), or the queue endpoint of an
    /// account in Azure, for example `https://stbroker.queue.core.windows.net`, into which they sign in
    /// with `credential` when the first request is sent.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn open(
        text: &str,
        credential: impl FnOnce() -> azure_core::Result<Arc<dyn TokenCredential>>,
    ) -> Result<Self, AccountError> {
        let retry = RetryOptions::default();
        if !text.to_ascii_lowercase().starts_with("https:") {
            let account = connection_string::parse(text)?;
            let http = client(false)?;
            let access = Access::Signature(account.signature);
            return Ok(Self {
                queues: account.queues,
                tables: account.tables,
                access,
                http,
                retry,
            });
        }
        let queues = queue_endpoint(text).ok_or(AccountError::QueueEndpoint)?;
        let tables = table_endpoint(&queues).ok_or(AccountError::QueueEndpoint)?;
        let access = Access::Operator(credential().map_err(AccountError::Credential)?);
        Ok(Self { queues, tables, access, http: client(true)?, retry })
    }

    /// The same account, with calls that fail at the first failure.
    #[must_use]
    pub fn without_retries(self) -> Self {
        Self { retry: RetryOptions::none(), ..self }
    }

    /// A queue of this account, which need not exist.
    ///
    /// # Errors
    ///
    /// If the name cannot be part of a URL.
    pub fn queue(&self, name: &str) -> Result<Queue, QueueError> {
        let url = self.address(&self.queues, name);
        let url = url.ok_or_else(|| QueueError::Address(name.to_owned()))?;
        let credential = match &self.access {
            Access::Signature(_) => None,
            Access::Operator(credential) => Some(credential.clone()),
        };
        let options = ClientOptions {
            transport: Some(Transport::new(Arc::new(self.http.clone()))),
            retry: self.retry.clone(),
            ..ClientOptions::default()
        };
        Queue::new(name, url, credential, options)
    }

    /// A table of this account, which need not exist.
    #[must_use]
    pub fn table(&self, name: &str) -> Table {
        Table::new(name, self.clone())
    }

    /// Where something lies in a service, signed if signatures are the way in.
    fn address(&self, service: &Url, name: &str) -> Option<Url> {
        let mut url = service.clone();
        url.path_segments_mut().ok()?.pop_if_empty().push(name);
        if let Access::Signature(signature) = &self.access {
            url.set_query(Some(signature));
        }
        Some(url)
    }
}

/// An address with more than a host may hold a signature, which would be sent beside the token.
fn queue_endpoint(text: &str) -> Option<Url> {
    let endpoint = Url::parse(text).ok()?;
    let host = endpoint.host_str()?;
    let is_known = HOST_SUFFIXES.iter().any(|suffix| host.ends_with(suffix));
    let has_only_a_host = endpoint.as_str() == format!("https://{host}/");
    (is_known && has_only_a_host).then_some(endpoint)
}

/// Where the tables are of an account whose queues are there.
fn table_endpoint(queues: &Url) -> Option<Url> {
    let host = queues.host_str()?.replacen(QUEUES, TABLES, 1);
    Url::parse(&format!("https://{host}")).ok()
}

/// No proxy and no redirects: a token must not travel to an address that nobody named.
#[expect(clippy::disallowed_methods, reason = "a client without the timing of the broker")]
fn client(https_only: bool) -> Result<reqwest::Client, reqwest::Error> {
    azure_rest::client::install_tls();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.https_only(https_only).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Account, AccountError> {
        Account::open(text, || {
            azure_identity::DeveloperToolsCredential::new(None)
                .map(|credential| credential as Arc<dyn TokenCredential>)
        })
    }

    #[test]
    fn an_address_that_is_not_a_queue_endpoint_of_azure_is_refused_and_not_repeated() {
        for text in [
            "https://stbroker.queue.core.windows.net.example.com",
            "https://stbroker.blob.core.windows.net",
            "https://stbroker.queue.core.windows.net/?sig=secret",
            "https://operator:secret@stbroker.queue.core.windows.net",
            "https://stbroker.queue.core.windows.net/app-role-failed",
            "https://stbroker.queue.core.windows.net:8443",
            "https:",
        ] {
            let error = open(text).err().unwrap().to_string();
            assert!(error.contains("https://stbroker.queue.core.windows.net"), "{error}");
            assert!(!error.contains("secret") && !error.contains("example.com"), "{error}");
        }
    }

    #[test]
    fn a_connection_string_that_cannot_be_read_is_not_repeated() {
        for text in [
            "AccountName=contoso;AccountKey=secret!;QueueEndpoint=http://127.0.0.1:1/contoso",
            "AccountName=contoso;AccountKey=c2VjcmV0;QueueEndpoint=secret",
            "AccountName=contoso;QueueEndpoint=http://127.0.0.1:1/secret",
            "secret",
        ] {
            let error = open(text).err().unwrap().to_string();
            assert!(error.contains("the connection string"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_endpoint_of_every_cloud_is_opened_and_has_its_tables_beside_its_queues() {
        for suffix in HOST_SUFFIXES {
            let account = open(&format!("HTTPS://stbroker{suffix}")).unwrap();
            account.queue("app-role-failed").unwrap();
            let expected = format!("stbroker{}", suffix.replace("queue", "table"));
            assert_eq!(account.tables.host_str(), Some(expected.as_str()));
        }
    }
}
