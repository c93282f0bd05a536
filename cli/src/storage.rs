//! Queues and tables of a storage account, with the operator's permissions or with an account key.

mod account;
mod connection_string;
mod queue;
mod table;

pub use account::{Account, AccountError};
pub use connection_string::{ConnectionStringError, Permissions};
pub use queue::{Queue, QueueError, QueueMessage};
pub use table::{Table, TableError};
