//! Rows of the tables, and the ids in them.

use app_roles::{
    held::{HeldAssignment, HeldAssignments},
    ids::{AppRoleId, ObjectId},
};
use record::settlement::{OpenIntent, Row};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

pub(crate) const PRINCIPAL: &str = "c0a70500-0000-4000-8000-0000000000a1";
pub(crate) const API: &str = "c0a70500-0000-4000-8000-0000000000b1";
pub(crate) const ROLES: [&str; 2] =
    ["c0a70500-0000-4000-8000-0000000000c1", "c0a70500-0000-4000-8000-0000000000c2"];

/// Second 0 of all histories.
const BEGIN: OffsetDateTime = datetime!(2026-11-26 12:00:00 UTC);

/// A number of seconds after the beginning.
pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    BEGIN + Duration::seconds(seconds)
}

/// The same as a text.
pub(crate) fn text_at(seconds: i64) -> String {
    at(seconds).format(&Rfc3339).unwrap()
}

fn object(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        other => panic!("{other}"),
    }
}

/// A change of a role, which the invocation of this number begins to work on at this second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ours {
    pub(crate) number: usize,
    pub(crate) action: &'static str,
    pub(crate) role: usize,
    pub(crate) second: i64,
}

impl Ours {
    /// The key of the audit row. A newer row has a smaller key.
    pub(crate) fn audit_row_key(self) -> String {
        let milliseconds = at(self.second).unix_timestamp() * 1000;
        format!("{:015}-{}-00", 253_402_300_799_999 - milliseconds, invocation(self.number))
    }

    pub(crate) fn row_key(self) -> String {
        format!("{}-00", invocation(self.number))
    }

    fn known_before(self) -> Value {
        json!({
            "PartitionKey": PRINCIPAL, "invocationId": invocation(self.number), "principalId": PRINCIPAL,
            "apiId": API, "appRoleId": ROLES[self.role], "action": self.action,
            "startedAt": text_at(self.second), "requester": "queue:app-role-requests",
            "requestId": format!("REQ-{}", self.number), "rule": "orders workloads",
        })
    }

    /// The row of the intent, one second after the beginning, for a write that may last a minute.
    pub(crate) fn intent(self, removal: Option<(&str, i64)>) -> Row {
        let mut row = object(self.known_before());
        row.extend(object(json!({
            "RowKey": self.row_key(), "auditRowKey": self.audit_row_key(),
            "clientRequestId": "0b5c1a52-7f0e-4a50-9d3e-0f6a3f3f9c11",
            "intendedAt": text_at(self.second + 1), "intendedAt@odata.type": "Edm.DateTime",
            "writeUntil": text_at(self.second + 61), "writeUntil@odata.type": "Edm.DateTime",
            "odata.etag": "W/\"datetime'2026'\"", "Timestamp": text_at(self.second + 1),
        })));
        if let Some(removal) = removal {
            row.extend(assignment(removal));
        }
        row
    }

    /// The row of the intent to remove an assignment, whose id was read half a second before.
    pub(crate) fn removal(self, removal: (&str, i64), was_found: bool) -> Row {
        let found_at = at(self.second) + Duration::milliseconds(500);
        let look = match was_found {
            true => json!({ "foundAt": found_at.format(&Rfc3339).unwrap() }),
            false => json!({ "wasGone": true }),
        };
        let mut row = self.intent(Some(removal));
        row.extend(object(look));
        row
    }

    /// An audit row.
    pub(crate) fn outcome(self, status: &str, about: Option<(&str, i64)>) -> Row {
        let mut row = object(self.known_before());
        row.extend(object(json!({ "RowKey": self.audit_row_key(), "status": status })));
        row.extend(about.into_iter().flat_map(assignment));
        row
    }
}

fn assignment((id, created): (&str, i64)) -> Row {
    object(json!({ "assignmentId": id, "createdDateTime": text_at(created) }))
}

pub(crate) fn invocation(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// What a principal holds: ids of assignments of roles, and when they were created.
pub(crate) fn held<'a>(
    assignments: impl IntoIterator<Item = (usize, &'a str, i64)>,
) -> HeldAssignments {
    let rows = assignments.into_iter().map(|(role, id, created)| HeldAssignment {
        id: Some(id.to_owned()),
        api: ObjectId::parse(API).ok(),
        role: AppRoleId::parse(ROLES[role]).ok(),
        created: Some(text_at(created)),
    });
    rows.collect()
}

pub(crate) fn read(rows: &[Row]) -> Vec<OpenIntent> {
    rows.iter().map(|row| OpenIntent::read(row.clone()).unwrap()).collect()
}
