use std::time::{Duration, Instant};

use super::*;

/// A run in which request `a` assigned a role, and request `b` revoked it; the timer settled `b`.
struct Run {
    record: Record,
    writes: Vec<AcceptedWrite>,
}

fn write(kind: WriteKind, id: &str, at: Instant) -> AcceptedWrite {
    AcceptedWrite {
        kind,
        assignment_id: "x".to_owned(),
        principal_id: "p".to_owned(),
        resource_id: "r".to_owned(),
        app_role_id: "o".to_owned(),
        client_request_id: Some(id.to_owned()),
        at,
    }
}

fn intent(id: &str, request: &str, stored: Instant) -> (String, Intent) {
    let intent = Intent {
        client_request_id: id.to_owned(),
        audit_row: key(&format!("key-{id}")),
        request_id: request.to_owned(),
        stored,
    };
    (id.to_owned(), intent)
}

fn key(key: &str) -> RowKey {
    ("p".to_owned(), key.to_owned())
}

/// A row about an assignment that the broker has not written.
fn row(name: &str, status: &str, request: &str) -> (RowKey, Row) {
    let row = Row {
        key: key(name),
        status: status.to_owned(),
        request_id: request.to_owned(),
        settled_later: name.ends_with("-settled"),
        assignment_id: "foreign".to_owned(),
    };
    (key(name), row)
}

fn run() -> Run {
    let began = Instant::now();
    let at = |milliseconds| began + Duration::from_millis(milliseconds);
    Run {
        record: Record {
            intents: [intent("1", "a", at(0)), intent("2", "b", at(20))].into(),
            rows: [
                row("key-1", "assigned", "a"),
                row("key-2", "unknown", "b"),
                row("key-2-settled", "revoked", "b"),
                row("key-3", "alreadyAssigned", "c"),
            ]
            .into(),
            open: Vec::new(),
        },
        writes: vec![
            write(WriteKind::Created, "1", at(10)),
            write(WriteKind::Deleted, "2", at(30)),
        ],
    }
}

/// The letters of the checks that a run fails.
fn failed(run: &Run) -> Vec<String> {
    let requests = ["a", "b", "c"].into();
    let evidence = RecordEvidence {
        record: &run.record,
        writes: &run.writes,
        requests,
        explained: &|_, fault| fault.to_owned(),
    };
    let checks = evidence.checks().into_iter();
    checks.filter(|check| !check.passed()).map(|check| check.what()[..3].to_owned()).collect()
}

#[test]
fn a_good_record_passes_every_check() {
    assert!(failed(&run()).is_empty());
}

#[test]
fn a_write_made_by_hand_needs_no_intent() {
    let mut run = run();
    let by_hand = AcceptedWrite { client_request_id: None, ..run.writes[0].clone() };
    run.writes.push(by_hand);
    assert!(failed(&run).is_empty());
}

#[test]
fn a_write_without_an_intent_or_before_it_is_found() {
    let mut without = run();
    let at = without.writes[1].at;
    without.writes.push(write(WriteKind::Created, "4", at));
    assert_eq!(failed(&without), ["(f)"]);
    let mut late = run();
    late.record.intents.get_mut("1").unwrap().stored = late.writes[0].at;
    assert_eq!(failed(&late), ["(f)"]);
}

#[test]
fn an_intent_that_stays_open_is_found() {
    let mut run = run();
    run.record.open.push("p, key".to_owned());
    assert_eq!(failed(&run), ["(g)"]);
}

#[test]
fn a_write_without_a_row_or_with_a_row_that_says_something_else_is_found() {
    let mut lost = run();
    lost.record.rows.remove(&key("key-1"));
    assert_eq!(failed(&lost), ["(h)"]);
    let mut unsettled = run();
    unsettled.record.rows.remove(&key("key-2-settled"));
    assert_eq!(failed(&unsettled), ["(h)"]);
    let mut wrong = run();
    wrong.record.rows.get_mut(&key("key-1")).unwrap().status = "alreadyAssigned".to_owned();
    assert_eq!(failed(&wrong), ["(h)"]);
}

#[test]
fn a_row_that_names_no_request_or_another_one_is_found() {
    for named in ["", "b"] {
        let mut run = run();
        run.record.rows.get_mut(&key("key-1")).unwrap().request_id = named.to_owned();
        assert_eq!(failed(&run), ["(h)"], "{named:?}");
    }
}

#[test]
fn a_row_about_a_write_that_did_not_happen_is_found() {
    for (key, status) in [("key-3", "assigned"), ("key-1-settled", "revoked"), ("new", "assigned")]
    {
        let mut run = run();
        run.record.rows.extend([row(key, status, "a")]);
        assert_eq!(failed(&run), ["(i)"], "{key}");
    }
}

#[test]
fn a_removal_that_two_rows_claim_is_found() {
    let mut run = run();
    run.writes[1].assignment_id = "foreign".to_owned();
    assert!(failed(&run).is_empty());
    run.record.rows.extend([row("key-3", "revoked", "c")]);
    assert_eq!(failed(&run), ["(i)"]);
}

#[test]
fn a_write_that_is_recorded_as_the_opposite_fails_both_ways() {
    let mut run = run();
    run.record.rows.get_mut(&key("key-2-settled")).unwrap().status = "assigned".to_owned();
    assert_eq!(failed(&run), ["(h)", "(i)"]);
}

#[test]
fn a_row_may_name_the_assignment_that_another_request_wrote() {
    let mut run = run();
    let shared = run.record.rows.get_mut(&key("key-3")).unwrap();
    shared.status = "assigned".to_owned();
    shared.assignment_id = "x".to_owned();
    assert!(failed(&run).is_empty());
    // It was assigned and revoked, and never by hand.
    run.writes.truncate(1);
    run.record.rows.get_mut(&key("key-3")).unwrap().status = "revoked".to_owned();
    assert_eq!(failed(&run), ["(i)"]);
}

#[test]
fn rows_of_two_principals_may_have_one_key() {
    let mut run = run();
    let (mut other, mut row) = row("key-1", "denied", "c");
    other.0 = "q".to_owned();
    row.key = other.clone();
    run.record.rows.insert(other, row);
    assert!(failed(&run).is_empty());
}

#[test]
fn a_write_that_another_request_claims_is_on_record_once_a_row_names_the_assignment() {
    for (assignment, request, faults) in
        [("x", "c", vec![]), ("other", "c", vec!["(h)", "(i)"]), ("x", "unknown", vec!["(h)"])]
    {
        let mut run = run();
        run.record.rows.get_mut(&key("key-1")).unwrap().status = "notWritten".to_owned();
        let claim = run.record.rows.get_mut(&key("key-3")).unwrap();
        claim.status = "assigned".to_owned();
        claim.assignment_id = assignment.to_owned();
        claim.request_id = request.to_owned();
        assert_eq!(failed(&run), faults, "{assignment} {request}");
    }
}
