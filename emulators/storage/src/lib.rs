#![doc = include_str!("../README.md")]

mod account;
mod azurite;
mod proxy;
mod queue;
mod shared_key;
mod storage_error;
mod table;

pub use account::{Account, AccountError};
pub use azurite::{Azurite, AzuriteError};
pub use proxy::{StorageProxy, Trouble};
pub use queue::{Queue, QueueMessage};
pub use storage_error::StorageError;
pub use table::{Entity, EntityValue, Table};
