//! What an intent became, case by case.

use app_roles::{
    directory::Assignment,
    held::{HeldAssignment, HeldAssignments},
    ids::{AppRoleId, ObjectId},
};
use record::settlement::{Became, Case, OpenIntent, Row, Settlement, WriteClaim};
use serde_json::json;

use crate::rows::{API, Ours, PRINCIPAL, ROLES, at, held, read};

const ASSIGN: Ours = Ours { number: 1, action: "assign", role: 0, second: 100 };
const REVOKE: Ours = Ours { number: 1, action: "revoke", role: 0, second: 100 };
const LATER: Ours = Ours { number: 2, action: "revoke", role: 0, second: 400 };

/// The row that settles an intent; `None` if the intent is only closed.
fn row_of(intent: Row, held: Option<&HeldAssignments>, rows: &[Row]) -> Option<Row> {
    let intents = read(&[intent]);
    let case = Case { held, intents: &intents, rows };
    match case.settle(at(1000)).remove(0).1 {
        Settlement::Close => None,
        Settlement::Record(_, row) => Some(row),
    }
}

fn status(intent: Row, held: Option<&HeldAssignments>, rows: &[Row]) -> String {
    let row = row_of(intent, held, rows);
    row.map_or_else(|| "closed".to_owned(), |row| row["status"].as_str().unwrap().to_owned())
}

#[test]
fn an_assignment_is_claimed_if_it_was_created_while_the_write_was_under_way() {
    for (created, expected) in [
        (0, "notWritten"),
        (95, "notWritten"),
        (96, "assigned"),
        (102, "assigned"),
        (166, "assigned"),
        (167, "notWritten"),
        (900, "notWritten"),
    ] {
        let held = held([(0, "it", created)]);
        assert_eq!(status(ASSIGN.intent(None), Some(&held), &[]), expected, "{created}");
    }
    assert_eq!(
        status(ASSIGN.intent(None), Some(&held([(1, "other role", 102)])), &[]),
        "notWritten"
    );
    assert_eq!(status(ASSIGN.intent(None), Some(&held([])), &[]), "notWritten");
}

#[test]
fn an_assignment_that_is_gone_again_is_claimed_if_a_row_has_seen_it() {
    let seen = Some(("it", 102));
    for status_of_the_other in ["revoked", "alreadyAssigned", "failed"] {
        let rows = [LATER.outcome(status_of_the_other, seen)];
        let row = row_of(ASSIGN.intent(None), Some(&held([])), &rows).unwrap();
        assert_eq!((&row["status"], &row["assignmentId"]), (&json!("assigned"), &json!("it")));
        assert_eq!(status(ASSIGN.intent(None), None, &rows), "assigned", "the principal is gone");
    }
    let others = [LATER.outcome("revoked", Some(("it", 50)))];
    assert_eq!(status(ASSIGN.intent(None), Some(&held([])), &others), "notWritten");
}

#[test]
fn an_assignment_that_another_row_claims_is_not_claimed_again() {
    let other = Ours { second: 110, number: 2, ..ASSIGN };
    let rows = [other.outcome("assigned", Some(("it", 112)))];
    assert_eq!(status(ASSIGN.intent(None), Some(&held([(0, "it", 112)])), &rows), "notWritten");
}

#[test]
fn the_open_intent_nearest_before_an_assignment_claims_it() {
    let second = Ours { number: 2, second: 110, ..ASSIGN };
    for (created, expected) in [
        (99, ["assigned", "notWritten"]),
        (102, ["assigned", "notWritten"]),
        (110, ["assigned", "notWritten"]),
        (111, ["notWritten", "assigned"]),
        (150, ["notWritten", "assigned"]),
    ] {
        let intents = read(&[ASSIGN.intent(None), second.intent(None)]);
        let held = held([(0, "it", created)]);
        let case = Case { held: Some(&held), intents: &intents, rows: &[] };
        let statuses = case.settle(at(1000)).into_iter().map(|(_, settlement)| match settlement {
            Settlement::Close => "closed",
            Settlement::Record(became, _) => became.status(),
        });
        assert_eq!(statuses.collect::<Vec<_>>(), expected, "{created}");
        // An intent whose outcome is on record claims nothing any more.
        let rows = [ASSIGN.outcome("assigned", Some(("before", 102)))];
        let case = Case { rows: &rows, ..case };
        let settled = case.settle(at(1000));
        assert_eq!(settled[0].1, Settlement::Close);
        let is_claimed = matches!(&settled[1].1, Settlement::Record(Became::Assigned(_), _));
        assert_eq!(is_claimed, created >= 106, "{created}");
    }
}

