//! The schema of the document.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p app-role-cli --lib schema` writes it again.

use app_roles::schema::{assert_committed, written_schema};
use serde_json::{Value, json};

use super::{
    document::{Change, ComparedWith, GoneAssignment, Origin, RecordedRequest, Report, SCHEMA},
    fixtures::{
        APPLICATION, BLUEPRINT, CALENDAR_API, DELETED, GRAPH, MAIL_SEND, ORDERS_API,
        ORDERS_IDENTITY, READ, inventory, object_id, policy, report_of, rule,
    },
};

fn schema() -> Value {
    written_schema::<Report>()
}

/// A report in which each member has a value.
fn full() -> Report {
    let held = [
        (ORDERS_IDENTITY, ORDERS_API, READ),
        (APPLICATION, GRAPH, MAIL_SEND),
        (BLUEPRINT, CALENDAR_API, 0),
        (APPLICATION, ORDERS_API, DELETED),
    ];
    let mut on_request = rule("rg-orders", &["Orders.Read"]);
    for (name, value) in [
        ("maxDuration", json!("P30D")),
        ("owner", json!("team-orders@contoso.com")),
        ("description", json!("reads its own API")),
        ("expires", json!("2027-06-30")),
        ("privileged", json!(true)),
        ("approval", json!({ "by": ["http:99999999-9999-9999-9999-999999999999"] })),
    ] {
        on_request[name] = value;
    }
    let rules = policy(&[on_request], &[rule("rg-*", &["Orders.Write"])]);
    let mut report = report_of(&inventory(&held), Some(&rules));
    report.compared_with = Some(ComparedWith { generated_at: report.generated_at.clone() });
    report.notes.push("a sentence".to_owned());
    report.gone.push(GoneAssignment {
        principal_name: "id-gone".to_owned(),
        principal_id: object_id(99),
        api_name: "Orders API".to_owned(),
        role: "Orders.Read".to_owned(),
        created: Some(report.generated_at.clone()),
    });
    let first = &mut report.assignments[0];
    let text = |text: &str| Some(text.to_owned());
    (first.end_date_time, first.tokens_until) =
        (text("2026-11-27T10:00:00Z"), text("2026-11-28T10:00:00Z"));
    (first.origin, first.change) = (Origin::Broker, Some(Change::New));
    first.request = RecordedRequest {
        requester: text("queue:app-role-requests"),
        reason: text("reads its own API"),
        request_id: text("INC-1234"),
        approved_by: vec!["http:99999999-9999-9999-9999-999999999999".to_owned()],
        recorded_rule: text("rule 0"),
    };
    report
}

#[test]
fn the_schema_of_the_report_matches_its_types() {
    assert_committed("report", &schema());
    let committed = include_str!("../../../../schemas/report.schema.json");
    let committed: Value = serde_json::from_str(committed).unwrap();
    assert_eq!(committed["$id"], SCHEMA);
}

#[test]
fn the_schema_accepts_what_is_written_and_refuses_what_lacks_a_list() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for report in [full(), report_of(&inventory(&[]), None)] {
        let document = serde_json::to_value(&report).unwrap();
        let faults: Vec<_> =
            validator.iter_errors(&document).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?} {document}");
        for name in ["format", "principals", "apis", "rules", "assignments", "gone", "notes"] {
            let mut document = document.clone();
            document.as_object_mut().unwrap().remove(name);
            assert!(!validator.is_valid(&document), "{name}");
        }
    }
}
