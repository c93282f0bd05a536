//! The table of ends.

use std::collections::BTreeMap;

use app_roles::{directory::Assignment, ids::ObjectId};
use azure_rest::{
    retry::Deadline,
    tables::{Change, Entity, MOST_CHANGES, TableError, Tables, literal},
};
use memory_cache::SharedReads;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::{
    end_row::{ENDS_TABLE, EndKey, EndRow},
    origin::origin,
    rules::{BeingEnded, Now, RowChange, Step, next},
};

/// How often a change is tried again while other invocations change the same rows. In each round, one of
/// them succeeds.
const MOST_ROUNDS: u32 = 30;

/// The ends of assignments, in the table service.
pub struct Ends {
    tables: Tables,
    /// How long Graph's lists may lag.
    list_lag: Duration,
    /// Shares reads: repeats of a request arrive together, and each reads the rows of the same principal.
    reads: SharedReads<ObjectId, Result<PrincipalEnds, TableError>>,
}

/// A row as the table has it.
#[derive(Debug, Clone)]
pub struct StoredEnd {
    /// The row.
    pub row: EndRow,
    /// Its version.
    etag: String,
}

/// The rows of a principal. Unreadable ones are left unchanged.
#[derive(Debug, Clone, Default)]
pub struct PrincipalEnds {
    rows: BTreeMap<EndKey, StoredEnd>,
    unreadable: Vec<EndKey>,
}

/// Why the ends of assignments could not be changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EndsError {
    /// The table did not answer, or refused.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The row of a role is unreadable, so its end is unknown.
    #[error(
        "the row {0} of table AppRoleEnds cannot be read: a newer version wrote it, or it was changed \
         by hand"
    )]
    Unreadable(String),
    /// Other invocations kept changing the same rows.
    #[error("other invocations kept changing the same rows of table AppRoleEnds")]
    Contended,
}

/// The result of a step. The error means that the assignment is being removed.
pub type Taken = Result<StepEnd, BeingEnded>;

/// The result of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepEnd {
    /// When the assignment ends. `None` if it does not end.
    pub end: Option<OffsetDateTime>,
    /// Whether the role had a row before, and has none now.
    pub is_dropped: bool,
}

impl PrincipalEnds {
    /// When an assignment that the principal holds ends. `None` if it does not end.
    #[must_use]
    pub fn end_of(&self, principal: ObjectId, held: &Assignment) -> Option<OffsetDateTime> {
        let key = EndKey { principal, api: held.api, role: held.role };
        self.row(key).and_then(|row| row.end_of(held))
    }

    /// The rows with an end that comes by a moment.
    #[must_use]
    pub fn due(&self, moment: OffsetDateTime) -> Vec<StoredEnd> {
        let is_due = |stored: &&StoredEnd| stored.row.due_at().is_some_and(|end| end <= moment);
        self.rows.values().filter(is_due).cloned().collect()
    }

    /// The row of a role.
    #[must_use]
    pub fn row(&self, key: EndKey) -> Option<&EndRow> {
        self.rows.get(&key).map(|stored| &stored.row)
    }
}

impl Ends {
    /// The ends in this table service. Graph's lists may lag for this long.
    #[must_use]
    pub fn new(tables: Tables, list_lag: Duration) -> Self {
        Self { tables, list_lag, reads: SharedReads::default() }
    }

