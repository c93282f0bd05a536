//! Rows that were changed by hand are refused, or mean the same.

use app_roles::{
    approval::{ApprovalState, ApprovalSubject},
    ids::ApprovalId,
    request::Request,
    requester::Requester,
};
use azure_rest::tables::Entity;
use proptest::prelude::*;
use record::approvals::{ApprovalRow, UnreadableApproval};
use serde_json::{Value, json};

use crate::generators::{in_state, pending, row};

const OTHER: &str = "99999999-9999-9999-9999-999999999999";

fn with(row: &ApprovalRow, column: &str, value: impl Into<Value>) -> Entity {
    let mut entity = row.to_entity();
    entity.insert(column.to_owned(), value.into());
    entity
}

fn assert_refused(entity: &Entity, column: &'static str) {
    let read = ApprovalRow::of_entity(entity);
    assert_eq!(read, Err(UnreadableApproval(column)), "{:?}", entity.get(column));
}

/// A column whose text is JSON, with one member changed.
fn with_member(row: &ApprovalRow, column: &str, member: &str, value: Value) -> Entity {
    let text = row.to_entity()[column].as_str().unwrap().to_owned();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document[member] = value;
    with(row, column, document.to_string())
}

#[test]
fn a_column_with_a_value_that_no_row_has_is_refused_by_its_name() {
    let id = ApprovalId::parse("aaaaaaaa-0000-4000-8000-000000000001").unwrap();
    let row = ApprovalRow { id, ..pending() };
    for (column, value) in [
        ("PartitionKey", "not an id"),
        // The same id, and not the key that is written.
        ("PartitionKey", "AAAAAAAA-0000-4000-8000-000000000001"),
        ("RowKey", "approval2"),
        ("state", "waiting"),
        ("state", "Pending"),
        ("subject", "{}"),
        ("request", "{}"),
        ("requester", "admin"),
        ("requester", "timer:EndAssignments"),
        ("requester", "http:me"),
        ("function", "a\u{202E}b"),
        ("invocationId", "1"),
        ("messageId", "two words"),
        ("principalId", OTHER),
        ("requestId", "INC-2"),
        ("shown", "[]"),
        ("createdAt", "yesterday"),
        ("expiresAt", "2026-11-26"),
        ("approvedAt", "2026-13-26T10:00:00Z"),
        ("decisions", "{}"),
        ("carryOutUntil", "never"),
        ("result", "\"done\""),
        ("unsentEvents", "[1]"),
    ] {
        assert_refused(&with(&row, column, value), column);
    }
}

#[test]
fn a_digest_that_is_not_that_of_the_subject_is_refused() {
    let row = pending();
    let other = ApprovalSubject { policy_sha256: None, ..row.subject.clone() }.digest();
    assert_refused(&with(&row, "digest", other.to_string()), "digest");
    for (member, value) in [
        ("action", json!("revoke")),
        ("principalId", json!(OTHER)),
        ("apiId", json!(OTHER)),
        ("requester", json!("queue:other")),
        ("policySha256", json!("aa")),
        ("roles", json!([])),
    ] {
        assert_refused(&with_member(&row, "subject", member, value), "digest");
    }
    assert_refused(&with_member(&row, "subject", "extra", json!(1)), "subject");
}

#[test]
fn a_requester_other_than_the_approvers_saw_is_refused() {
    assert_refused(&with(&pending(), "requester", "queue:another-team"), "requester");
    for requester in [Requester::Admin, Requester::Timer("EndAssignments".to_owned())] {
        let mut row = ApprovalRow { requester, ..pending() };
        row.subject.requester = row.requester.to_string();
        assert_refused(&row.to_entity(), "requester");
    }
}

#[test]
fn a_request_for_something_else_than_the_approvers_saw_is_refused() {
    let row = pending();
    let role = row.request.roles[0].to_string();
    for (member, value) in [
        ("action", json!("revoke")),
        ("principal", json!({ "objectId": OTHER })),
        ("principal", json!({ "clientId": row.subject.principal_id })),
        ("principal", json!(row.subject.principal_id)),
        ("principal", json!("id-orders")),
        ("api", json!({ "objectId": OTHER })),
        ("api", json!({ "appId": row.subject.api_id })),
        ("api", json!("graph")),
        ("roles", json!([OTHER])),
        ("roles", json!([role, OTHER])),
        ("roles", json!([role, role])),
        ("roles", json!(["Orders.Read"])),
        ("notAfter", json!("later")),
    ] {
        assert_refused(&with_member(&row, "request", member, value), "request");
    }
    let renamed = Request { request_id: None, ..row.request.clone() }.to_json();
    assert_refused(&with(&row, "request", renamed), "requestId");
}

