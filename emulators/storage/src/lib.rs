//! Azure Storage on this machine: Azurite, and the queues and tables in it.
//!
//! [`Azurite`] installs itself on first use and ends with the process that started it. Each test takes
//! its own [`Account`], so that tests which run side by side cannot see each other's messages. A
//! [`StorageProxy`] in between makes the service hard to reach.

mod account;
mod azurite;
mod installation;
pub mod ports;
mod proxy;
mod queue;
mod table;

pub use account::{Account, AccountError};
pub use azurite::{Azurite, AzuriteError};
pub use installation::{Installation, InstallationError};
pub use proxy::{StorageProxy, Trouble};
pub use queue::{Queue, QueueError, QueueMessage, UpdateReceipt};
pub use table::{Entity, EntityValue, Table, TableError, TableOperation};

/// Makes rustls usable. reqwest is built without a TLS provider, and panics if it finds none, even if
/// no connection ever needs TLS.
pub fn install_crypto_provider() {
    // An error says that a provider is there already, which is all that is wanted.
    drop(rustls::crypto::ring::default_provider().install_default());
}
