//! The requests behind the assignments that exist, from the broker's audit table.

use std::collections::{HashMap, HashSet};

use app_roles::ids::{AppRoleId, ObjectId};
use record::ends::EndKey;
use time::{Duration, OffsetDateTime};

use super::document::RecordedRequest;
use crate::{
    broker_record::{RecordTables, Row},
    failure::Failure,
    inventory::InventoryAssignment,
    output::Progress,
    storage::{TableError, filter},
};

/// The status of a row about an assignment that the broker created.
const ASSIGNED: &str = "assigned";

/// The columns that are read. A row has twice as many.
const COLUMNS: [&str; 12] = [
    "PartitionKey",
    "RowKey",
    "Timestamp",
    "apiId",
    "appRoleId",
    "approvedBy",
    "assignmentId",
    "reason",
    "requestId",
    "requester",
    "rule",
    "startedAt",
];

/// The value of `approvedBy` if the rule needs no approval.
const BY_POLICY: &str = "policy";

/// The largest difference between this machine's, the broker's and Microsoft Graph's clocks.
const CLOCK_SKEW: Duration = Duration::seconds(5);

/// The rows about assignments, newest first for each role of a principal.
#[derive(Debug, Default)]
pub(super) struct History {
    rows: HashMap<EndKey, Vec<AssignedRow>>,
    unreadable: usize,
}

/// A row about an assignment that the broker created.
#[derive(Debug)]
struct AssignedRow {
    key: String,
    assignment_id: Option<String>,
    /// Between which moments the write was sent. `None` if the row does not say it.
    written: Option<(OffsetDateTime, OffsetDateTime)>,
    request: RecordedRequest,
}

/// The principal, the API and the role of an assignment.
pub(super) fn key_of(held: &InventoryAssignment) -> EndKey {
    EndKey { principal: held.principal, api: held.api, role: held.role }
}

impl History {
    /// Reads the rows about the assignments that exist.
    pub(super) async fn read(
        tables: &RecordTables,
        held: &[InventoryAssignment],
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let held: HashSet<_> = held.iter().map(key_of).collect();
        let (mut history, mut count) = (Self::default(), 0);
        let table = tables.audit();
        let mut pages = table.pages(&filter::text("status", "eq", ASSIGNED)).of_columns(&COLUMNS);
        loop {
            match pages.next().await {
                Ok(Some(page)) => {
                    count += page.entities.len();
                    progress.say(&format!("{count} rows of the record …"));
                    page.entities.into_iter().for_each(|one| history.add(&Row::from(one), &held));
                }
                Ok(None) => return Ok(history.sorted()),
                // The broker creates the table with its first row.
                Err(TableError::NotFound(_)) => return Ok(Self::default()),
                Err(error) => return Err(Failure::from(&error)),
            }
        }
    }

    /// Adds a row, if it is about one of these roles.
    fn add(&mut self, row: &Row, held: &HashSet<EndKey>) {
        match key_of_row(row) {
            Some(key) if held.contains(&key) => {
                self.rows.entry(key).or_default().push(AssignedRow::from(row));
            }
            Some(_) => {}
            None => self.unreadable += 1,
        }
    }

    fn sorted(mut self) -> Self {
        // The keys begin with an inverted time.
        self.rows.values_mut().for_each(|rows| rows.sort_by(|one, other| one.key.cmp(&other.key)));
        self
    }

    /// The newest request that led to an assignment. `None` if others made it.
    pub(super) fn request_of(&self, held: &InventoryAssignment) -> Option<&RecordedRequest> {
        let mut rows = self.rows.get(&key_of(held))?.iter();
        rows.find(|row| row.is_about(held)).map(|row| &row.request)
    }

    /// Says how many rows cannot be read; `None` if all can.
    pub(super) fn unreadable(&self) -> Option<String> {
        let count = self.unreadable;
        (count > 0).then(|| {
            format!(
                "some requests may be missing, because rows of the audit table cannot be read: {count}"
            )
        })
    }
}

fn key_of_row(row: &Row) -> Option<EndKey> {
    // The partition is the principal.
    let principal = ObjectId::parse(row.keys().0).ok()?;
    let api = ObjectId::parse(row.text("apiId")?).ok()?;
    let role = AppRoleId::parse(row.text("appRoleId")?).ok()?;
    Some(EndKey { principal, api, role })
}

impl From<&Row> for AssignedRow {
    fn from(row: &Row) -> Self {
        let text = |name: &str| row.text(name).map(str::to_owned);
        let approvers = row.text("approvedBy").filter(|by| *by != BY_POLICY);
        Self {
            key: row.keys().1.to_owned(),
            assignment_id: text("assignmentId"),
            written: row.time("startedAt").zip(row.stored()),
            request: RecordedRequest {
                requester: text("requester"),
                reason: text("reason"),
                request_id: text("requestId"),
                approved_by: approvers
                    .map(|by| by.split(", ").map(str::to_owned).collect())
                    .unwrap_or_default(),
                recorded_rule: text("rule"),
            },
        }
    }
}

