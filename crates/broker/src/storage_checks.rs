//! Whether the audit table and the queues can be reached.

use azure_rest::{
    queues::QueueAddress,
    retry::Deadline,
    storage::{Presence, Storage},
};
use memory_cache::TimedCache;
use record::record::AUDIT_TABLE;

use crate::{check::Check, timing::Timing};

/// A queue that the app needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchedQueue {
    /// Where it is.
    pub address: QueueAddress,
    /// Whether the host creates it with the first message. A queue that the host listens to must exist.
    pub is_created_on_demand: bool,
}

/// Checks that the audit table and the queues can be reached.
pub(crate) struct StorageChecks {
    storage: Option<Storage>,
    timing: Timing,
    table: LastResult,
    queues: LastResult,
}

/// The last result of a check. A failure is remembered for [`Timing::storage_failure`], other results for
/// [`Timing::health_memory`].
struct LastResult(TimedCache<(), Check>);

impl LastResult {
    fn none() -> Self {
        Self(TimedCache::new(1))
    }

    /// Returns the remembered result, or makes the check. Concurrent callers wait for one check.
    async fn or_check(&self, timing: &Timing, check: impl AsyncFnOnce() -> Check) -> Check {
        let max_age = match self.0.get(&(), timing.health_memory) {
            Some(Check::Failed) => timing.storage_failure,
            _ => timing.health_memory,
        };
        self.0.get_or_fetch(&(), max_age, check).await
    }
}

impl StorageChecks {
    /// Checks of this storage. Without storage, nothing is checked.
    pub(crate) fn new(storage: Option<Storage>, timing: Timing) -> Self {
        let (table, queues) = (LastResult::none(), LastResult::none());
        Self { storage, timing, table, queues }
    }

    /// Whether the audit table can be reached. A missing table is fine: the broker creates it with its
    /// first row.
    pub(crate) async fn table(&self) -> Check {
        let find = async || {
            let Some(storage) = &self.storage else { return Check::NotChecked };
            match storage.table(AUDIT_TABLE, self.deadline()).await {
                Ok(_) => Check::Ok,
                Err(error) => Check::failed("table", &error),
            }
        };
        self.table.or_check(&self.timing, find).await
    }

    /// Whether all queues that must exist do.
    pub(crate) async fn queues(&self, queues: &[WatchedQueue]) -> Check {
        let find = async || {
            let Some(storage) = &self.storage else { return Check::NotChecked };
            let mut all = Check::NotChecked;
            for queue in queues {
                match self.queue(storage, queue).await {
                    Check::Failed => return Check::Failed,
                    Check::Ok => all = Check::Ok,
                    Check::NotChecked => {}
                }
            }
            all
        };
        self.queues.or_check(&self.timing, find).await
    }

    async fn queue(&self, storage: &Storage, queue: &WatchedQueue) -> Check {
        let WatchedQueue { address, is_created_on_demand } = queue;
        match storage.queue(address, self.deadline()).await {
            None => Check::NotChecked,
            Some(Ok(Presence::Missing)) if !is_created_on_demand => {
                let QueueAddress { connection, name } = address;
                let problem = format!("there is no queue {name} in {connection}; create it");
                Check::failed("queues", &problem)
            }
            Some(Ok(_)) => Check::Ok,
            Some(Err(error)) => Check::failed("queues", &error),
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.timing.health_check)
    }
}
