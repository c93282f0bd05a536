//! Finds the changes in Entra's audit log that the broker's record does not explain.

use std::collections::{BTreeMap, BTreeSet};

use app_roles::{
    ids::{AppRoleId, ObjectId},
    request::Action,
};
use microsoft_graph::directory_audits::DirectoryAudit;
use time::{Duration, OffsetDateTime};

use crate::broker_record::Row;

/// How far the clocks of Entra and of the broker may differ. The alert on unexplained assignments allows
/// the same.
const CLOCKS_DIFFER_BY: Duration = Duration::minutes(10);

/// The statuses of rows whose request has written, or may have.
const WRITTEN: [&str; 3] = ["assigned", "revoked", "unknown"];

/// A change: what was done, to whom, with which role of which API.
type Change = (&'static str, ObjectId, ObjectId, AppRoleId);

/// What the record says about a write, and between which moments it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Explanation {
    change: Change,
    from: OffsetDateTime,
    to: OffsetDateTime,
}

impl Explanation {
    /// Reads a row of the audit table; `None` if it is not about a write.
    fn of_row(row: &Row) -> Option<Self> {
        let status = row.text("status")?;
        if !WRITTEN.contains(&status) || row.is("dryRun") {
            return None;
        }
        let began = row.time("startedAt");
        let ended = began.zip(row.milliseconds("durationMs")).map(|(began, took)| began + took);
        // Graph's own time of an assignment is the best one, and the only one of a row that was settled
        // later.
        let created = row.time("createdDateTime").filter(|_| status == "assigned");
        let [intended, until] = announced(row);
        let moments = [began, ended, created, intended, until];
        Self::between(row, moments.into_iter().flatten())
    }

    /// Reads the row of an intent, which may have been carried out.
    fn of_intent(row: &Row) -> Option<Self> {
        Self::between(row, announced(row).into_iter().flatten())
    }

    fn between(row: &Row, moments: impl Iterator<Item = OffsetDateTime> + Clone) -> Option<Self> {
        let (from, to) = (moments.clone().min()?, moments.max()?);
        Some(Self {
            change: change_of(row)?,
            from: from.checked_sub(CLOCKS_DIFFER_BY)?,
            to: to.checked_add(CLOCKS_DIFFER_BY)?,
        })
    }
}

/// When a write was announced, and the latest time at which it can have been sent.
fn announced(row: &Row) -> [Option<OffsetDateTime>; 2] {
    ["intendedAt", "writeUntil"].map(|name| row.time(name))
}

fn change_of(row: &Row) -> Option<Change> {
    let object = |name| row.text(name).and_then(|text| ObjectId::parse(text).ok());
    let action = match row.text("action")? {
        "assign" => "assign",
        "revoke" => "revoke",
        _ => return None,
    };
    let principal = object("principalId").or_else(|| object("PartitionKey"))?;
    let role = AppRoleId::parse(row.text("appRoleId")?).ok()?;
    Some((action, principal, object("apiId")?, role))
}

/// Reads what the record says about writes, each once. A row `unknown` is followed by a settled one, and its
/// intent stays open until then.
pub(super) fn explanations(rows: &[Row], intents: &[Row]) -> Vec<Explanation> {
    let settled: BTreeSet<_> = rows.iter().filter_map(settled_key).collect();
    let recorded: BTreeSet<_> = rows.iter().map(Row::keys).collect();
    let of_rows = rows.iter().filter(|row| !settled.contains(&row.keys()));
    let of_intents = intents.iter().filter(|row| {
        let key = row.text("auditRowKey").unwrap_or_default();
        !recorded.contains(&(row.keys().0, key))
    });
    let of_rows = of_rows.filter_map(Explanation::of_row);
    of_rows.chain(of_intents.filter_map(Explanation::of_intent)).collect()
}

/// Returns the keys of the row whose outcome a row tells (docs/logging.md).
fn settled_key(row: &Row) -> Option<(&str, &str)> {
    let (partition, key) = row.keys();
    Some((partition, key.strip_suffix("-settled")?))
}

/// Returns the entries that nothing explains. An explanation explains one entry.
pub(super) fn unexplained(
    entries: Vec<DirectoryAudit>,
    explanations: Vec<Explanation>,
) -> Vec<DirectoryAudit> {
    let mut by_change: BTreeMap<_, Vec<Explanation>> = BTreeMap::new();
    for one in explanations {
        by_change.entry(one.change).or_default().push(one);
    }
    let (mut readable, mut left): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.at.is_some() && change_of_entry(entry).is_some());
    readable.sort_by_key(|entry| entry.at);
    for entry in readable {
        let change = change_of_entry(&entry);
        let known = change.and_then(|change| by_change.get_mut(&change));
        if !known.is_some_and(|known| explain(known, entry.at)) {
            left.push(entry);
        }
    }
    left.sort_by_key(|entry| entry.at);
    left
}

/// Uses up an explanation for an entry of this time: of the possible ones, the one that ends first. With
/// entries in the order of time, this explains as many as possible.
fn explain(known: &mut Vec<Explanation>, at: Option<OffsetDateTime>) -> bool {
    let Some(at) = at else { return false };
    let fitting = known.iter().enumerate().filter(|(_, one)| (one.from..=one.to).contains(&at));
    let first = fitting.min_by_key(|(_, one)| one.to).map(|(index, _)| index);
    first.map(|index| known.swap_remove(index)).is_some()
}

fn change_of_entry(entry: &DirectoryAudit) -> Option<Change> {
    let action = match entry.action {
        Action::Assign => "assign",
        Action::Revoke => "revoke",
    };
    Some((action, entry.principal?, entry.api?, entry.role?))
}

#[cfg(test)]
mod tests;
