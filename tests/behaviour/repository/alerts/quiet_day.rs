//! A day on which nothing is wrong raises no alert.

use serde_json::{Value, json};

use crate::repository::alerts::{
    log::Log,
    rule::{Rule, rules},
    times::{DAY, HOUR, LATEST, MINUTE, THEN},
};

/// The requests of the day. Each has four rows.
const REQUESTS: i64 = 2_300;

/// A delay of up to ten minutes that differs from row to row.
fn delay(number: i64) -> i64 {
    number * 7_919 % (LATEST + 1)
}

/// A request that is granted.
fn granted(log: &mut Log, at: i64) {
    let trace_id = log.request(at, "AssignRole", (true, "0"));
    let ids = json!({ "trace_id": trace_id, "function": "AssignRole", "invocation_id": trace_id,
        "action": "assign", "principal_id": "p", "resource_id": "a", "app_role_id": "r" });
    let mut audit = ids.clone();
    audit["status"] = json!("assigned");
    audit["privileged"] = json!(false);
    log.line(at, ("INFO", "grant.intent"), &ids);
    log.line(at, ("INFO", "audit"), &audit);
    log.queued(at, "app-role-results");
}

/// Trouble that occurs now and then and is not a fault.
fn ordinary_trouble(log: &mut Log, at: i64, number: i64) {
    let fields: Value = json!({ "again": true, "function": "AssignRole", "kind": "Throttled" });
    let warning = |log: &mut Log, event| log.line(at, ("WARN", event), &fields);
    match number % 12 {
        0 => log.failed_delivery(at, &[("WARN", "request.not_yet")]),
        1 => warning(log, "request.denied"),
        2 => warning(log, "request.invalid"),
        3 => warning(log, "call.unauthenticated"),
        4 => warning(log, "retry.ended"),
        5 => warning(log, "token.renewed"),
        6 => warning(log, "policy.warning"),
        7 => log.line(at, ("INFO", "handler.started"), &json!({})),
        8 => drop(log.request(at, "AssignRoleHttp", (true, "400"))),
        9 => drop(log.request(at, "Health", (true, "200"))),
        10 => log.line(at, ("INFO", "audit"), &json!({ "status": "denied", "privileged": false })),
        // Graph is unavailable for a moment, and the request comes back.
        _ if number % 144 == 11 => {
            log.failed_delivery(at, &[("ERROR", "graph.failed"), ("WARN", "request.not_yet")]);
        }
        _ => warning(log, "arm.unanswered"),
    }
}

fn quiet_day() -> Log {
    let mut log = Log::default();
    log.healthy_app(THEN - DAY, THEN + DAY);
    for number in 0..REQUESTS {
        log.delay = delay(number);
        let at = THEN + number * DAY / REQUESTS;
        granted(&mut log, at);
        if number % 3 == 0 {
            log.delay = delay(number + 1);
            ordinary_trouble(&mut log, at, number / 3);
        }
    }
    log
}

#[test]
fn no_alert_fires_on_a_quiet_day_of_ten_thousand_rows() {
    let log = quiet_day();
    assert!(log.len() > 10_000, "{}", log.len());
    for rule in rules() {
        // A long window changes little from one evaluation to the next.
        let every = if rule.window > 6 * HOUR { 3 * HOUR } else { rule.every.max(30 * MINUTE) };
        let rule = Rule { every, ..rule };
        let mails = rule.mails(&log, (THEN + MINUTE, THEN + DAY));
        assert!(mails.is_empty(), "{} fired at {mails:?}", rule.name);
    }
}
