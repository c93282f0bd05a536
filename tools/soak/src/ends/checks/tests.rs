use std::{
    collections::BTreeMap,
    time::{Duration as StdDuration, Instant},
};

use tenant_emulator::{AcceptedWrite, AppRoleAssignment, WriteKind};
use time::{OffsetDateTime, macros::datetime};

use super::*;
use crate::{
    ends::{evidence::Clock, outcome::Outcome, plan::EndsRequest},
    plan::ADMIN,
    record::{Intent, Record, Row},
};

const BEGAN: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

fn at(seconds: i64) -> OffsetDateTime {
    BEGAN + Duration::seconds(seconds)
}

fn request(id: &str, end: Option<u64>) -> EndsRequest {
    EndsRequest {
        id: id.to_owned(),
        sent: StdDuration::ZERO,
        end: end.map(StdDuration::from_secs),
        principal: "p".to_owned(),
        api: "api",
        roles: vec![ADMIN],
    }
}

/// The outcome of a delivery that took the second before this one.
fn outcome(id: &str, assignment: &str, finished: i64, end: Option<i64>) -> Outcome {
    Outcome {
        request_id: id.to_owned(),
        status: "assigned".to_owned(),
        code: String::new(),
        assignment_id: assignment.to_owned(),
        end: end.map(at),
        started: at(finished - 1),
        finished: at(finished),
    }
}

fn held(assignment: &str) -> AppRoleAssignment {
    AppRoleAssignment {
        id: assignment.to_owned(),
        app_role_id: ADMIN.id.to_owned(),
        created_date_time: String::new(),
        principal_display_name: String::new(),
        principal_id: "p".to_owned(),
        resource_display_name: String::new(),
        resource_id: "api".to_owned(),
    }
}

/// Adds a write with its intent and its row.
fn write(
    evidence: &mut EndsEvidence,
    (kind, assignment): (WriteKind, &str),
    second: u64,
    id: &str,
) {
    let client = format!("{assignment}-{kind:?}");
    let moment = evidence.clock.instant + StdDuration::from_secs(second);
    let status = if kind == WriteKind::Created { "assigned" } else { "revoked" };
    evidence.writes.push(AcceptedWrite {
        kind,
        assignment_id: assignment.to_owned(),
        principal_id: "p".to_owned(),
        resource_id: "api".to_owned(),
        app_role_id: ADMIN.id.to_owned(),
        client_request_id: Some(client.clone()),
        at: moment,
    });
    let intent = Intent {
        client_request_id: client.clone(),
        audit_row: ("p".to_owned(), client.clone()),
        request_id: id.to_owned(),
        stored: evidence.clock.instant,
    };
    evidence.record.intents.insert(client.clone(), intent);
    let row = Row {
        key: ("p".to_owned(), client.clone()),
        status: status.to_owned(),
        request_id: id.to_owned(),
        settled_later: false,
        assignment_id: assignment.to_owned(),
    };
    evidence.record.rows.insert(row.key.clone(), row);
}

/// A run in which `a` was assigned until 60, `b` extended that until 100, and it was removed at 110; `c`
/// was assigned for good, and `hand` was made by hand.
fn evidence() -> EndsEvidence {
    let mut evidence = EndsEvidence {
        clock: Clock { instant: Instant::now(), time: BEGAN },
        requests: vec![request("a", Some(60)), request("b", Some(100)), request("c", None)],
        outcomes: vec![
            outcome("a", "x", 2, Some(60)),
            outcome("b", "x", 50, Some(100)),
            outcome("c", "stays", 3, None),
        ],
        given_up: BTreeMap::new(),
        writes: Vec::new(),
        held: vec![held("stays"), held("hand")],
        by_hand: ["hand".to_owned()].into(),
        rows_left: Vec::new(),
        pauses: Vec::new(),
        record: Record::default(),
        table_requests: Vec::new(),
    };
    write(&mut evidence, (WriteKind::Created, "x"), 1, "a");
    write(&mut evidence, (WriteKind::Created, "stays"), 2, "c");
    write(&mut evidence, (WriteKind::Deleted, "x"), 110, "b");
    evidence
}

/// The letters of the checks that fail after a change of good evidence.
fn failed(spoil: impl FnOnce(&mut EndsEvidence)) -> Vec<String> {
    let mut evidence = evidence();
    spoil(&mut evidence);
    let checks = evidence.checks().into_iter();
    checks.filter(|check| !check.passed()).map(|check| check.what()[..3].to_owned()).collect()
}

