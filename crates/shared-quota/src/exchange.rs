//! The task that exchanges rows with storage.

use crate::{
    instance::InstanceShare,
    row::{Row, StoredRow},
    transaction::Transaction,
};

/// Where instances store their rows. Each call is one transaction, which is not repeated.
pub trait RowStore {
    /// Why a transaction failed, for operators.
    type Error: Send;

    /// Stores the row of this instance in place of the one that it has stored before.
    fn store(&mut self, row: &Row) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Reads the rows of all instances.
    fn read(&mut self) -> impl Future<Output = Result<Vec<StoredRow>, Self::Error>> + Send;

    /// Deletes the rows of instances that ended long ago. It does not matter whether that succeeds.
    fn delete(&mut self, instances: Vec<String>) -> impl Future<Output = ()> + Send;

    /// Notes that exchanges fail, and that this instance is limited to a small part of the quota.
    fn is_away(&mut self, error: Self::Error);

    /// Exchanges succeed again.
    fn is_back(&mut self);
}

/// Exchanges rows whenever writes make it necessary. Never ends.
pub async fn exchange_rows(share: &InstanceShare, store: &mut impl RowStore) {
    loop {
        let mut next = Some(share.next_exchange().await);
        while let Some(transaction) = next {
            let result = match transaction {
                Transaction::Store(row) => store.store(&row).await.map(|()| share.stored()),
                Transaction::Read => store.read().await.map(|rows| share.seen(rows)),
            };
            next = match result {
                Ok(next) => {
                    store.is_back();
                    next
                }
                Err(error) => {
                    share.failed();
                    store.is_away(error);
                    None
                }
            };
        }
        let outdated = share.outdated();
        if !outdated.is_empty() {
            store.delete(outdated).await;
        }
    }
}
