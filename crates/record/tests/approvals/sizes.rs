//! The largest row fits into the table service.

use app_roles::{
    approval::{ApprovalState, SubjectRole, Vote},
    ids::{AppRoleId, ObjectId},
    request::MAX_ROLES,
    result::MAX_RESULT_BYTES,
    text::{MAX_DISPLAY_NAME_LENGTH, MAX_REASON_LENGTH, MAX_ROLE_VALUE_LENGTH, Reason},
};
use azure_rest::tables::Entity;
use record::approvals::{ApprovalRow, ApproverDecision, CarryOut, ShownRole, UnreadableApproval};
use serde_json::json;

use crate::generators::{in_state, pending, request_of};

/// Longest text of a column, in UTF-16 code units: 64 KiB ("Understanding the Table service data model").
const MOST_UNITS: usize = 32 * 1024;

/// Largest entity, in bytes, and the most columns of one (same source).
const MOST_BYTES: usize = 1024 * 1024;
const MOST_COLUMNS: usize = 252;

/// The longest name of a rule, in characters.
const MOST_RULE: usize = 128;

/// A character that is displayed as nothing and escaped with six.
const ESCAPED: &str = "\u{202E}";

/// A row that is as large as the limits of its parts permit.
pub(crate) fn largest() -> ApprovalRow {
    let mut row = in_state(pending(), ApprovalState::Done);
    let id = "33333333-3333-3333-3333-333333333333";
    let role = SubjectRole {
        id: AppRoleId::parse(id).unwrap(),
        rule: "\"".repeat(MOST_RULE),
        end: "2026-12-01T18:00:00.123456789Z".to_owned(),
    };
    row.subject.roles = vec![role; MAX_ROLES];
    row.request = request_of(&row.subject);
    row.request.reason = Some(Reason::parse(&"\"".repeat(MAX_REASON_LENGTH)).unwrap());
    let shown = ShownRole {
        value: Some(ESCAPED.repeat(MAX_ROLE_VALUE_LENGTH)),
        privileged: Some("all agents of the blueprint inherit it".to_owned()),
    };
    row.shown.roles = vec![shown; MAX_ROLES];
    row.shown.principal = ESCAPED.repeat(MAX_DISPLAY_NAME_LENGTH);
    row.shown.api = ESCAPED.repeat(MAX_DISPLAY_NAME_LENGTH);
    row.shown.principal_resource_id = Some("\"".repeat(1_024));
    let digest = row.subject.digest();
    let at = row.created_at;
    let decision = || {
        let digest = digest.clone();
        ApproverDecision { approver: ObjectId::random(), vote: Vote::Approve, digest, at }
    };
    row.decisions = (0..20).map(|_| decision()).collect();
    row.carry_out = Some(CarryOut { invocation_id: row.invocation_id, until: at });
    let text = "\"".repeat((MAX_RESULT_BYTES - r#"{"text":""}"#.len()) / 2);
    let largest = json!({ "text": text }).to_string();
    row.result_is_due = true;
    row.unsent_events = vec![largest.clone(); 3];
    row.result = Some(largest);
    row
}

/// The size of an entity, in bytes, at least ("Understanding the Table service data model").
fn size(entity: &Entity) -> usize {
    let units = |text: &str| 2 * text.encode_utf16().count();
    let sizes = entity
        .iter()
        .map(|(name, value)| 8 + units(name) + value.as_str().map_or(size_of::<u64>(), units));
    sizes.sum()
}

#[test]
fn the_largest_row_is_within_the_limits_of_the_table_service() {
    let row = largest();
    let entity = row.to_entity();
    for (name, value) in &entity {
        let units = value.as_str().unwrap_or_default().encode_utf16().count();
        assert!(units <= MOST_UNITS, "{name}: {units}");
    }
    assert!(entity.len() <= MOST_COLUMNS);
    assert!(size(&entity) < MOST_BYTES, "{}", size(&entity));
    assert!(ApprovalRow::of_entity(&entity) == Ok(row));
}

#[test]
fn a_long_text_that_lacks_a_part_is_refused() {
    for (part, column) in [
        ("result", "result"),
        ("result2", "result"),
        ("unsentEvents", "unsentEvents"),
        ("unsentEvents3", "unsentEvents"),
    ] {
        for strange in [None, Some(json!(7))] {
            let mut entity = largest().to_entity();
            assert!(entity.remove(part).is_some(), "{part}");
            entity.extend(strange.map(|value| (part.to_owned(), value)));
            let read = ApprovalRow::of_entity(&entity).err();
            assert_eq!(read, Some(UnreadableApproval(column)), "{part}");
        }
    }
}
