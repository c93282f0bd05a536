//! Azure Storage on this machine: Azurite, and the queues in it.
//!
//! [`Azurite`] installs itself on first use and ends with the process that started it. Each test takes
//! its own [`Account`], so that tests which run side by side cannot see each other's messages.

mod account;
mod azurite;
mod installation;
mod queue;

pub use account::{Account, AccountError};
pub use azurite::{Azurite, AzuriteError};
pub use installation::{Installation, InstallationError};
pub use queue::{Queue, QueueError, QueueMessage, UpdateReceipt};
