//! The ends of assignments that the broker made.

use std::collections::BTreeMap;

use app_roles::{directory::Assignment, ids::ObjectId};
use broker::{TOKEN_CACHE, rfc3339, timing::Timing};
use record::ends::{EndKey, EndRow};
use serde::Serialize;
use time::OffsetDateTime;

use super::{account::RecordTables, row::Row};
use crate::{failure::Failure, output::Screen, storage::filter, timestamps::to_the_second};

/// Rows of the table of ends, as far as they can be read.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    rows: BTreeMap<EndKey, EndRow>,
    unreadable: usize,
}

/// When an assignment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End(OffsetDateTime);

/// When an assignment ends, and until when tokens may still carry the role, in JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownEnd {
    pub(crate) end_date_time: String,
    pub(crate) tokens_until: String,
}

impl Ends {
    /// Reads the rows about the roles that a principal holds.
    pub(crate) async fn of_principal(
        tables: Option<&RecordTables>,
        principal: ObjectId,
    ) -> Result<Self, Failure> {
        Self::read(tables, &filter::text("PartitionKey", "eq", &principal.to_string())).await
    }

    /// Reads the rows about the roles of an API.
    pub(crate) async fn of_api(
        tables: Option<&RecordTables>,
        api: ObjectId,
    ) -> Result<Self, Failure> {
        // The character after the underscore is the grave accent.
        let from = filter::text("RowKey", "ge", &format!("{api}_"));
        let below = filter::text("RowKey", "lt", &format!("{api}`"));
        Self::read(tables, &filter::all([from, below])).await
    }

    /// Reads all rows.
    pub(crate) async fn all(tables: Option<&RecordTables>) -> Result<Self, Failure> {
        Self::read(tables, "").await
    }

    async fn read(tables: Option<&RecordTables>, filter: &str) -> Result<Self, Failure> {
        let Some(tables) = tables else { return Ok(Self::default()) };
        let mut ends = Self::default();
        for row in tables.ends(filter).await? {
            match EndRow::of_entity(row.entity()) {
                Ok(row) => drop(ends.rows.insert(row.key, row)),
                Err(_) => ends.unreadable += 1,
            }
        }
        Ok(ends)
    }

    /// Returns when an assignment that a principal holds ends; `None` if it does not end, because it was
    /// made without an end or not by the broker.
    pub(crate) fn end_of(&self, principal: ObjectId, held: &Assignment) -> Option<End> {
        let key = EndKey { principal, api: held.api, role: held.role };
        self.rows.get(&key)?.end_of(held).map(End)
    }

    /// Returns the roles, with their principals, whose end was late at a moment.
    pub(crate) fn late(&self, now: OffsetDateTime) -> impl Iterator<Item = EndKey> {
        let is_late = move |row: &&EndRow| row.due_at().is_some_and(|due| End(due).is_late(now));
        self.rows.values().filter(is_late).map(|row| row.key)
    }

    /// Says how many rows cannot be read, if there are any.
    pub(crate) fn note_unreadable(&self, screen: Screen) {
        if let Some(sentence) = self.unreadable() {
            screen.note(sentence);
        }
    }

    /// Says how many rows cannot be read; `None` if all can.
    pub(crate) fn unreadable(&self) -> Option<String> {
        let count = self.unreadable;
        (count > 0).then(|| {
            format!(
                "some ends may be missing, because rows of the table of ends cannot be read: {count}"
            )
        })
    }
}

impl End {
    /// The moment.
    pub(crate) fn at(self) -> OffsetDateTime {
        self.0
    }

    /// Returns whether the end is so late that the broker logs an error.
    pub(crate) fn is_late(self, now: OffsetDateTime) -> bool {
        now > self.0 + Timing::default().end_late
    }

    /// Formats the end for people.
    pub(crate) fn cell(self) -> String {
        to_the_second(self.0)
    }

    /// Formats the time until when tokens may carry the role for people.
    pub(crate) fn tokens_cell(self) -> String {
        to_the_second(self.0 + TOKEN_CACHE)
    }

    /// The end in JSON.
    pub(crate) fn shown(self) -> ShownEnd {
        ShownEnd { end_date_time: rfc3339(self.0), tokens_until: rfc3339(self.0 + TOKEN_CACHE) }
    }
}

impl Row {
    /// Returns the end of a row of the table of ends: that of the first claim to end.
    pub(crate) fn end(&self) -> Option<End> {
        self.time("endDateTime").map(End)
    }
}
