//! A storage account.

use std::sync::Arc;

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, RetryOptions, Url},
};
use azure_rest::{
    client,
    connection_string::{ConnectionStringError, KeyedAccount},
    endpoints::StorageService,
    timing::CallTiming,
};

use crate::http;

use super::{
    queue::{Queue, QueueError},
    shared_access::{self, Permissions},
    table::Table,
};

/// A storage account. Clones share connections.
#[derive(Clone)]
pub struct Account {
    queues: Url,
    tables: Url,
    access: Access,
    http: reqwest::Client,
    retries: bool,
}

#[derive(Clone)]
enum Access {
    /// A shared access signature, as the query of every URL.
    Signature(String),
    /// The operator's tokens.
    Operator(Arc<dyn TokenCredential>),
}

/// The reason why an account cannot be opened. No message repeats the text, which may contain a key.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The text is not a valid connection string.
    #[error(transparent)]
    ConnectionString(#[from] ConnectionStringError),
    /// The text is a URL but not the queue endpoint of an account in Azure.
    #[error(
        "not a queue endpoint in Azure: expected a host and nothing else, for example \
         https://stbroker.queue.core.windows.net"
    )]
    QueueEndpoint,
    /// The operator cannot sign in.
    #[error("you cannot sign in to Azure Storage on this machine")]
    Credential(#[source] azure_core::Error),
    /// The HTTP client could not be built.
    #[error("{0}")]
    Http(String),
}

impl Account {
    /// Opens the account that a text names: a connection string ("Configure Azure Storage connection
    /// strings"), or the queue endpoint of an account in Azure, for example
    /// `https://stbroker.queue.core.windows.net`. The credential is created for an endpoint only, and
    /// used with the first request. A connection string is used with these permissions only.
    pub fn open(
        text: &str,
        permissions: Permissions,
        credential: impl FnOnce() -> azure_core::Result<Arc<dyn TokenCredential>>,
    ) -> Result<Self, AccountError> {
        let lower = text.to_ascii_lowercase();
        let (queues, tables, access) =
            if ["https:", "http:"].iter().any(|one| lower.starts_with(one)) {
                // Any other host could receive the operator's token, and a query could contain a signature.
                let queues =
                    Url::parse(text).ok().filter(|url| StorageService::Queue.is_endpoint(url));
                let queues = queues.ok_or(AccountError::QueueEndpoint)?;
                let tables = StorageService::Table.in_account_of(&queues);
                let tables = tables.ok_or(AccountError::QueueEndpoint)?;
                (queues, tables, Access::Operator(credential().map_err(AccountError::Credential)?))
            } else {
                let KeyedAccount { key, queues, tables } = KeyedAccount::parse(text)?;
                (queues, tables, Access::Signature(shared_access::query(&key, permissions)))
            };
        let http = http::client(&queues, &CallTiming::default())
            .map_err(|failure| AccountError::Http(failure.sentence))?;
        Ok(Self { queues, tables, access, http, retries: true })
    }

    /// Turns retries off, so that tests see the first error.
    #[must_use]
    pub fn without_retries(self) -> Self {
        Self { retries: false, ..self }
    }

    /// A queue of this account, which need not exist. It fails if the name is not valid in a URL.
    pub fn queue(&self, name: &str) -> Result<Queue, QueueError> {
        let url = self.url(&self.queues, name);
        let options = ClientOptions {
            transport: Some(client::transport(&self.http)),
            retry: if self.retries { RetryOptions::default() } else { RetryOptions::none() },
            ..ClientOptions::default()
        };
        let queue = Queue::new(name, &url, self.credential().as_ref(), options)?;
        Ok(if self.retries { queue } else { queue.without_retries() })
    }

    /// A table of this account, which need not exist.
    #[must_use]
    pub fn table(&self, name: &str) -> Table {
        let url = self.url(&self.tables, &format!("{name}()"));
        Table::new(name, url, self.credential(), self.http.clone())
    }

    /// Returns the URL of a queue or a table, with the signature if there is one.
    fn url(&self, service: &Url, name: &str) -> Url {
        let mut url = service.clone();
        // Only a URL that cannot have a path refuses segments, and endpoints are http or https.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name);
        }
        if let Access::Signature(signature) = &self.access {
            url.set_query(Some(signature));
        }
        url
    }

    fn credential(&self) -> Option<Arc<dyn TokenCredential>> {
        match &self.access {
            Access::Signature(_) => None,
            Access::Operator(credential) => Some(credential.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Account, AccountError> {
        Account::open(text, Permissions::Read, || {
            azure_identity::DeveloperToolsCredential::new(None)
                .map(|credential| credential as Arc<dyn TokenCredential>)
        })
    }

    #[test]
    fn a_url_that_is_not_a_queue_endpoint_in_azure_is_refused_and_not_repeated() {
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
    fn an_invalid_connection_string_is_not_repeated() {
        for text in [
            "AccountName=contoso;AccountKey=secret!;QueueEndpoint=http://127.0.0.1:1/contoso",
            "AccountName=contoso;AccountKey=c2VjcmV0;QueueEndpoint=secret",
            "AccountName=contoso;QueueEndpoint=http://127.0.0.1:1/secret",
            "secret",
        ] {
            let error = open(text).err().unwrap().to_string();
            assert!(error.contains("connection string"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_endpoint_is_opened_without_a_request() {
        open("HTTPS://stbroker.queue.core.windows.net").unwrap().queue("app-role-failed").unwrap();
    }
}
