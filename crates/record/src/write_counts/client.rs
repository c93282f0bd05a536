//! Counting in the table.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use app_roles::{policy::WriteLimit, requester::Requester};
use azure_rest::{
    retry::Deadline,
    tables::{Change, TableError, Tables},
};
use memory_cache::KeyedLock;
use serde_json::Value;
use time::OffsetDateTime;

use super::{
    columns::{CountKey, WRITE_COUNT_TABLE},
    count::{Demand, OverLimit, WriteCount},
};

/// How often a count is tried again while other instances change the same row. In each round, one of them
/// succeeds.
const MOST_ROUNDS: u32 = 100;

/// The counts of writes, in the table service.
pub struct WriteCounts {
    tables: Tables,
    /// Makes the calls of this process for the same row wait for each other.
    rows: KeyedLock<CountKey>,
    /// Requests whose writes were all made. They are settled together with the next count of the row, so
    /// that they need no call of their own. If there is none, they count as if settled.
    finished: Mutex<HashMap<CountKey, Vec<(String, u32)>>>,
}

/// Why writes could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum WriteCountsError {
    /// The table did not answer, or refused.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The row cannot be read, so the earlier writes are unknown.
    #[error(
        "the row of {0} and rule {1} in table AppRoleWriteCounts cannot be read: a newer version wrote it, \
         or it was changed by hand; delete it to begin at nothing"
    )]
    Unreadable(String, String),
    /// Other instances kept changing the same row.
    #[error("other instances kept changing the same row of table AppRoleWriteCounts")]
    Contended,
}

/// A count, and the version of its row.
struct Stored {
    count: WriteCount,
    /// Its version. `None` if there is no row.
    etag: Option<String>,
}

impl WriteCounts {
    /// The counts in this table service.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        Self { tables, rows: KeyedLock::default(), finished: Mutex::default() }
    }

    /// Counts the writes of a request before they are sent. After `Ok(Ok(()))`, the count is durable. If the
    /// limit does not allow them, nothing is counted.
    pub async fn take(
        &self,
        requester: &Requester,
        limit: &WriteLimit,
        demand: Demand<'_>,
        deadline: Deadline,
    ) -> Result<Result<(), OverLimit>, WriteCountsError> {
        let key = CountKey::new(requester, limit);
        let Some(_row) = self.rows.lock_before(key.clone(), deadline.moment()).await else {
            return Err(WriteCountsError::Contended);
        };
        let finished = self.finished().remove(&key).unwrap_or_default();
        self.change(&key, limit.rule(), deadline, |count| {
            for (request, made) in &finished {
                count.settle(request, *made);
            }
            count.take(demand, OffsetDateTime::now_utc())
        })
        .await
    }

    /// The answer that [`WriteCounts::take`] would give. Nothing is counted.
    pub async fn would_take(
        &self,
        requester: &Requester,
        limit: &WriteLimit,
        demand: Demand<'_>,
        deadline: Deadline,
    ) -> Result<Result<(), OverLimit>, WriteCountsError> {
        let key = CountKey::new(requester, limit);
        let mut count = self.read(&key, limit.rule(), deadline).await?.count;
        Ok(count.take(demand, OffsetDateTime::now_utc()))
    }

    /// Settles a request after `made` of its counted writes (`demand`) were made. The others no longer
    /// count. The error means that they count for an hour.
    pub async fn settle(
        &self,
        requester: &Requester,
        limit: &WriteLimit,
        (demand, made): (Demand<'_>, u32),
        deadline: Deadline,
    ) -> Result<(), WriteCountsError> {
        let key = CountKey::new(requester, limit);
        if made >= demand.writes {
            let mut finished = self.finished();
            finished.entry(key).or_default().push((demand.key.to_owned(), made));
            return Ok(());
        }
        let Some(_row) = self.rows.lock_before(key.clone(), deadline.moment()).await else {
            return Err(WriteCountsError::Contended);
        };
        let settled = self.change(&key, limit.rule(), deadline, |count| {
            count.settle(demand.key, made);
            Ok(())
        });
        settled.await.map(|_| ())
    }

    /// Changes a row, unless it stays as it is.
    async fn change(
        &self,
        key: &CountKey,
        rule: &str,
        deadline: Deadline,
        change: impl Fn(&mut WriteCount) -> Result<(), OverLimit>,
    ) -> Result<Result<(), OverLimit>, WriteCountsError> {
        for _ in 0..MOST_ROUNDS {
            let Stored { mut count, etag } = self.read(key, rule, deadline).await?;
            let before = count.clone();
            let outcome = change(&mut count);
            if count == before {
                return Ok(outcome);
            }
            let entity = count.to_entity(key, rule);
            let change = match etag {
                Some(etag) => Change::Replace { entity, etag },
                None => Change::Insert(entity),
            };
            match self.tables.change(WRITE_COUNT_TABLE, &[change], deadline).await {
                Ok(()) => return Ok(outcome),
                Err(TableError::Exists | TableError::Changed | TableError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(WriteCountsError::Contended)
    }

    async fn read(
        &self,
        key: &CountKey,
        rule: &str,
        deadline: Deadline,
    ) -> Result<Stored, WriteCountsError> {
        let keys = (key.requester.as_str(), key.rule_digest.as_str());
        let Some(entity) = self.tables.get(WRITE_COUNT_TABLE, keys, deadline).await? else {
            return Ok(Stored { count: WriteCount::default(), etag: None });
        };
        let etag = entity.get("odata.etag").and_then(Value::as_str).map(str::to_owned);
        let count = WriteCount::of_entity(&entity, OffsetDateTime::now_utc());
        let unreadable =
            || WriteCountsError::Unreadable(key.requester.clone(), format!("{rule:?}"));
        Ok(Stored { count: count.ok_or_else(unreadable)?, etag })
    }

    fn finished(&self) -> MutexGuard<'_, HashMap<CountKey, Vec<(String, u32)>>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