#[test]
fn a_removal_is_claimed_if_the_assignment_is_gone_and_no_other_row_claims_that() {
    let intent = || REVOKE.intent(Some(("it", 7)));
    assert_eq!(status(intent(), Some(&held([])), &[]), "revoked");
    assert_eq!(status(intent(), Some(&held([(0, "it", 7)])), &[]), "notWritten");
    assert_eq!(status(intent(), Some(&held([(0, "new one", 500)])), &[]), "revoked");
    let rows = |status, second| [Ours { second, ..LATER }.outcome(status, Some(("it", 7)))];
    assert_eq!(status(intent(), Some(&held([])), &rows("revoked", 130)), "notWritten");
    assert_eq!(status(intent(), Some(&held([])), &rows("failed", 130)), "revoked");
    let long_after = rows("failed", 700);
    assert_eq!(status(intent(), Some(&held([])), &long_after), "notWritten");
}

#[test]
fn a_removal_is_not_claimed_if_a_read_of_the_id_shows_that_it_was_gone_before_or_there_afterwards()
{
    let gone = held([]);
    let statuses = |intents: &[Row], rows: &[Row]| {
        let intents = read(intents);
        let case = Case { held: Some(&gone), intents: &intents, rows };
        let settled = case.settle(at(1000)).into_iter().map(|(_, settlement)| match settlement {
            Settlement::Close => "closed",
            Settlement::Record(became, _) => became.status(),
        });
        settled.collect::<Vec<_>>()
    };
    let it = ("it", 7);
    assert_eq!(statuses(&[REVOKE.removal(it, true)], &[]), ["revoked"]);
    assert_eq!(statuses(&[REVOKE.removal(it, false)], &[]), ["notWritten"]);
    // The write of the first one is over after 161 seconds, and clocks differ by five.
    for (second, expected) in [(165, ["revoked", "notWritten"]), (166, ["notWritten", "revoked"])] {
        let later = Ours { second, ..LATER };
        let intents = [REVOKE.removal(it, true), later.removal(it, true)];
        assert_eq!(statuses(&intents, &[]), expected, "{second}");
        let intents = [REVOKE.removal(it, true), later.removal(it, false)];
        assert_eq!(statuses(&intents, &[]), ["revoked", "notWritten"], "{second}");
    }
}

#[test]
fn a_removal_that_a_younger_intent_may_have_made_is_settled_after_that_one() {
    let (gone, it) = (held([]), ("it", 7));
    let young = Ours { number: 2, second: 250, ..REVOKE };
    let settled = |younger: Row, rows: &[Row]| {
        let intents = read(&[REVOKE.intent(Some(it)), younger]);
        Case { held: Some(&gone), intents: &intents, rows }.settle(at(240)).len()
    };
    assert_eq!(settled(young.intent(Some(it)), &[]), 0);
    assert_eq!(settled(young.removal(it, true), &[]), 1, "it was there when the first was over");
    assert_eq!(settled(young.removal(it, false), &[]), 1);
    assert_eq!(settled(young.intent(Some(("another", 7))), &[]), 1);
    assert_eq!(settled(young.intent(Some(it)), &[young.outcome("revoked", Some(it))]), 1);
}

