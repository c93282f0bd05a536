use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::{collection::vec, option, prelude::*};
use serde_json::Value;
use time::macros::datetime;

use super::*;
use crate::{
    approval::ApprovalState,
    ids::{AppId, AppRoleId, ApprovalId},
    request::{Action, MAX_ROLES},
    schema::written_schema,
    text::is_printable,
};

const ID: &str = "11111111-1111-1111-1111-111111111111";

static SCHEMA: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&written_schema::<CloudEvent>()).unwrap());

fn about(text: &str, roles: usize) -> About {
    let text = || text.to_owned();
    let role = EventRole {
        app_role_id: AppRoleId::parse(ID).unwrap(),
        app_role_value: Some(text()),
        privileged: Some(false),
        rule: Some(text()),
        end: None,
        end_date_time: Some(text()),
    };
    About {
        request_id: Some(text()),
        requester: text(),
        principal_id: ObjectId::parse(ID).unwrap(),
        principal_display_name: Some(text()),
        api_id: ObjectId::parse(ID).unwrap(),
        api_app_id: AppId::parse(ID).ok(),
        api_display_name: Some(text()),
        roles: vec![role; roles],
    }
}

/// A happening of each type, whose texts all are this one.
fn happenings(text: &str, roles: usize) -> [Happening; 5] {
    let about = about(text, roles);
    let approval_id = ApprovalId::parse(ID).unwrap();
    let action = Action::Assign;
    [
        Happening::ApprovalRequested(ApprovalRequested {
            approval_id,
            action,
            about: about.clone(),
            until: "2026-08-21T10:11:12Z".to_owned(),
        }),
        Happening::ApprovalDecided(ApprovalDecided {
            approval_id,
            action,
            decision: ApprovalDecision::Expired,
            about: about.clone(),
            approvers: vec![text.to_owned(); roles],
        }),
        Happening::AssignmentCreated(AssignmentCreated {
            about: about.clone(),
            approved_by: Some(text.to_owned()),
            approval_id: Some(approval_id),
        }),
        Happening::AssignmentEnding(AssignmentEnding { about: about.clone() }),
        Happening::AssignmentEnded(AssignmentEnded { about, ended_by: EndedBy::End }),
    ]
}

fn event(happening: Happening) -> CloudEvent {
    CloudEvent::new("an-id", datetime!(2026-08-20 12:11:12 +2), happening)
}

/// All strings of a JSON value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn each_type_has_the_attributes_of_cloud_events_and_its_own_data() {
    let types = [
        ("AppRoleBroker.ApprovalRequested", "until", "2026-08-21T10:11:12Z"),
        ("AppRoleBroker.ApprovalDecided", "decision", "expired"),
        ("AppRoleBroker.AssignmentCreated", "approvedBy", "a name"),
        ("AppRoleBroker.AssignmentEnding", "principalId", ID),
        ("AppRoleBroker.AssignmentEnded", "endedBy", "end"),
    ];
    for ((event_type, member, value), happening) in types.into_iter().zip(happenings("a name", 1)) {
        let event: Value = serde_json::from_str(&event(happening).to_json()).unwrap();
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["id"], "an-id");
        assert_eq!(event["source"], "urn:app-role-broker");
        assert_eq!(event["subject"], ID);
        assert_eq!(event["time"], "2026-08-20T10:11:12Z");
        assert_eq!(event["datacontenttype"], "application/json");
        assert_eq!(event["type"], event_type);
        assert_eq!(event["data"][member], value, "{event}");
        assert_eq!(event["data"]["roles"][0]["appRoleValue"], "a name");
    }
}

#[test]
fn a_request_that_waits_is_not_decided() {
    assert_eq!(ApprovalDecision::of(ApprovalState::Pending), None);
    assert_eq!(ApprovalDecision::of(ApprovalState::Done), Some(ApprovalDecision::Approved));
    assert_eq!(ApprovalDecision::of(ApprovalState::Denied), Some(ApprovalDecision::Denied));
}

#[test]
fn names_are_whole_unless_the_event_would_be_too_large() {
    // The longest display name, and more of the longest role values than a request may have.
    for (text, roles, is_whole) in [("ü".repeat(256), 1, true), ("𝕏".repeat(120), MAX_ROLES, false)]
    {
        for happening in happenings(&text, roles) {
            let event: Value = serde_json::from_str(&event(happening).to_json()).unwrap();
            let name = event["data"]["principalDisplayName"].as_str().unwrap();
            assert_eq!(name == text, is_whole);
            assert!(text.starts_with(name));
        }
    }
}

proptest! {
    #[test]
    fn every_event_is_ascii_fits_into_a_message_and_is_valid(
        character in option::of(any::<char>()),
        text: String,
        roles in 0..=MAX_ROLES,
    ) {
        let text = character.map_or(text, |character| String::from(character).repeat(2000));
        for happening in happenings(&text, roles) {
            let json = event(happening).to_json();
            prop_assert!(json.is_ascii() && json.len() <= MAX_EVENT_BYTES, "{}", json.len());
            let event: Value = serde_json::from_str(&json).unwrap();
            prop_assert!(SCHEMA.is_valid(&event), "{event}");
            prop_assert!(texts(&event).iter().all(|text| text.chars().all(is_printable)));
        }
    }

    #[test]
    fn an_event_is_the_same_each_time_it_is_made(names in vec(".{0,300}", 5)) {
        for (name, number) in names.iter().zip(0..) {
            let make = || event(happenings(name, number).into_iter().nth(number).unwrap()).to_json();
            prop_assert_eq!(make(), make());
        }
    }
}
