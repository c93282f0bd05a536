use app_roles::cloud_event::MAX_EVENT_BYTES;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const ID: &str = "11111111-1111-1111-1111-111111111111";
const KEY: &str = "251614425127999-22222222-2222-2222-2222-222222222222-03";
const INTENT: &str = "22222222-2222-2222-2222-222222222222-03";

/// A row as the recorder stores it.
fn row(status: &str, requester: &str) -> Entity {
    let row = json!({
        "PartitionKey": ID, "RowKey": KEY, "status": status, "requester": requester,
        "requestId": "INC-1", "reason": "a secret reason", "message": "a message",
        "function": "AssignRole", "startedAt": "2026-08-20T10:11:12Z", "attempt": "1",
        "principalDisplayName": "id-orders", "apiId": ID, "apiAppId": ID,
        "apiDisplayName": "Orders API", "appRoleId": ID, "appRoleValue": "Orders.Read",
        "privileged": false, "rule": "orders workloads", "approvedBy": "policy",
        "createdDateTime": "2026-08-20T10:11:13.5Z", "endDateTime": "2026-08-20T18:11:12Z",
    });
    row.as_object().unwrap().clone()
}

fn with(mut row: Entity, column: &str, value: impl Into<Value>) -> Entity {
    row.insert(column.to_owned(), value.into());
    row
}

fn event_of(row: &Entity) -> Value {
    serde_json::from_str(&ChangeEvent::of_row(row).unwrap().text).unwrap()
}

#[test]
fn an_assignment_is_announced_with_ids_and_names_and_without_the_reason() {
    let event = event_of(&row("assigned", "queue:app-role-requests"));
    let expected = json!({
        "specversion": "1.0", "id": INTENT, "source": "urn:app-role-broker", "subject": ID,
        "time": "2026-08-20T10:11:12Z", "datacontenttype": "application/json",
        "type": "AppRoleBroker.AssignmentCreated",
        "data": {
            "requestId": "INC-1", "requester": "queue:app-role-requests", "principalId": ID,
            "principalDisplayName": "id-orders", "apiId": ID, "apiAppId": ID,
            "apiDisplayName": "Orders API", "approvedBy": "policy",
            "roles": [{
                "appRoleId": ID, "appRoleValue": "Orders.Read", "privileged": false,
                "rule": "orders workloads", "endDateTime": "2026-08-20T18:11:12Z",
            }],
        },
    });
    assert_eq!(event, expected);
}

#[test]
fn a_removal_says_whether_its_end_had_come_or_a_request_revoked_it() {
    for (requester, ended_by) in [("timer:EndAssignments", "end"), ("queue:team", "revoke")] {
        let event = event_of(&row("revoked", requester));
        assert_eq!(event["type"], "AppRoleBroker.AssignmentEnded");
        assert_eq!(event["time"], "2026-08-20T10:11:12Z");
        assert_eq!(event["data"]["endedBy"], ended_by, "{event}");
    }
}

#[test]
fn a_row_without_a_known_change_makes_no_event() {
    for status in ["alreadyAssigned", "alreadyRevoked", "failed", "unknown", "notWritten", "denied"]
    {
        assert_eq!(ChangeEvent::of_row(&row(status, "queue:team")), None, "{status}");
    }
}

#[test]
fn a_settled_row_makes_the_same_event_as_a_recorded_one() {
    let recorded = row("revoked", "queue:team");
    let settled = with(recorded.clone(), "RowKey", format!("{KEY}-settled"));
    let settled = with(settled, "settledLater", true);
    let event = ChangeEvent::of_row(&settled).unwrap();
    assert_eq!(Some(&event), ChangeEvent::of_row(&recorded).as_ref());
    assert!(event.is_of(INTENT));
}

proptest! {
    #[test]
    fn no_row_that_was_changed_by_hand_makes_an_event_too_large(
        which: usize,
        text: String,
        length in 1_usize..32_768,
    ) {
        let row = row("assigned", "queue:team");
        let column = row.keys().nth(which % row.len()).cloned().unwrap();
        let text: String = text.chars().cycle().take(length).collect();
        if let Some(event) = ChangeEvent::of_row(&with(row, &column, text)) {
            prop_assert!(event.text.is_ascii() && event.text.len() <= MAX_EVENT_BYTES);
        }
    }
}
