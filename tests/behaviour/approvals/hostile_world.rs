//! Attacks on approvals: how attackers change rows, and what must remain unchanged.

use serde_json::{Value, json};
use storage_emulator::{Entity, EntityValue};
use tenant_emulator::Route;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    approvals::approval_world::{APPROVALS, FINISH, write_request},
    record::intents::{AUDIT, text},
    world::World,
};

/// A request that needs two approvals, with its own request id.
pub(crate) fn write_request_named(attack: &str) -> Value {
    let mut request = write_request();
    request["requestId"] = json!(attack.replace(' ', "-"));
    request
}

/// A time from now, as the tables have it.
pub(crate) fn in_time(from_now: Duration) -> String {
    (OffsetDateTime::now_utc() + from_now).format(&Rfc3339).unwrap()
}

/// Sets a text.
pub(crate) fn set(row: &mut Entity, column: &str, text: &str) {
    row.properties.insert(column.to_owned(), EntityValue::String(text.to_owned()));
}

/// Sets a time.
pub(crate) fn set_time(row: &mut Entity, column: &str, from_now: Duration) {
    row.properties.insert(column.to_owned(), EntityValue::DateTime(in_time(from_now)));
}

/// The document in a column.
pub(crate) fn document(row: &Entity, column: &str) -> Value {
    serde_json::from_str(text(row, column)).unwrap()
}

/// Changes the document in a column.
pub(crate) fn change(row: &mut Entity, column: &str, change: impl FnOnce(&mut Value)) {
    let mut changed = document(row, column);
    change(&mut changed);
    set(row, column, &changed.to_string());
}

/// Adds the approval of a person to a row.
pub(crate) fn add_approval(row: &mut Entity, person: &str) {
    let digest = text(row, "digest").to_owned();
    let decision = json!({ "approver": person, "vote": "approve", "digest": digest,
                           "at": in_time(Duration::ZERO) });
    change(row, "decisions", |decisions| decisions.as_array_mut().unwrap().push(decision));
}

/// Makes a row look like one with enough approvals.
pub(crate) fn set_approved(row: &mut Entity) {
    set(row, "state", "approved");
    set_time(row, "approvedAt", Duration::ZERO);
    for column in ["finishedAt", "result", "carryOutBy", "carryOutUntil"] {
        row.properties.remove(column);
    }
    row.properties.insert("isOpen".to_owned(), EntityValue::Boolean(true));
}

impl World {
    /// The row of an approval.
    pub(crate) async fn row_of(&self, id: &str) -> Entity {
        let rows = self.rows_of(APPROVALS).await;
        rows.into_iter().find(|row| row.partition_key == id).unwrap()
    }

    /// Stores a row as an attacker who can write to the table.
    pub(crate) async fn forge(&self, table: &str, row: &Entity) {
        self.account.table(table).put(row).await.unwrap();
    }

    /// Runs the timer, and asserts that nothing was ever written to the tenant nor recorded as written.
    pub(crate) async fn assert_none_granted(&self, attack: &str) {
        self.run_timer(FINISH).await;
        assert!(self.tenant_is_unchanged(), "{attack}");
        assert_eq!(self.tenant.count(Route::DeleteAssignment), 0, "{attack}");
        for row in self.rows_of(AUDIT).await {
            assert!(!["assigned", "revoked"].contains(&text(&row, "status")), "{attack}: {row:#?}");
        }
        assert!(self.intents().await.is_empty(), "{attack}");
        // The result of this attack must not be taken for that of the next one.
        self.results.clear().await.unwrap();
    }
}
