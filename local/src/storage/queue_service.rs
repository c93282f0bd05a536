//! The queues of a storage account, for commands that an operator runs: on this machine by its key,
//! in Azure signed in as oneself.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_identity::DeveloperToolsCredential;
use url::Url;

use super::{
    account::{Account, AccountError, client_options},
    queue::{Queue, QueueError},
};

/// Where queues of Azure are, in all its clouds ("Storage account overview" and "Compare Azure
/// Government and global Azure"): the operator's token goes to no other host.
const HOST_SUFFIXES: [&str; 4] = [
    ".queue.core.windows.net",
    ".queue.storage.azure.net",
    ".queue.core.usgovcloudapi.net",
    ".queue.core.chinacloudapi.cn",
];

/// The queues of a storage account, and how one gets in.
#[derive(Clone)]
pub struct QueueService {
    access: Access,
}

#[derive(Clone)]
enum Access {
    Key(Box<Account>),
    Operator { endpoint: Url, credential: Arc<dyn TokenCredential>, http: reqwest::Client },
}

impl QueueService {
    /// Opens what an operator names: a connection string, as [`Account::from_connection_string`]
    /// reads it, or the queue endpoint of an account in Azure, for example
    /// `https://stbroker.queue.core.windows.net`. Of that one, the operator signs in by the Azure
    /// CLI or the Azure Developer CLI, when the first request is sent.
    ///
    /// # Errors
    ///
    /// If it is neither. No error contains any part of the text: it may hold a key.
    pub fn open(text: &str) -> Result<Self, AccountError> {
        if !text.to_ascii_lowercase().starts_with("https:") {
            return Account::from_connection_string(text).map(Self::from);
        }
        let endpoint = queue_endpoint(text).ok_or(AccountError::QueueEndpoint)?;
        let http = super::account::http_client(&endpoint)?;
        let credential = DeveloperToolsCredential::new(None).map_err(AccountError::Credential)?;
        Ok(Self { access: Access::Operator { endpoint, credential, http } })
    }

    /// A queue of this account, which need not exist yet.
    ///
    /// # Errors
    ///
    /// If the name cannot be part of a URL.
    pub fn queue(&self, name: &str) -> Result<Queue, QueueError> {
        match &self.access {
            Access::Key(account) => account.queue(name),
            Access::Operator { endpoint, credential, http } => {
                let url = endpoint.join(name).map_err(|_| QueueError::Address(name.to_owned()))?;
                Queue::new(name, url, Some(credential.clone()), client_options(http))
            }
        }
    }
}

impl From<Account> for QueueService {
    fn from(account: Account) -> Self {
        Self { access: Access::Key(Box::new(account)) }
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

#[cfg(test)]
mod tests {
    use super::*;

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
            let error = QueueService::open(text).err().unwrap().to_string();
            assert!(error.contains("https://stbroker.queue.core.windows.net"), "{error}");
            assert!(!error.contains("secret") && !error.contains("example.com"), "{error}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_is_not_repeated() {
        let text =
            "AccountName=contoso;AccountKey=secret!;QueueEndpoint=http://127.0.0.1:1/contoso";
        let error = QueueService::open(text).err().unwrap().to_string();
        assert!(error.contains("'contoso'") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn an_endpoint_of_every_cloud_is_opened() {
        for suffix in HOST_SUFFIXES {
            let service = QueueService::open(&format!("HTTPS://stbroker{suffix}")).unwrap();
            service.queue("app-role-failed").unwrap();
        }
    }
}
