use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    document::{Change, Report},
    earlier::EarlierReport,
    fixtures::{
        APPLICATION, BILLING_IDENTITY, GRAPH, MAIL_SEND, ORDERS_API, ORDERS_IDENTITY, OTHER_TENANT,
        READ, WRITE, inventory, report_of, tenant,
    },
};

const BEFORE: [(u8, u8, u8); 2] =
    [(ORDERS_IDENTITY, ORDERS_API, READ), (APPLICATION, GRAPH, MAIL_SEND)];

/// An earlier report as a file has it.
fn file(held: &[(u8, u8, u8)]) -> Value {
    serde_json::to_value(report_of(&inventory(held), None)).unwrap()
}

fn parse(file: &Value) -> Result<EarlierReport, String> {
    EarlierReport::parse(file.to_string().as_bytes(), tenant())
}

/// The problem with a file in which one member has another value; `null` removes it.
fn problem(pointer: &str, value: &Value) -> String {
    let mut file = file(&BEFORE);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match file.pointer_mut(parent).unwrap() {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value.clone())),
        Value::Array(entries) => entries[name.parse::<usize>().unwrap()] = value.clone(),
        other => panic!("{other}"),
    }
    parse(&file).unwrap_err()
}

#[test]
fn a_file_that_is_no_report_is_refused_with_the_place_of_the_fault() {
    for (pointer, value, expected) in [
        ("/format", json!(2), "its format is 2, and this version of app-role reads only 1"),
        ("/format", json!("1"), "format: "),
        ("/format", Value::Null, "format"),
        ("/tenantId", json!(OTHER_TENANT), "it is about the tenant 66666666"),
        ("/generatedAt", json!("yesterday"), "generatedAt: expected a time"),
        ("/complete", Value::Null, "complete"),
        ("/principals", json!({}), "principals: "),
        ("/principals/0/id", json!("id-orders"), "principals[0].id: "),
        ("/apis/0/roles", Value::Null, "roles"),
        (
            "/assignments/0/principal",
            json!(99),
            "assignments[0].principal: principals has no entry 99",
        ),
        ("/assignments/0/principal", json!(-1), "assignments[0].principal: "),
        ("/assignments/1/api", json!(7), "assignments[1].api: apis has no entry 7"),
        ("/assignments/0/role", json!(1e300), "assignments[0].role: "),
        (
            "/assignments/1/role",
            json!(5),
            "assignments[1].role: the list of the API's roles has no",
        ),
        ("/assignments/0/created", json!("soon"), "assignments[0].created: expected a time"),
    ] {
        let problem = problem(pointer, &value);
        assert!(problem.contains(expected), "{pointer} {value}: {problem}");
    }
    let mut twice = file(&BEFORE);
    let first = twice["assignments"][0].clone();
    twice["assignments"].as_array_mut().unwrap().push(first);
    assert_eq!(parse(&twice).unwrap_err(), "assignments[2]: it is there twice");
    for text in ["", "<!doctype html>", "[]", "{\"format\":1,", "null"] {
        EarlierReport::parse(text.as_bytes(), tenant()).unwrap_err();
    }
}

/// Compares a tenant with an earlier report.
fn compared(earlier: &Value, held: &[(u8, u8, u8)]) -> Report {
    let mut report = report_of(&inventory(held), None);
    parse(earlier).unwrap().mark(&mut report);
    report
}

fn new(report: &Report) -> usize {
    report.assignments.iter().filter(|one| one.change == Some(Change::New)).count()
}

#[test]
fn new_and_removed_assignments_are_marked() {
    let now = [BEFORE[0], (BILLING_IDENTITY, ORDERS_API, WRITE)];
    let report = compared(&file(&BEFORE), &now);
    assert_eq!(new(&report), 1);
    let one = report.assignments.iter().find(|one| one.change.is_some()).unwrap();
    assert_eq!(report.principals[one.principal].name, "id-billing");
    let [gone] = report.gone.as_slice() else { panic!("{:?}", report.gone) };
    let texts = [&gone.principal_name, &gone.api_name, &gone.role].map(String::as_str);
    assert_eq!(texts, ["Reports", "Microsoft Graph", "Mail.Send"]);
    assert_eq!(report.compared_with.unwrap().generated_at, "2026-11-26T10:00:00Z");
}

#[test]
fn an_assignment_that_was_made_again_is_new_and_not_gone() {
    let mut earlier = file(&BEFORE);
    for (created, expected) in
        [(json!("2026-08-20T10:11:13Z"), 1), (json!("2026-08-20T12:11:12.1234567+02:00"), 0)]
    {
        earlier["assignments"][0]["created"] = created;
        let report = compared(&earlier, &BEFORE);
        assert_eq!((new(&report), report.gone.len()), (expected, 0));
    }
    earlier["assignments"][0].as_object_mut().unwrap().remove("created");
    assert_eq!(new(&compared(&earlier, &BEFORE)), 0, "the time is unknown");
}

#[test]
fn a_report_that_is_not_complete_makes_the_comparison_uncertain() {
    let mut earlier = file(&BEFORE);
    assert_eq!(parse(&earlier).unwrap().note(), None);
    earlier["complete"] = json!(false);
    assert!(parse(&earlier).unwrap().note().unwrap().contains("2026-11-26T10:00:00Z"));
}

#[test]
fn members_that_a_later_version_adds_are_ignored() {
    let mut earlier = file(&BEFORE);
    earlier["later"] = json!({ "x": [1] });
    earlier["assignments"][0]["later"] = json!(5);
    assert_eq!(new(&compared(&earlier, &BEFORE)), 0);
}

proptest! {
    #[test]
    fn of_two_reports_each_assignment_is_old_new_or_gone(
        before in prop::collection::btree_set((1_u8..6, 11_u8..13, 21_u8..25), 0..8),
        now in prop::collection::btree_set((1_u8..6, 11_u8..13, 21_u8..25), 0..8),
    ) {
        let [earlier, held] = [&before, &now].map(|all| all.iter().copied().collect::<Vec<_>>());
        let report = compared(&file(&earlier), &held);
        prop_assert_eq!(new(&report), now.difference(&before).count());
        prop_assert_eq!(report.gone.len(), before.difference(&now).count());
    }

    #[test]
    fn any_text_is_a_report_or_a_problem(text: String) {
        prop_assert!(EarlierReport::parse(text.as_bytes(), tenant()).is_err());
    }
}
