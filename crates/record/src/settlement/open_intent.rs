//! Rows of intents that were left open, as settling reads them.

use std::fmt;

use app_roles::{
    ids::{AppRoleId, ObjectId},
    request::Action,
};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A row of a table: a flat JSON object.
pub type Row = Map<String, Value>;

/// The columns of an intent that its audit row does not have.
const OF_THE_INTENT: [&str; 6] =
    ["auditRowKey", "clientRequestId", "intendedAt", "writeUntil", FOUND_AT, WAS_GONE];

/// The column with the moment at which the assignment to remove was read.
pub const FOUND_AT: &str = "foundAt";

/// The column that is true if the assignment to remove did not exist.
pub const WAS_GONE: &str = "wasGone";

/// An intent whose row is still in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenIntent {
    /// The principal: the partition of the row.
    pub principal: ObjectId,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
    /// The change that was intended.
    pub change: Change,
    /// When the row was stored, shortly before the write.
    pub intended_at: OffsetDateTime,
    /// The latest moment at which the write can have reached Microsoft Graph.
    pub write_until: OffsetDateTime,
    /// The key of the audit row for the outcome.
    pub audit_row_key: String,
    /// The key of the intent.
    pub row_key: String,
    row: Row,
}

/// An intended change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It assigns the role.
    Assign,
    /// It removes an assignment.
    Revoke(Removal),
}

/// The assignment that a revocation must remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Graph's id of the assignment.
    pub assignment_id: String,
    /// When the assignment was created, as Graph writes it.
    pub created: Option<String>,
    /// A moment before the write at which the assignment existed, by a read of its id.
    pub found_at: Option<OffsetDateTime>,
    /// Whether the assignment did not exist before the write, by a read of its id.
    pub was_gone: bool,
}

/// A row of an intent that this version cannot read. It is kept, and counts as unsettled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableIntent {
    /// The partition of the row.
    pub partition_key: String,
    /// The key of the row.
    pub row_key: String,
    /// The column that is missing or has an unknown form.
    pub column: &'static str,
    /// When the row was stored, if that can be read.
    pub since: Option<OffsetDateTime>,
}

impl fmt::Display for UnreadableIntent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition_key, row_key, column, .. } = self;
        write!(
            formatter,
            "the intent {partition_key} {row_key} cannot be read: its column {column:?} is missing or \
             has an unknown form"
        )
    }
}

impl OpenIntent {
    /// Reads a row of an intent.
    pub fn read(row: Row) -> Result<Self, UnreadableIntent> {
        let unreadable = |column| UnreadableIntent {
            partition_key: text(&row, "PartitionKey").unwrap_or_default().to_owned(),
            row_key: text(&row, "RowKey").unwrap_or_default().to_owned(),
            column,
            since: ["intendedAt", "Timestamp"]
                .iter()
                .find_map(|one| text(&row, one).and_then(moment)),
        };
        let string = |column| text(&row, column).ok_or_else(|| unreadable(column));
        let object = |column| ObjectId::parse(string(column)?).map_err(|_| unreadable(column));
        let time = |column| moment(string(column)?).ok_or_else(|| unreadable(column));
        let change = match string("action")? {
            verb if verb == Action::Assign.verb() => Change::Assign,
            verb if verb == Action::Revoke.verb() => Change::Revoke(Removal {
                assignment_id: string("assignmentId")?.to_owned(),
                created: text(&row, "createdDateTime").map(str::to_owned),
                found_at: text(&row, FOUND_AT).and_then(moment),
                was_gone: row.get(WAS_GONE).and_then(Value::as_bool).unwrap_or_default(),
            }),
            _ => return Err(unreadable("action")),
        };
        Ok(Self {
            principal: object("PartitionKey")?,
            api: object("apiId")?,
            role: AppRoleId::parse(string("appRoleId")?).map_err(|_| unreadable("appRoleId"))?,
            change,
            intended_at: time("intendedAt")?,
            write_until: time("writeUntil")?,
            audit_row_key: string("auditRowKey")?.to_owned(),
            row_key: string("RowKey")?.to_owned(),
            row,
        })
    }

    /// The removal, if the intent removes this assignment.
    pub(super) fn removal_of(&self, assignment_id: &str) -> Option<&Removal> {
        match &self.change {
            Change::Revoke(removal) if removal.assignment_id == assignment_id => Some(removal),
            _ => None,
        }
    }

    /// The intended action.
    #[must_use]
    pub fn action(&self) -> Action {
        match self.change {
            Change::Assign => Action::Assign,
            Change::Revoke(_) => Action::Revoke,
        }
    }

    /// A column of the row that is a text.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&str> {
        text(&self.row, column)
    }

    /// A moment before which the invocation had read nothing: its start or, if the row lacks that, the time
    /// of the row.
    #[must_use]
    pub fn began(&self) -> OffsetDateTime {
        self.text("startedAt").and_then(moment).unwrap_or(self.intended_at).min(self.intended_at)
    }

    /// The row without its keys and without what only an intent has.
    #[must_use]
    pub fn audit_columns(&self) -> Row {
        let is_of_the_table = |column: &str| {
            matches!(column, "PartitionKey" | "RowKey" | "Timestamp")
                || column.starts_with("odata.")
        };
        let is_kept = |column: &str| {
            // A name such as "intendedAt@odata.type" gives the type of a column.
            let column = column.split('@').next().unwrap_or_default();
            !is_of_the_table(column) && !OF_THE_INTENT.contains(&column)
        };
        let columns = self.row.iter().filter(|(column, _)| is_kept(column));
        columns.map(|(column, value)| (column.clone(), value.clone())).collect()
    }
}

/// A column that is a text.
pub(super) fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column)?.as_str()
}

/// A time as the table and Microsoft Graph write it (RFC 3339).
pub(super) fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
