//! Azure Storage: checks whether a table or a queue exists and can be read.

pub use crate::presence::Presence;
use crate::{
    call_error::CallError,
    queues::{QueueAddress, Queues},
    retry::Deadline,
    tables::Tables,
};

/// The scope of tokens for Azure Storage, for all accounts and clouds ("Authorize with Microsoft Entra
/// ID").
pub const STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// Checks of the storage services of a function app.
pub struct Storage {
    queues: Queues,
    tables: Tables,
}

impl Storage {
    /// Checks of these tables, and of queues of these services.
    #[must_use]
    pub fn new(queues: Queues, tables: Tables) -> Self {
        Self { queues, tables }
    }

    /// Checks a table.
    pub async fn table(&self, name: &str, deadline: Deadline) -> Result<Presence, CallError> {
        self.tables.presence(name, deadline).await
    }

    /// Checks a queue; `None` if its connection is not among those that are checked.
    pub async fn queue(
        &self,
        address: &QueueAddress,
        deadline: Deadline,
    ) -> Option<Result<Presence, CallError>> {
        self.queues.presence(address, deadline).await
    }
}
