//! Queues and tables of a storage account, with the operator's permissions or with an account key.

mod account;
pub mod filter;
mod queue;
mod sdk_error;
mod shared_access;
mod table;

pub use account::{Account, AccountError};
pub use queue::{MAX_MESSAGES, Queue, QueueError, QueueMessage};
pub use shared_access::Permissions;
pub use table::{Page, Pages, Table, TableError};