#[test]
fn an_approver_who_has_decided_twice_is_refused() {
    let decision = json!({
        "approver": OTHER, "vote": "approve", "at": "2026-11-26T10:00:00Z",
        "digest": pending().subject.digest(),
    });
    let once = with(&pending(), "decisions", json!([decision]).to_string());
    assert_eq!(ApprovalRow::of_entity(&once).unwrap().decisions.len(), 1);
    let twice = json!([decision, decision]).to_string();
    assert_refused(&with(&pending(), "decisions", twice), "decisions");
    for (member, value) in [
        ("vote", json!("abstain")),
        ("digest", json!("9f")),
        ("approver", json!("http:me")),
        ("at", json!("today")),
        ("extra", json!(1)),
    ] {
        let mut strange = decision.clone();
        strange[member] = value;
        let strange = json!([strange]).to_string();
        assert_refused(&with(&pending(), "decisions", strange), "decisions");
    }
}

#[test]
fn a_state_that_other_columns_contradict_is_refused() {
    let row = pending();
    for (state, column) in
        [("approved", "approvedAt"), ("done", "approvedAt"), ("refused", "finishedAt")]
    {
        assert_refused(&with(&row, "state", state), column);
    }
    let mut ended = with(&row, "finishedAt", "2026-11-26T10:00:00Z");
    assert_refused(&ended, "isOpen");
    ended.insert("isOpen".to_owned(), false.into());
    assert_refused(&ended, "finishedAt");
    assert_refused(&with(&in_state(row, ApprovalState::Done), "isOpen", true), "isOpen");
}

#[test]
fn a_half_of_what_carries_a_request_out_is_refused() {
    let row = in_state(pending(), ApprovalState::Approved);
    assert_refused(&with(&row, "carryOutBy", OTHER), "carryOutUntil");
    assert_refused(&with(&row, "carryOutUntil", "2026-11-26T10:00:00Z"), "carryOutBy");
}

#[test]
fn other_roles_than_those_of_the_subject_are_not_shown() {
    let mut row = pending();
    row.shown.roles.clear();
    assert_refused(&row.to_entity(), "shown");
}

/// Rows without a column that a row need not have.
fn without_optional(row: &ApprovalRow) -> [ApprovalRow; 4] {
    [
        ApprovalRow { message_id: None, ..row.clone() },
        ApprovalRow { result: None, ..row.clone() },
        ApprovalRow { approved_at: None, ..row.clone() },
        ApprovalRow { finished_at: None, ..row.clone() },
    ]
}

/// Values that no column has.
const STRANGE: [&str; 6] = ["7", "1.5", r#"{ "a": [] }"#, "[]", r#""""#, r#""\u0000""#];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_row_with_one_corrupt_column_is_refused_or_means_the_same(row in row(), which: usize) {
        let entity = row.to_entity();
        let columns = entity.keys().filter(|name| !name.ends_with("@odata.type"));
        let columns: Vec<_> = columns.cloned().collect();
        let column = &columns[which % columns.len()];
        let mut changed = entity;
        changed.remove(column);
        if let Ok(read) = ApprovalRow::of_entity(&changed) {
            prop_assert!(without_optional(&row).contains(&read), "without {}", column);
        }
        for value in STRANGE {
            let value: Value = serde_json::from_str(value).unwrap();
            changed.insert(column.clone(), value.clone());
            prop_assert!(ApprovalRow::of_entity(&changed).is_err(), "{}: {}", column, value);
        }
    }

    #[test]
    fn no_text_in_a_column_makes_reading_panic(row in row(), which: usize, text: String) {
        let mut entity = row.to_entity();
        let column = entity.keys().nth(which % entity.len()).cloned().unwrap();
        entity.insert(column, Value::from(text));
        let _ = ApprovalRow::of_entity(&entity);
    }
}
