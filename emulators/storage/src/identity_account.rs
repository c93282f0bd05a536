//! A storage account that is used with the tokens of a managed identity.

use std::sync::Arc;

use url::Url;

use crate::{
    access::Access,
    managed_identity::ManagedIdentity,
    queue::{self, Queue},
    storage_error::StorageError,
    table::Table,
};

/// A storage account that is used with the tokens of a managed identity. Cloning it is cheap.
///
/// The Functions host uses one for an identity-based connection ("Azure Functions developer guide").
#[derive(Clone, Debug)]
pub struct IdentityAccount {
    queues: Option<Url>,
    tables: Option<Url>,
    identity: Arc<ManagedIdentity>,
    http: reqwest::Client,
}

impl IdentityAccount {
    /// An account with these services, whose certificates are from one of these authorities, in PEM.
    ///
    /// # Errors
    ///
    /// If the authorities are not in PEM, or the HTTP client cannot be built.
    pub fn new(
        queues: Option<Url>,
        tables: Option<Url>,
        identity: ManagedIdentity,
        authorities: &[u8],
    ) -> reqwest::Result<Self> {
        let http = loopback::http_client_builder_trusting(authorities)?.build()?;
        Ok(Self { queues, tables, identity: Arc::new(identity), http })
    }

    /// A queue of this account; `None` if the queue service is not known. It need not exist yet.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<Result<Queue, StorageError>> {
        let retry = queue::retries_of_the_host();
        let options = queue::Options { http: self.http.clone(), retry };
        Some(Queue::new(name, self.queues.as_ref()?, &self.access(), options))
    }

    /// A table of this account; `None` if the table service is not known. It need not exist yet.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<Table> {
        Some(Table::new(name, self.tables.clone()?, self.access(), self.http.clone()))
    }

    fn access(&self) -> Access {
        Access::Identity(self.identity.clone())
    }
}
