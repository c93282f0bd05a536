#![doc = include_str!("../README.md")]

mod access;
mod account;
mod azurite;
mod identity_account;
mod managed_identity;
mod proxy;
mod queue;
mod shared_key;
mod storage_error;
mod table;
mod table_proxy;

pub use account::{Account, AccountError};
pub use azurite::{Azurite, AzuriteError, Certificate};
pub use identity_account::IdentityAccount;
pub use managed_identity::ManagedIdentity;
pub use proxy::{StorageProxy, Trouble};
pub use queue::{Queue, QueueMessage};
pub use storage_error::StorageError;
pub use table::{Entity, EntityValue, Table};
pub use table_proxy::{
    ActiveTableRule, TableAnswer, TableFault, TableOperation, TableOperationKind, TableProxy,
    TableRequest, TableRule,
};