impl AssignedRow {
    /// Whether the row is about this assignment: it names its ID, or the assignment was created while the
    /// broker worked on the request.
    fn is_about(&self, held: &InventoryAssignment) -> bool {
        if let (Some(own), Some(id)) = (&self.assignment_id, &held.id) {
            return own == id;
        }
        let (Some((from, until)), Some(created)) = (self.written, held.created) else {
            return false;
        };
        (from - CLOCK_SKEW..=until + CLOCK_SKEW).contains(&created)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    const PRINCIPAL: &str = "c0a70500-0000-4000-8000-0000000000c0";
    const API: &str = "c0a70500-0000-4000-8000-0000000000b0";
    const ROLE: &str = "c0a70500-0000-4000-8000-0000000000b2";

    fn held(id: Option<&str>, created: Option<OffsetDateTime>) -> InventoryAssignment {
        InventoryAssignment {
            id: id.map(str::to_owned),
            principal: ObjectId::parse(PRINCIPAL).unwrap(),
            api: ObjectId::parse(API).unwrap(),
            role: AppRoleId::parse(ROLE).unwrap(),
            created,
        }
    }

    fn row(key: &str, more: &Value) -> Row {
        let row = json!({
            "PartitionKey": PRINCIPAL, "RowKey": key, "apiId": API, "appRoleId": ROLE,
            "requester": key, "approvedBy": "policy", "startedAt": "2026-08-20T10:00:00Z",
            "Timestamp": "2026-08-20T10:00:02Z",
        });
        let Value::Object(mut row) = row else { panic!() };
        row.extend(more.as_object().unwrap().clone());
        Row::from(row)
    }

    /// The requester of the row that is found for an assignment.
    fn found(rows: &[Row], held: &InventoryAssignment) -> Option<String> {
        let mut history = History::default();
        let keys = HashSet::from([key_of(held)]);
        rows.iter().for_each(|row| history.add(row, &keys));
        history.sorted().request_of(held)?.requester.clone()
    }

    #[test]
    fn a_row_is_about_the_assignment_that_it_names_or_that_was_created_in_its_time() {
        let in_time = Some(datetime!(2026-08-20 10:00:01 UTC));
        let named = json!({ "assignmentId": "a" });
        for (more, held, is_found) in [
            (&named, held(Some("a"), None), true),
            (&named, held(Some("b"), in_time), false),
            (&named, held(Some("A"), in_time), false),
            (&named, held(None, in_time), true),
            (&json!({}), held(Some("a"), in_time), true),
            (&json!({}), held(Some("a"), Some(datetime!(2026-08-20 09:59:55 UTC))), true),
            (&json!({}), held(Some("a"), Some(datetime!(2026-08-20 10:00:07 UTC))), true),
            (&json!({}), held(Some("a"), Some(datetime!(2026-08-20 09:59:54 UTC))), false),
            (&json!({}), held(Some("a"), Some(datetime!(2026-08-20 10:00:08 UTC))), false),
            (&json!({}), held(Some("a"), None), false),
            (&json!({ "startedAt": "soon" }), held(Some("a"), in_time), false),
        ] {
            let found = found(&[row("1", more)], &held);
            assert_eq!(found.is_some(), is_found, "{more} {held:?}");
        }
    }

    #[test]
    fn of_several_rows_the_newest_that_fits_counts() {
        let rows = [
            row("3", &json!({ "assignmentId": "a" })),
            row("1", &json!({ "assignmentId": "b" })),
            row("2", &json!({ "assignmentId": "a" })),
        ];
        assert_eq!(found(&rows, &held(Some("a"), None)).as_deref(), Some("2"));
        assert_eq!(found(&rows, &held(Some("b"), None)).as_deref(), Some("1"));
        assert_eq!(found(&rows, &held(Some("c"), None)), None);
    }

    #[test]
    fn each_approver_is_named_and_none_if_the_policy_sufficed() {
        for (text, expected) in [
            (json!("policy"), vec![]),
            (Value::Null, vec![]),
            (json!("http:1"), vec!["http:1"]),
            (json!("http:1, http:2"), vec!["http:1", "http:2"]),
        ] {
            let row = AssignedRow::from(&row("1", &json!({ "approvedBy": text })));
            assert_eq!(row.request.approved_by, expected);
        }
    }

    #[test]
    fn rows_that_name_no_role_are_counted() {
        let mut history = History::default();
        assert_eq!(history.unreadable(), None);
        for more in [json!({ "apiId": 5 }), json!({ "PartitionKey": "unresolved" })] {
            history.add(&row("1", &more), &HashSet::new());
        }
        assert!(history.unreadable().unwrap().ends_with(": 2"));
    }
}
