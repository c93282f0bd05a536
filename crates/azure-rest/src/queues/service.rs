//! The queue service of a connection, and a queue of it.

use azure_core::http::Url;

use crate::shared_key::SharedKey;

/// The queue service of a connection, and how it is reached. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub enum QueueService {
    /// With the broker's identity.
    Identity(Url),
    /// With the account's key.
    Key(Url, SharedKey),
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueAddress {
    /// The name of the connection to its account: the prefix or the name of the app settings.
    pub connection: String,
    /// The name of the queue.
    pub name: String,
}
