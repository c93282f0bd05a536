//! `infra/queries/writes.kql` shows each write with its own outcome.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    repository::{
        alerts::{
            log::Log,
            times::{DAY, HOUR, MINUTE, THEN},
        },
        kusto::Row,
    },
    world::ROOT,
};

/// A line about one write of an invocation.
fn write(invocation: &str, principal: &str, status: &str) -> Value {
    json!({ "invocation_id": invocation, "principal_id": principal, "resource_id": "a",
        "app_role_id": "r", "status": status })
}

/// The principal and the status of each write, the newest first.
fn shown(log: &Log) -> Vec<(String, String)> {
    let query = std::fs::read_to_string(Path::new(ROOT).join("infra/queries/writes.kql")).unwrap();
    let now = THEN + HOUR;
    let text = |row: &Row, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = log.run(&query, now, DAY);
    rows.iter().map(|row| (text(row, "Principal"), text(row, "Status"))).collect()
}

fn pair(principal: &str, status: &str) -> (String, String) {
    (principal.to_owned(), status.to_owned())
}

#[test]
fn a_run_that_ends_the_same_role_for_two_principals_has_two_writes() {
    let mut log = Log::default();
    for (second, principal) in [(0, "p"), (2, "q")] {
        log.line(THEN + second, ("INFO", "grant.intent"), &write("timer", principal, ""));
        let status = if principal == "p" { "revoked" } else { "failed" };
        log.line(THEN + second + 1, ("INFO", "audit"), &write("timer", principal, status));
    }
    assert_eq!(shown(&log), [pair("q", "failed"), pair("p", "revoked")]);
}

#[test]
fn an_interrupted_write_has_the_outcome_of_its_settlement_or_none_yet() {
    let mut log = Log::default();
    log.line(THEN, ("INFO", "grant.intent"), &write("first", "p", ""));
    log.line(THEN + MINUTE, ("INFO", "grant.intent"), &write("second", "q", ""));
    for event in ["audit", "intent.settled"] {
        log.line(THEN + 15 * MINUTE, ("INFO", event), &write("first", "p", "assigned"));
    }
    assert_eq!(shown(&log), [pair("q", ""), pair("p", "assigned")]);
}

#[test]
fn a_write_that_was_answered_as_unknown_has_the_outcome_of_its_settlement() {
    let mut log = Log::default();
    log.line(THEN, ("INFO", "grant.intent"), &write("first", "p", ""));
    log.line(THEN + 1, ("INFO", "audit"), &write("first", "p", "unknown"));
    assert_eq!(shown(&log), [pair("p", "unknown")]);
    log.line(THEN + 15 * MINUTE, ("INFO", "intent.settled"), &write("first", "p", "notWritten"));
    assert_eq!(shown(&log), [pair("p", "notWritten")]);
}
