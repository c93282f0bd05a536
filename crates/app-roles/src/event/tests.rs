use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{arm::ArmScope, ids::ObjectId, request::SentTime};

const SUBSCRIPTION: &str = "/subscriptions/11111111-1111-1111-1111-111111111111";
const AUTHOR: &str = "22222222-2222-2222-2222-222222222222";
const OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";

fn identity() -> String {
    format!(
        "{SUBSCRIPTION}/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    )
}

/// An event about the identity in Event Grid's own schema, with these fields replaced.
fn event(changes: &Value) -> Value {
    let mut event = json!({
        "topic": SUBSCRIPTION, "subject": identity(), "eventType": RESOURCE_WRITTEN,
        "eventTime": "2026-08-20T10:00:01.1234567Z", "dataVersion": "2",
        "data": { "correlationId": AUTHOR, "claims": { OBJECT_ID: AUTHOR, "name": "Ana Dev" } },
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn decode_one(event: &Value) -> Event {
    Event::decode(event.to_string().as_bytes()).unwrap()
}

fn written(event: &Value) -> ResourceWritten {
    match decode_one(event) {
        Event::ResourceWritten(written) => written,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_delivery_that_is_malformed_or_has_several_events_is_refused() {
    for text in ["", "null", "\"x\"", "1", "{", "[{]", "[1", "\u{feff}", "\u{feff}\u{feff}{}"] {
        assert_eq!(Event::decode(text.as_bytes()), Err(InvalidEvents::Malformed), "{text:?}");
    }
    for count in [2, 3, 100] {
        let refused = Event::decode(json!(vec![json!({}); count]).to_string().as_bytes());
        assert_eq!(refused, Err(InvalidEvents::Batch(count)));
    }
}

#[test]
fn an_event_that_does_not_concern_the_broker_is_ignored_with_a_reason() {
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg");
    let other = SUBSCRIPTION.replace('1', "9");
    for (changes, reason) in [
        (json!({ "eventType": null }), Ignored::Unreadable),
        (json!({ "eventType": 7 }), Ignored::Unreadable),
        (json!({ "subject": 7 }), Ignored::NoResource),
        (json!({ "topic": [] }), Ignored::WrongTopic),
        (json!({ "specversion": "1.0" }), Ignored::Unreadable),
        (json!({ "eventType": "Microsoft.Resources.ResourceDeleteSuccess" }), Ignored::OtherType),
        (json!({ "eventType": "Microsoft.Resources.ResourceWriteFailure" }), Ignored::OtherType),
        (json!({ "topic": null }), Ignored::WrongTopic),
        (json!({ "topic": "" }), Ignored::WrongTopic),
        (json!({ "topic": other }), Ignored::WrongTopic),
        (json!({ "topic": format!("{group}-2") }), Ignored::WrongTopic),
        (json!({ "topic": identity() + "/x" }), Ignored::WrongTopic),
        (json!({ "subject": null }), Ignored::NoResource),
        (json!({ "subject": group }), Ignored::NoResource),
        (json!({ "subject": format!("{}/../x/y", identity()) }), Ignored::NoResource),
        (
            json!({ "subject": format!("{group}/providers/Microsoft.Resources/deployments/d") }),
            Ignored::TypeWithoutIdentity,
        ),
    ] {
        assert_eq!(decode_one(&event(&changes)), Event::Ignored(reason), "{changes}");
    }
    for text in
        ["[]", "[1]", "[[]]", "{}", "[null]", "[[null,null,null,null,null,null,null,null,null]]"]
    {
        let event = Event::decode(text.as_bytes()).unwrap();
        assert_eq!(event, Event::Ignored(Ignored::Unreadable), "{text}");
    }
}

#[test]
fn unreadable_claims_affect_only_the_log() {
    for data in [
        json!(null),
        json!("text"),
        json!({}),
        json!({ "claims": 1 }),
        json!({ "claims": "no json" }),
        json!({ "claims": { OBJECT_ID: "me" }, "correlationId": "mine" }),
        json!({ "claims": { OBJECT_ID: [AUTHOR] } }),
    ] {
        let read = written(&event(&json!({ "data": data })));
        assert_eq!(read.cause, Cause::default(), "{data}");
        assert_eq!(read.resource.as_str(), identity());
    }
}

#[test]
fn both_schemas_and_both_publishers_are_equivalent() {
    let expected = written(&event(&json!({})));
    assert_eq!(expected.cause.author.unwrap().to_string(), AUTHOR);
    assert_eq!(expected.time, Some(time::macros::datetime!(2026-08-20 10:00:01.1234567 UTC)));
    let mut cloud_event = event(&json!({}));
    for (old, new) in [("eventType", "type"), ("topic", "source"), ("eventTime", "time")] {
        cloud_event[new] = cloud_event.as_object_mut().unwrap().remove(old).unwrap();
    }
    cloud_event["specversion"] = json!("1.0");
    assert_eq!(written(&cloud_event), expected);
    assert_eq!(written(&event(&json!({ "eventType": RESOURCE_CREATED_OR_UPDATED }))), expected);
    let text = json!({ OBJECT_ID: AUTHOR }).to_string();
    let data = json!({ "correlationId": AUTHOR, "claims": text, "authorization": "{}" });
    assert_eq!(written(&event(&json!({ "data": data }))), expected);
}

#[test]
fn an_event_keeps_its_request_unchanged() {
    let text = format!(r#"{{"eventType":"{ASSIGNMENT_REQUESTED}","data":{{ "b":1, "a":"é" }} }}"#);
    let Event::AssignmentRequested(asked) = Event::decode(text.as_bytes()).unwrap() else {
        panic!("{text}")
    };
    assert_eq!(asked.request, r#"{ "b":1, "a":"é" }"#);
    let again = Event::decode(asked.to_json().unwrap().as_bytes()).unwrap();
    let Event::AssignmentRequested(again) = again else { panic!("{again:?}") };
    assert_eq!(again.request, r#"{ "b":1, "a":"\u00e9" }"#);
}

#[test]
fn a_rewritten_event_omits_its_author_and_can_be_delivered_again() {
    let first = written(&event(&json!({})));
    let kept = first.to_json().unwrap();
    assert!(!kept.contains("Ana") && !kept.contains("claims"), "{kept}");
    let again = written(&serde_json::from_str(&kept).unwrap());
    let cause = Cause { author: None, ..first.cause };
    assert_eq!(again, ResourceWritten { cause, ..first });
}

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(bytes: Vec<u8>, text: String) {
        let _ = Event::decode(&bytes);
        let _ = Event::decode(format!("[{text}]").as_bytes());
    }

    #[test]
    fn no_field_value_makes_decoding_panic_or_lets_a_resource_lie_outside_its_topic(field in "topic|subject|eventTime|data", text: String) {
        if let Event::ResourceWritten(read) = decode_one(&event(&json!({ field: text }))) {
            prop_assert!(read.topic.contains(&read.resource));
        }
    }

    #[test]
    fn the_case_of_a_subject_does_not_matter(upper: bool) {
        let subject = if upper { identity().to_uppercase() } else { identity().to_lowercase() };
        let subject = subject.replacen("/SUBSCRIPTIONS", "/subscriptions", 1);
        let read = written(&event(&json!({ "subject": subject })));
        prop_assert_eq!(read.resource, ArmScope::parse(&identity()).unwrap());
    }
}

#[test]
fn a_check_without_a_principal_is_unreadable() {
    for data in ["", r#","data":null"#, r#","data":{}"#, r#","data":{"principalId":"*"}"#] {
        let text = format!(r#"{{"eventType":"{BASELINE_CHECK_REQUESTED}"{data}}}"#);
        let event = Event::decode(text.as_bytes()).unwrap();
        assert_eq!(event, Event::Ignored(Ignored::Unreadable), "{text}");
    }
}

#[test]
fn a_check_is_read_back_unchanged() {
    let principal = ObjectId::parse("11111111-1111-1111-1111-111111111111").unwrap();
    let time = Some(time::macros::datetime!(2026-08-20 10:00:01.5 UTC));
    for time in [time, None] {
        let check = BaselineCheckRequested { principal, time };
        let text = check.to_json().unwrap();
        assert!(text.is_ascii() && text.len() < 200, "{text}");
        let event = Event::decode(text.as_bytes()).unwrap();
        assert_eq!(event, Event::BaselineCheckRequested(check));
    }
}

/// The event in both schemas, each with the name of the member that states the time.
fn both_schemas(event_type: &str) -> [(Value, &'static str); 2] {
    let mut own = event(&json!({ "eventType": event_type }));
    own["data"]["principalId"] = json!(AUTHOR);
    let mut cloud_event = own.clone();
    for (old, new) in [("eventType", "type"), ("topic", "source"), ("eventTime", "time")] {
        cloud_event[new] = cloud_event.as_object_mut().unwrap().remove(old).unwrap();
    }
    cloud_event["specversion"] = json!("1.0");
    [(own, "eventTime"), (cloud_event, "time")]
}

#[test]
fn null_is_the_same_as_an_absent_member_in_every_event() {
    for event_type in [RESOURCE_WRITTEN, ASSIGNMENT_REQUESTED, BASELINE_CHECK_REQUESTED] {
        for (event, _) in both_schemas(event_type) {
            let names: Vec<_> = event.as_object().unwrap().keys().cloned().collect();
            for name in names {
                let (mut absent, mut null) = (event.clone(), event.clone());
                absent.as_object_mut().unwrap().remove(&name);
                null[&name] = Value::Null;
                assert_eq!(decode_one(&null), decode_one(&absent), "{name} of {event}");
            }
        }
    }
}

#[test]
fn a_member_that_an_event_does_not_need_may_have_any_type() {
    for event_type in [ASSIGNMENT_REQUESTED, BASELINE_CHECK_REQUESTED] {
        for (event, _) in both_schemas(event_type) {
            for name in ["subject", "topic", "source", "dataVersion", "id"] {
                for value in [json!(7), json!([]), json!({}), json!(true)] {
                    let mut odd = event.clone();
                    odd[name] = value;
                    assert_eq!(decode_one(&odd), decode_one(&event), "{odd}");
                }
            }
        }
    }
}

#[test]
fn a_byte_order_mark_and_blanks_around_an_event_are_ignored() {
    for (event, _) in both_schemas(RESOURCE_WRITTEN) {
        for text in [format!("\u{feff}{event}"), format!(" \u{feff}\r\n[{event}]\n")] {
            assert_eq!(Event::decode(text.as_bytes()), Ok(decode_one(&event)));
        }
    }
}

#[test]
fn the_time_of_a_request_is_read_in_every_form_and_otherwise_known_to_be_unreadable() {
    let at = SentTime::At(time::macros::datetime!(2026-08-20 10:00:01 UTC));
    for (time, sent) in [
        (json!("2026-08-20T10:00:01Z"), at),
        (json!("2026-08-20T12:00:01.0000000+02:00"), at),
        (json!("2026-08-20T10:00:01"), at),
        (json!("08/20/2026 10:00:01"), at),
        (json!("08/20/2026 10:00:01 +00:00"), at),
        (json!("8/20/2026 10:00:01 AM"), at),
        (json!(null), SentTime::NotStated),
        (json!(""), SentTime::Unreadable),
        (json!("20.08.2026 10:00:01"), SentTime::Unreadable),
        (json!(1_787_220_001), SentTime::Unreadable),
        (json!(["2026-08-20T10:00:01Z"]), SentTime::Unreadable),
    ] {
        for (mut event, member) in both_schemas(ASSIGNMENT_REQUESTED) {
            event[member] = time.clone();
            let Event::AssignmentRequested(asked) = decode_one(&event) else { panic!("{event}") };
            assert_eq!(asked.sent, sent, "{time}");
        }
    }
}

#[test]
fn a_resource_may_have_blanks_in_its_name_and_may_lie_outside_a_group() {
    let alert = "providers/Microsoft.Insights/scheduledQueryRules/Too many errors";
    for subject in [
        format!("{SUBSCRIPTION}/resourcegroups/rg/{alert}"),
        format!("{SUBSCRIPTION}/resourcegroups/rg%20one/{alert}"),
        format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/Größe prüfen"),
    ] {
        let read = written(&event(&json!({ "subject": subject })));
        assert_eq!(read.resource, ArmScope::parse(&subject).unwrap());
    }
    let above = "/providers/Microsoft.Management/managementGroups/mg/providers/a/b/c";
    let event = decode_one(&event(&json!({ "subject": above })));
    assert_eq!(event, Event::Ignored(Ignored::WrongTopic));
}