#[test]
fn a_removal_without_an_answer_is_claimed_unless_another_request_may_have_made_it() {
    let it = ("it", 7);
    let claim = |other: Option<Row>, rows: &[Row]| {
        let own = Ours { second: 400, ..REVOKE };
        let intents: Vec<_> = [own.removal(it, true)].into_iter().chain(other).collect();
        let intents = read(&intents);
        Case { held: None, intents: &intents, rows }.removal_claim(&own.row_key(), "it")
    };
    let other = Ours { number: 2, second: 390, ..REVOKE };
    assert_eq!(claim(None, &[]), WriteClaim::Free);
    assert_eq!(claim(None, &[other.outcome("alreadyRevoked", None)]), WriteClaim::Free);
    assert_eq!(claim(None, &[other.outcome("revoked", Some(it))]), WriteClaim::Taken);
    for (intent, expected) in [
        (other.intent(Some(it)), WriteClaim::Contested),
        (other.removal(it, true), WriteClaim::Contested),
        (other.removal(it, false), WriteClaim::Free),
        (other.intent(Some(("another", 7))), WriteClaim::Free),
        (Ours { second: 100, ..other }.intent(Some(it)), WriteClaim::Free),
    ] {
        assert_eq!(claim(Some(intent.clone()), &[]), expected, "{intent:#?}");
        let unknown = other.outcome("unknown", None);
        assert_eq!(claim(Some(intent.clone()), &[unknown]), expected, "{intent:#?}");
    }
    let taken = other.outcome("revoked", Some(it));
    assert_eq!(claim(Some(other.intent(Some(it))), &[taken]), WriteClaim::Taken);
}

#[test]
fn a_creation_without_an_answer_is_claimed_unless_another_request_made_it_or_found_it_before() {
    let it = ("it", 390);
    let made = &Assignment {
        id: "it".to_owned(),
        api: ObjectId::parse(API).unwrap(),
        role: AppRoleId::parse(ROLES[0]).unwrap(),
        created: None,
    };
    let own = Ours { second: 400, ..ASSIGN };
    let claim = |other: Option<Row>, rows: &[Row]| {
        let intents: Vec<_> = [own.intent(None)].into_iter().chain(other).collect();
        let intents = read(&intents);
        Case { held: None, intents: &intents, rows }.creation_claim(&own.row_key(), made)
    };
    let other = Ours { number: 2, second: 390, ..ASSIGN };
    let found = |milliseconds: i64| {
        let mut row = other.outcome("alreadyAssigned", Some(it));
        row.insert("durationMs".to_owned(), milliseconds.into());
        row
    };
    assert_eq!(claim(None, &[]), WriteClaim::Free);
    assert_eq!(claim(None, &[other.outcome("assigned", Some(("another", 390)))]), WriteClaim::Free);
    assert_eq!(claim(None, &[other.outcome("assigned", Some(it))]), WriteClaim::Taken);
    assert_eq!(claim(None, &[found(9_000)]), WriteClaim::Taken);
    assert_eq!(claim(None, &[found(60_000)]), WriteClaim::Free, "it was found later");
    assert_eq!(claim(Some(other.intent(None)), &[]), WriteClaim::Contested);
    assert_eq!(claim(Some(Ours { number: 2, ..REVOKE }.intent(Some(it))), &[]), WriteClaim::Free);
}

#[test]
fn two_hundred_revocations_whose_host_died_are_recorded_for_their_own_requests() {
    for number in 0..200 {
        let ours = Ours { number, ..REVOKE };
        let again = Ours { number: 1000 + number, second: 700, ..REVOKE };
        let rows = [again.outcome("alreadyRevoked", None)];
        let row = row_of(ours.intent(Some(("it", 7))), Some(&held([])), &rows).unwrap();
        assert_eq!(row["status"], "revoked");
        assert_eq!(row["requestId"], format!("REQ-{number}"));
    }
}

#[test]
fn an_outcome_that_is_on_record_closes_the_intent() {
    let (held, nothing) = (held([(0, "it", 102)]), held([]));
    for outcome in ["assigned", "alreadyAssigned", "notAttempted"] {
        let rows = [ASSIGN.outcome(outcome, None)];
        assert_eq!(status(ASSIGN.intent(None), Some(&held), &rows), "closed", "{outcome}");
    }
    // A refusal may have hidden a success.
    for outcome in ["unknown", "failed"] {
        let row = ASSIGN.outcome(outcome, None);
        let settled = row_of(ASSIGN.intent(None), Some(&held), std::slice::from_ref(&row));
        let settled = settled.unwrap();
        assert_eq!(settled["status"], "assigned", "{outcome}");
        let rows = [row, settled];
        assert_eq!(status(ASSIGN.intent(None), Some(&held), &rows), "closed", "{outcome}");
    }
    let failed = [ASSIGN.outcome("failed", None)];
    assert_eq!(status(ASSIGN.intent(None), Some(&nothing), &failed), "closed");
}