    /// The rows of a principal. Concurrent callers share a read that began after their calls.
    pub async fn of(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<PrincipalEnds, TableError> {
        self.reads.read(principal, async || self.read(principal, deadline).await).await
    }

    async fn read(
        &self,
        principal: ObjectId,
        deadline: Deadline,
    ) -> Result<PrincipalEnds, TableError> {
        let filter = format!("PartitionKey eq {}", literal::text(&principal.to_string()));
        let mut ends = PrincipalEnds::default();
        for entity in self.tables.query(ENDS_TABLE, &filter, deadline).await? {
            match stored(&entity) {
                Some(stored) => {
                    ends.rows.insert(stored.row.key, stored);
                }
                None => ends.unreadable.extend(EndKey::of_entity(&entity).ok()),
            }
        }
        Ok(ends)
    }

    /// The rows of all principals with an end that comes by a moment, in the order of their keys.
    pub async fn ending_by(
        &self,
        moment: OffsetDateTime,
        deadline: Deadline,
    ) -> Result<Vec<StoredEnd>, TableError> {
        let filter = format!("endDateTime le {}", literal::time(moment));
        let entities = self.tables.query(ENDS_TABLE, &filter, deadline).await?;
        Ok(entities.iter().filter_map(stored).collect())
    }

    /// Takes steps about the roles of one principal, and returns the end that results from each. All
    /// changes are durable when this returns.
    ///
    /// Writes with an end need one round trip, unless a role already has a row.
    pub async fn take(
        &self,
        principal: ObjectId,
        steps: &[(EndKey, Step<'_>)],
        deadline: Deadline,
    ) -> Result<Vec<Taken>, EndsError> {
        let is_new = steps.iter().all(|(_, step)| matches!(step, Step::Announced(_)));
        let mut known = is_new.then(PrincipalEnds::default);
        for _ in 0..MOST_ROUNDS {
            let before = match known.take() {
                Some(none) => none,
                None => self.of(principal, deadline).await?,
            };
            let before = self.without_others(before, steps, deadline).await?;
            let now = Now { at: OffsetDateTime::now_utc(), list_lag: self.list_lag };
            let Plan { changes, ends } = plan(&before, steps, now)?;
            match self.change(&changes, deadline).await {
                Ok(()) => return Ok(ends),
                Err(TableError::Exists | TableError::Changed | TableError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EndsError::Contended)
    }

    /// The rows without claims to what other invocations made: see [`Ends::except_others`].
    async fn without_others(
        &self,
        mut before: PrincipalEnds,
        steps: &[(EndKey, Step<'_>)],
        deadline: Deadline,
    ) -> Result<PrincipalEnds, TableError> {
        for (key, step) in steps {
            let (Some(held), Some(stored)) = (step.held(), before.rows.get_mut(key)) else {
                continue;
            };
            self.except_others(&mut stored.row, held, deadline).await?;
        }
        Ok(before)
    }

    /// Excludes an assignment from the claims of writes that did not make it, according to the record. The
    /// time of its creation alone cannot distinguish two writes within seconds of each other.
    pub async fn except_others(
        &self,
        row: &mut EndRow,
        held: &Assignment,
        deadline: Deadline,
    ) -> Result<(), TableError> {
        if row.covers_by_time(held) {
            let origin = origin(&self.tables, row.key.principal, held, deadline).await?;
            row.except_unless_made_by(origin.maker, origin.found, held);
        }
        Ok(())
    }

    /// Announces a removal that will be over by `until`. `false` if the row has changed since it was read:
    /// then nothing may be removed.
    pub async fn begin(
        &self,
        due: &StoredEnd,
        until: OffsetDateTime,
        deadline: Deadline,
    ) -> Result<bool, TableError> {
        let row = EndRow { ending_until: Some(until), ..due.row.clone() };
        self.replace(due, &row, deadline).await
    }

    /// Stores that an end was announced to people. `false` if the row has changed since it was read: then
    /// it may be announced again.
    pub async fn mark_announced(
        &self,
        stored: &StoredEnd,
        end: OffsetDateTime,
        deadline: Deadline,
    ) -> Result<bool, TableError> {
        let row = EndRow { announced_end: Some(end), ..stored.row.clone() };
        self.replace(stored, &row, deadline).await
    }

    /// Replaces a row that was read. `false` if others have changed it since.
    async fn replace(
        &self,
        stored: &StoredEnd,
        row: &EndRow,
        deadline: Deadline,
    ) -> Result<bool, TableError> {
        let change = Change::Replace { entity: row.to_entity(), etag: stored.etag.clone() };
        match self.tables.change(ENDS_TABLE, &[change], deadline).await {
            Ok(()) => Ok(true),
            // If the answer was lost, the row differs because this call replaced it.
            Err(TableError::Changed) => self.has(row, deadline).await,
            Err(TableError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the table has exactly this row.
    async fn has(&self, row: &EndRow, deadline: Deadline) -> Result<bool, TableError> {
        let stored = self.of(row.key.principal, deadline).await?;
        let stored = stored.row(row.key);
        Ok(stored.is_some_and(|stored| stored.to_entity() == row.to_entity()))
    }

    /// Deletes a row that was read, unless it was changed since.
    pub async fn forget(&self, stored: &StoredEnd, deadline: Deadline) -> Result<(), TableError> {
        let change = deletion(stored);
        match self.tables.change(ENDS_TABLE, &[change], deadline).await {
            Ok(()) | Err(TableError::Changed | TableError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Changes that do not fit into one transaction follow the others. This is safe, because each step can
    /// be repeated.
    async fn change(&self, changes: &[Change], deadline: Deadline) -> Result<(), TableError> {
        for changes in changes.chunks(MOST_CHANGES) {
            self.tables.change(ENDS_TABLE, changes, deadline).await?;
        }
        Ok(())
    }
}

/// The result of several steps.
struct Plan {
    changes: Vec<Change>,
    ends: Vec<Taken>,
}

/// Takes the steps one after another, because two may be about the same role.
fn plan(before: &PrincipalEnds, steps: &[(EndKey, Step<'_>)], now: Now) -> Result<Plan, EndsError> {
    let mut rows: BTreeMap<EndKey, Option<EndRow>> = BTreeMap::new();
    let mut ends = Vec::with_capacity(steps.len());
    for (key, step) in steps {
        if before.unreadable.contains(key) {
            match step {
                // Such a step would promise an end that nothing enforces.
                Step::Announced(_) | Step::Found(_, Some(_)) | Step::Existed(_, Some(_)) => {
                    return Err(EndsError::Unreadable(key.row_key()));
                }
                _ => {
                    ends.push(Ok(StepEnd::default()));
                    continue;
                }
            }
        }
        let row = rows.entry(*key).or_insert_with(|| before.row(*key).cloned());
        let next = next(*key, row.as_ref(), step, now);
        let is_dropped = next.row == RowChange::Remove;
        match next.row {
            RowChange::Keep => {}
            RowChange::Put(changed) => *row = Some(*changed),
            RowChange::Remove => *row = None,
        }
        ends.push(next.end.map(|end| StepEnd { end, is_dropped }));
    }
    let changes = rows.iter().filter_map(|(key, row)| change(before, *key, row.as_ref()));
    Ok(Plan { changes: changes.collect(), ends })
}

/// The change that makes `row` out of the row that was read.
fn change(before: &PrincipalEnds, key: EndKey, row: Option<&EndRow>) -> Option<Change> {
    match (before.rows.get(&key), row) {
        (None, None) => None,
        (None, Some(row)) => Some(Change::Insert(row.to_entity())),
        (Some(stored), Some(row)) if stored.row == *row => None,
        (Some(stored), Some(row)) => {
            Some(Change::Replace { entity: row.to_entity(), etag: stored.etag.clone() })
        }
        (Some(stored), None) => Some(deletion(stored)),
    }
}

fn deletion(StoredEnd { row: EndRow { key, .. }, etag }: &StoredEnd) -> Change {
    Change::Delete {
        partition_key: key.principal.to_string(),
        row_key: key.row_key(),
        etag: Some(etag.clone()),
    }
}

/// A row, if it can be read. Otherwise it is logged and kept.
fn stored(entity: &Entity) -> Option<StoredEnd> {
    let etag = entity.get("odata.etag").and_then(Value::as_str).unwrap_or_default().to_owned();
    match EndRow::of_entity(entity) {
        Ok(row) => Some(StoredEnd { row, etag }),
        Err(unreadable) => {
            let text = |name| entity.get(name).and_then(Value::as_str);
            tracing::error!(
                event = "end.unreadable",
                partition_key = text("PartitionKey"),
                row_key = text("RowKey"),
                "a row of the table of ends is kept and not acted on: {unreadable}"
            );
            None
        }
    }
}
