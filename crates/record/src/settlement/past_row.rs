//! Audit rows, as settling reads them.

use app_roles::ids::{AppRoleId, ObjectId};
use time::{Duration, OffsetDateTime};

use super::open_intent::{OpenIntent, Row, moment, text};

/// The last millisecond of the year 9999, since 1970. The key of an audit row begins with the difference to
/// it.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// A key after those of all audit rows of invocations that began at or after a moment.
pub(crate) fn last_key(moment: OffsetDateTime) -> String {
    let milliseconds = moment.unix_timestamp() * 1000 + i64::from(moment.millisecond());
    // The rest of a key begins with a hyphen, which is before the tilde.
    format!("{:015}~", LAST_MILLISECOND - milliseconds)
}

/// The end of the key of a row that was settled.
const SETTLED: &str = "-settled";

/// The key of the row that settles an intent.
pub(super) fn settled_key(intent: &OpenIntent) -> String {
    format!("{}{SETTLED}", intent.audit_row_key)
}

/// What an audit row says. A row that an older version wrote may say less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PastRow {
    pub(super) key: String,
    pub(super) status: String,
    pub(super) api: Option<ObjectId>,
    pub(super) role: Option<AppRoleId>,
    pub(super) assignment_id: Option<String>,
    pub(super) created: Option<OffsetDateTime>,
    /// When its invocation began.
    pub(super) began: Option<OffsetDateTime>,
    /// When its invocation had decided.
    pub(super) finished: Option<OffsetDateTime>,
}

impl From<&Row> for PastRow {
    fn from(row: &Row) -> Self {
        let owned = |column| text(row, column).map(str::to_owned);
        Self {
            key: owned("RowKey").unwrap_or_default(),
            status: owned("status").unwrap_or_default(),
            api: text(row, "apiId").and_then(|id| ObjectId::parse(id).ok()),
            role: text(row, "appRoleId").and_then(|id| AppRoleId::parse(id).ok()),
            assignment_id: owned("assignmentId"),
            created: text(row, "createdDateTime").and_then(moment),
            began: text(row, "startedAt").and_then(moment),
            finished: finished(row),
        }
    }
}

/// When the invocation of a row had decided. `None` if the row does not say.
pub(crate) fn finished(row: &Row) -> Option<OffsetDateTime> {
    let took = row.get("durationMs")?;
    // The table service writes a large type of numbers as text.
    let took = took.as_i64().or_else(|| took.as_str()?.parse().ok())?;
    Some(text(row, "startedAt").and_then(moment)? + Duration::milliseconds(took))
}

impl PastRow {
    /// Whether this row states the outcome of an intent with certainty. `unknown` was the answer to a
    /// caller that could not wait, and behind `failed` there may be a refusal that hid a success.
    pub(super) fn is_outcome_of(&self, intent: &OpenIntent) -> bool {
        let is_certain = !["unknown", "failed"].contains(&self.status.as_str());
        self.key == settled_key(intent) || (self.key == intent.audit_row_key && is_certain)
    }
}