#[test]
fn an_outcome_that_cannot_be_read_is_unknown_and_says_why() {
    let unreadable = HeldAssignment { id: None, api: None, role: None, created: None };
    let unclear: HeldAssignments = [unreadable].into_iter().collect();
    for intent in [ASSIGN.intent(None), REVOKE.intent(Some(("it", 7)))] {
        for (held, why) in [(None, "no longer exists"), (Some(&unclear), "cannot be read and may")]
        {
            let row = row_of(intent.clone(), held, &[]).unwrap();
            assert_eq!(row["status"], "unknown");
            assert!(row["message"].as_str().unwrap().contains(why), "{row:#?}");
        }
    }
}

#[test]
fn an_intent_that_may_still_be_worked_on_is_left_alone() {
    let intents = read(&[ASSIGN.intent(None)]);
    let none = held([]);
    let case = Case { held: Some(&none), intents: &intents, rows: &[] };
    assert_eq!(case.settle(at(101)).len(), 0);
    assert_eq!(case.settle(at(102)).len(), 1);
}

#[test]
fn a_settled_row_has_the_columns_of_the_request_and_none_of_the_intent() {
    let mut intent = ASSIGN.intent(None);
    intent.insert("endDateTime".to_owned(), json!("2026-11-26T14:00:00Z"));
    let row = row_of(intent.clone(), Some(&held([(0, "it", 102)])), &[]).unwrap();
    let expected = json!({
        "PartitionKey": PRINCIPAL, "RowKey": format!("{}-settled", ASSIGN.audit_row_key()),
        "invocationId": "00000000-0000-4000-8000-000000000001", "principalId": PRINCIPAL,
        "apiId": "c0a70500-0000-4000-8000-0000000000b1",
        "appRoleId": "c0a70500-0000-4000-8000-0000000000c1", "action": "assign",
        "startedAt": "2026-11-26T12:01:40Z", "requester": "queue:app-role-requests",
        "requestId": "REQ-1", "rule": "orders workloads", "decision": "allowed",
        "endDateTime": "2026-11-26T14:00:00Z", "status": "assigned", "settledLater": true,
        "assignmentId": "it", "createdDateTime": "2026-11-26T12:01:42Z",
        "message": "settled later: Microsoft Graph shows that it was created",
    });
    assert_eq!(serde_json::Value::from(row), expected);
    let not_written = row_of(intent, Some(&held([])), &[]).unwrap();
    assert_eq!(not_written.get("endDateTime"), None);
}

#[test]
fn an_intent_without_a_column_that_settling_needs_is_unreadable_and_named() {
    let whole = REVOKE.intent(Some(("it", 7)));
    for column in [
        "action",
        "assignmentId",
        "PartitionKey",
        "apiId",
        "appRoleId",
        "intendedAt",
        "writeUntil",
        "auditRowKey",
        "RowKey",
    ] {
        for value in [None, Some(json!(7)), Some(json!({}))] {
            let mut row = whole.clone();
            row.remove(column);
            row.extend(value.map(|value| (column.to_owned(), value)));
            let unreadable = OpenIntent::read(row).unwrap_err();
            assert_eq!(unreadable.column, column);
            assert_eq!(unreadable.since, Some(at(101)));
        }
    }
    for (column, text) in [("apiId", "x"), ("action", "look"), ("intendedAt", "yesterday")] {
        let mut row = whole.clone();
        row.insert(column.to_owned(), json!(text));
        let unreadable = OpenIntent::read(row).unwrap_err();
        assert_eq!((unreadable.column, unreadable.row_key), (column, REVOKE.row_key()));
    }
}