fn removal(evidence: &mut EndsEvidence) -> &mut AcceptedWrite {
    evidence.writes.last_mut().unwrap()
}

#[test]
fn a_good_run_passes_every_check() {
    assert_eq!(failed(|_| {}), [""; 0]);
}

#[test]
fn a_request_without_a_result_or_that_was_denied_is_found() {
    assert_eq!(failed(|run| run.requests.push(request("d", None))), ["(j)"]);
    let given_up = |run: &mut EndsEvidence| {
        run.requests.push(request("d", None));
        run.given_up.insert("d".to_owned(), "throttled".to_owned());
    };
    assert_eq!(failed(given_up), [""; 0]);
    let denied = |run: &mut EndsEvidence| {
        let outcome = Outcome { status: "denied".to_owned(), ..outcome("c", "", 9, None) };
        run.outcomes.push(outcome);
    };
    assert_eq!(failed(denied), ["(j)"]);
}

#[test]
fn an_assignment_that_is_held_after_its_end_is_forgotten() {
    let forgotten = |run: &mut EndsEvidence| {
        run.held.push(held("y"));
        run.outcomes.push(outcome("a", "y", 5, Some(60)));
    };
    assert_eq!(failed(forgotten), ["(k)"]);
    // No result names it, because the handler was killed.
    assert_eq!(failed(|run| run.held.push(held("y"))), ["(k)"]);
    assert_eq!(failed(|run| run.rows_left.push("p, api".to_owned())), ["(k)"]);
}

#[test]
fn an_end_that_is_late_is_found_unless_no_host_ran() {
    let late = |run: &mut EndsEvidence| {
        removal(run).at += StdDuration::from_secs(30);
    };
    assert_eq!(failed(late), ["(l)"]);
    let without_hosts = |run: &mut EndsEvidence| {
        late(run);
        run.pauses.push((at(90), at(115)));
    };
    assert_eq!(failed(without_hosts), [""; 0]);
}

#[test]
fn an_end_that_is_earlier_than_a_result_promised_is_found() {
    let early = |run: &mut EndsEvidence| removal(run).at -= StdDuration::from_secs(15);
    assert_eq!(failed(early), ["(m)"]);
    // The extension was answered after the removal.
    let before_the_answer = |run: &mut EndsEvidence| {
        removal(run).at -= StdDuration::from_millis(60_500);
        run.outcomes[0].end = Some(at(45));
    };
    assert_eq!(failed(before_the_answer), [""; 0]);
}

#[test]
fn an_end_of_a_request_without_a_result_counts_too() {
    let early = |run: &mut EndsEvidence| {
        run.outcomes.retain(|one| one.assignment_id != "x");
        run.given_up = ["a", "b"].map(|id| (id.to_owned(), "killed".to_owned())).into();
        removal(run).at -= StdDuration::from_secs(55);
    };
    assert_eq!(failed(early), ["(m)"]);
}

#[test]
fn a_removal_of_what_was_to_stay_is_found() {
    let permanent = |run: &mut EndsEvidence| {
        run.outcomes.push(outcome("c", "x", 70, None));
    };
    assert_eq!(failed(permanent), ["(n)"]);
    let by_hand = |run: &mut EndsEvidence| {
        run.by_hand.insert("x".to_owned());
    };
    assert_eq!(failed(by_hand), ["(n)"]);
    assert_eq!(failed(|run| run.held.retain(|held| held.id != "hand")), ["(n)"]);
    let never_had_an_end = |run: &mut EndsEvidence| {
        run.outcomes.retain(|one| one.assignment_id != "x");
        run.given_up = ["a", "b"].map(|id| (id.to_owned(), "killed".to_owned())).into();
        run.requests[0].end = None;
    };
    assert_eq!(failed(never_had_an_end), ["(n)"]);
}

#[test]
fn a_result_about_what_was_removed_long_before_is_found() {
    let stale = |finished| {
        move |run: &mut EndsEvidence| run.outcomes.push(outcome("b", "x", finished, Some(200)))
    };
    assert_eq!(failed(stale(111)), [""; 0]);
    assert_eq!(failed(stale(113)), ["(o)"]);
}

#[test]
fn the_record_is_checked_as_well() {
    let lost = |run: &mut EndsEvidence| run.record.rows.retain(|(_, key), _| key != "x-Deleted");
    assert_eq!(failed(lost), ["(h)"]);
}
