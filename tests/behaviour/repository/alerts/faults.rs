//! Each fault raises its alerts, whatever the time of its rows and of their arrival, and no other alert.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::repository::{
    alerts::{
        log::{BROKER, Log, TIMERS},
        rule::{Rule, rules},
        times::{DAY, HOUR, LATEST, MINUTE, THEN},
    },
    kusto::Row,
};

/// The alerts that fire for what `fill` adds to the log of a healthy app, if their rows take this long.
fn raised(fill: &dyn Fn(&mut Log, i64), at: i64, delay: i64) -> BTreeSet<String> {
    let mut log = Log::with_delay(delay);
    // By then, each rule has read the rows once.
    let end = at + 2 * HOUR;
    log.healthy_app(at - HOUR, end);
    fill(&mut log, at);
    let is_raised = |rule: &Rule| !rule.mails(&log, (THEN - HOUR, end)).is_empty();
    rules().into_iter().filter(is_raised).map(|rule| rule.name).collect()
}

#[track_caller]
fn assert_raises(alerts: &[&str], fill: impl Fn(&mut Log, i64)) {
    let expected: BTreeSet<_> = alerts.iter().map(|name| (*name).to_owned()).collect();
    for (offset, delay) in [(0, 0), (1, 300), (61, 600), (299, 0), (301, 599), (899, 421)] {
        let raised = raised(&fill, THEN + offset, delay);
        assert_eq!(raised, expected, "{offset} seconds after an evaluation, {delay} seconds late");
    }
}

#[test]
fn a_healthy_app_raises_nothing() {
    assert_raises(&[], |_, _| {});
}

#[test]
fn the_faults_of_the_real_host_raise_their_alerts() {
    for (case, alerts) in [
        ("a handler that crashes on every message", &["handler-crashed", "handler-down"][..]),
        ("a handler that never listens, messages waiting", &["handler-down"]),
        ("a handler that never listens, empty queue", &["handler-down"]),
        ("no binary", &["handler-down"]),
        ("a policy that cannot be read", &["unhealthy"]),
        ("health 503, then three kills", &["handler-crashed", "handler-down", "unhealthy"]),
        ("sign-in fails, 24 requests", &["given-up", "unhealthy"]),
    ] {
        assert_raises(alerts, |log, at| log.captured_fault(case, at));
    }
}

#[test]
fn a_killed_handler_is_seen_though_it_is_started_again() {
    assert_raises(&["handler-crashed"], |log, at| log.captured_rows("WorkerProcessExit", at));
    assert_raises(&["handler-crashed"], |log, at| {
        log.captured_rows("Language Worker Process exited", at);
    });
}

#[test]
fn three_crashes_mean_that_the_handler_does_not_run() {
    assert_raises(&["handler-crashed", "handler-down"], |log, at| {
        for crash in 0..3 {
            log.captured_rows("Language Worker Process exited", at + crash * 9 * MINUTE);
        }
    });
}

#[test]
fn a_health_check_that_fails_is_seen_for_each_caller() {
    assert_raises(&["unhealthy"], |log, at| {
        log.request(at, "Health", (true, "503"));
    });
    assert_raises(&["unhealthy"], |log, at| {
        log.request(at, "CheckHealth", (false, "0"));
    });
}

#[test]
fn a_message_that_is_set_aside_is_seen_by_the_line_or_by_storage_alone() {
    for event in ["request.given_up", "event.given_up", "event.invalid"] {
        assert_raises(&["given-up"], |log, at| log.line(at, ("ERROR", event), &json!({})));
    }
    for queue in [
        "app-role-failed",
        "app-role-requests-poison",
        "resource-events-poison",
        "baseline-checks-poison",
    ] {
        assert_raises(&["given-up"], |log, at| log.queued(at, queue));
    }
    assert_raises(&["given-up"], |log, at| {
        let uri = "https://streq.blob.core.windows.net:443/event-dead-letters/t/1.json";
        log.add("StorageBlobLogs", at, json!({ "OperationName": "PutBlob", "Uri": uri }));
    });
}

#[test]
fn a_line_that_is_no_json_or_was_cut_is_seen() {
    let panic = "thread 'main' panicked at src/main.rs:1:1:";
    assert_raises(&["errors"], |log, at| log.console(at, "ERROR", panic));
    for level in ["ERROR", "INFO"] {
        let cut =
            "{\"timestamp\":\"2026-11-26T00:49:49.593935Z\",\"level\":\"ERROR\",\"event\":\"pol";
        assert_raises(&["errors"], |log, at| log.console(at, level, cut));
    }
}

#[test]
fn requests_that_fail_because_of_microsoft_graph_are_counted() {
    let events = [("ERROR", "graph.failed"), ("WARN", "request.not_yet")];
    assert_raises(&["failing", "failing-often"], |log, at| {
        for second in 0..24 {
            log.failed_delivery(at + second * 25, &events);
        }
    });
}

#[test]
fn invocations_that_fail_without_a_line_are_counted() {
    assert_raises(&["failing", "failing-often"], |log, at| {
        for second in 0..24 {
            log.failed_delivery(at + second * 25, &[]);
        }
    });
}

#[test]
fn calls_that_are_answered_503_are_counted() {
    assert_raises(&["failing", "failing-often"], |log, at| {
        for second in 0..24 {
            log.request(at + second * 25, "AssignRoleHttp", (true, "503"));
        }
    });
}

#[test]
fn requests_that_wait_for_an_identity_or_for_a_pause_to_end_do_not_count() {
    for event in ["request.not_yet", "event.not_yet", "check.not_yet", "broker.paused"] {
        assert_raises(&[], |log, at| {
            for second in 0..30 {
                log.failed_delivery(at + second * 25, &[("WARN", event)]);
            }
        });
    }
}

#[test]
fn a_failure_now_and_then_all_day_is_seen_though_it_is_never_many_at_once() {
    let rules = rules();
    for delay in [0, 5 * MINUTE, LATEST] {
        let mut log = Log::with_delay(delay);
        log.healthy_app(THEN - 2 * HOUR, THEN + DAY);
        for minute in (0..24 * 60).step_by(10) {
            log.failed_delivery(THEN + minute * MINUTE, &[]);
            // Others succeed, so this is not an outage.
            for second in 1..4 {
                log.request(THEN + minute * MINUTE + second, "AssignRole", (true, "0"));
            }
        }
        let fires = |name: &str| {
            let rule = rules.iter().find(|rule| rule.name == name).unwrap();
            (0..24).any(|hour| !rule.rows(&log, THEN + hour * HOUR).is_empty())
        };
        assert!(fires("failing-often") && !fires("failing"), "{delay}");
    }
}

#[test]
fn a_role_outside_the_policy_and_a_privileged_request_are_seen() {
    let fields = json!({ "principal_id": "p", "resource_id": "a", "app_role_id": "r" });
    assert_raises(&["unexpected-assignment"], |log, at| {
        log.line(at, ("WARN", "reconcile.unexpected"), &fields);
    });
    let mut denied = json!({ "status": "denied", "privileged": true });
    assert_raises(&["privileged-denied"], |log, at| log.line(at, ("INFO", "audit"), &denied));
    denied["privileged"] = json!(false);
    assert_raises(&[], |log, at| log.line(at, ("INFO", "audit"), &denied));
}

fn rule(name: &str) -> Rule {
    rules().into_iter().find(|rule| rule.name == name).unwrap()
}

/// The time of the first mail of `timer-stopped`, after `THEN`.
fn first_mail(log: &Log, to: i64) -> Option<i64> {
    rule("timer-stopped").mails(log, (THEN - HOUR, to)).first().map(|(at, _)| at - THEN)
}

/// A log in which every timer runs from `from` on, except one, which stops at `THEN`.
fn with_stopped_timer(stopped: &str, delay: i64, from: i64) -> Log {
    let mut log = Log::with_delay(delay);
    for (timer, period) in TIMERS {
        let to = if timer == stopped { THEN } else { THEN + 14 * HOUR };
        log.timer(timer, period, (from, to));
    }
    log
}

#[test]
fn a_timer_that_stops_is_seen_after_two_of_its_periods_whatever_else_runs() {
    for (timer, minutes) in [
        ("EndAssignments", 20),
        ("FinishApprovals", 20),
        ("CheckHealth", 25),
        ("SettleIntents", 35),
    ] {
        for delay in [0, LATEST] {
            let mut log = with_stopped_timer(timer, delay, THEN - 12 * HOUR);
            // A caller looks at Health, and requests are worked on.
            log.timer("Health", MINUTE, (THEN - HOUR, THEN + 3 * HOUR));
            log.timer("AssignRole", MINUTE, (THEN - HOUR, THEN + 3 * HOUR));
            assert_eq!(
                first_mail(&log, THEN + 3 * HOUR),
                Some(minutes * MINUTE),
                "{timer} {delay}"
            );
        }
    }
    let log = with_stopped_timer("ReconcileRoles", 0, THEN - 12 * HOUR);
    let first = first_mail(&log, THEN + 14 * HOUR).unwrap();
    assert!((12 * HOUR..13 * HOUR).contains(&first), "{first}");
}

#[test]
fn a_timer_that_never_ran_is_missed_from_the_first_start_of_the_handler_on() {
    for (missing, _) in TIMERS {
        let mut log = Log::default();
        assert_eq!(first_mail(&log, THEN + DAY), None, "before the first package");
        // Handlers start again and again, as when an app scales.
        for minute in 0..60 {
            log.line(THEN + minute * MINUTE, ("INFO", "handler.started"), &json!({}));
        }
        assert_eq!(first_mail(&log, THEN + HOUR), Some(20 * MINUTE), "nothing runs");
        for (timer, period) in TIMERS.into_iter().filter(|(timer, _)| *timer != missing) {
            log.timer(timer, period, (THEN + MINUTE, THEN + DAY));
        }
        let first = first_mail(&log, THEN + DAY).unwrap();
        let expected = match missing {
            "EndAssignments" | "FinishApprovals" => 15 * MINUTE..25 * MINUTE,
            "ReconcileRoles" => 12 * HOUR..13 * HOUR,
            _ => 20 * MINUTE..40 * MINUTE,
        };
        assert!(expected.contains(&first), "{missing}: {first}");
    }
}

/// An assignment or a write that a line of the two timers names.
fn named_role() -> Value {
    json!({ "principal_id": "p", "resource_id": "a", "app_role_id": "r", "invocation_id": "i",
        "end_date_time": "2026-12-01T00:00:00Z", "intended_at": "2026-12-01T00:00:00Z" })
}

#[test]
fn an_end_that_is_late_is_seen_by_its_line_or_by_runs_that_fail() {
    assert_raises(&["late-end"], |log, at| {
        for minute in 0..30 {
            log.line(at + minute * MINUTE, ("ERROR", "end.late"), &named_role());
        }
    });
    assert_raises(&["late-end"], |log, at| {
        for minute in 0..15 {
            log.request(at + minute * MINUTE, "EndAssignments", (false, "0"));
        }
    });
}

#[test]
fn an_intent_that_cannot_be_settled_is_seen_by_its_line_or_by_runs_that_fail() {
    assert_raises(&["unsettled-intent"], |log, at| {
        log.line(at, ("ERROR", "intent.unsettled"), &named_role());
    });
    assert_raises(&["unsettled-intent"], |log, at| {
        for run in 0..3 {
            log.request(at + run * 10 * MINUTE, "SettleIntents", (false, "0"));
        }
    });
}

#[test]
fn an_approved_request_that_is_late_is_seen_by_its_line_or_by_runs_that_fail() {
    let approval = json!({ "approval_id": "a", "principal_id": "p", "requester": "queue:q" });
    assert_raises(&["approval-late"], |log, at| {
        for minute in 0..30 {
            log.line(at + minute * MINUTE, ("ERROR", "approval.late"), &approval);
        }
    });
    assert_raises(&["approval-late"], |log, at| {
        for minute in 0..30 {
            log.request(at + minute * MINUTE, "FinishApprovals", (false, "0"));
        }
    });
}

#[test]
fn approvals_that_are_decided_or_wait_raise_nothing() {
    assert_raises(&[], |log, at| {
        for event in ["approval.requested", "approval.given", "approval.denied", "approval.done"] {
            log.line(at, ("INFO", event), &json!({ "approval_id": "a" }));
        }
        for event in ["approval.expired", "approval.refused", "approval.changed", "event.not_sent"]
        {
            log.line(at, ("WARN", event), &json!({ "approval_id": "a" }));
        }
        // The next run succeeds.
        log.request(at, "FinishApprovals", (false, "0"));
    });
}

#[test]
fn ends_and_settlements_that_succeed_or_fail_once_raise_nothing() {
    assert_raises(&[], |log, at| {
        for event in ["end.set", "end.done", "intent.settled"] {
            log.line(at, ("INFO", event), &named_role());
        }
        for event in ["end.not_ours", "end.not_held"] {
            log.line(at, ("WARN", event), &named_role());
        }
        // The next run of either succeeds.
        log.request(at, "EndAssignments", (false, "0"));
        log.request(at, "SettleIntents", (false, "0"));
    });
}

#[test]
fn a_dead_timer_is_reported_until_it_is_two_days_old() {
    let mut log = Log::default();
    log.timer("CheckHealth", 5 * MINUTE, (THEN - HOUR, THEN));
    let mails = rule("timer-stopped").mails(&log, (THEN, THEN + 3 * DAY));
    let last = mails.last().unwrap().0 - THEN;
    assert!(mails.len() == 8 && last > 40 * HOUR, "{mails:?}");
}

/// An entry of Entra's log by the broker's identity.
fn entry(log: &mut Log, id: &str, operation: &str, at: i64) {
    let targets = json!([{ "id": "x", "modifiedProperties": [
        { "displayName": "AlternativeName", "oldValue": null, "newValue": "\"y\"" }] }]);
    let row = json!({ "Id": id, "OperationName": operation, "Result": "success",
        "CorrelationId": "c", "TargetResources": targets,
        "InitiatedBy": { "app": { "servicePrincipalId": BROKER }, "user": { "id": "" } } });
    log.add("AuditLogs", at, row);
}

#[test]
fn each_entry_of_entra_is_one_mail_however_late_it_arrives() {
    for (name, operation) in [
        ("unexplained-assignment", "Add delegated permission grant"),
        ("changed-resource-id", "Update service principal"),
    ] {
        for delay in [0, LATEST, 7 * HOUR, 20 * HOUR] {
            let mut log = Log::with_delay(delay);
            entry(&mut log, "first", operation, THEN);
            entry(&mut log, "second", operation, THEN + 20 * MINUTE);
            let mails = rule(name).mails(&log, (THEN, THEN + 2 * DAY));
            let ids: Vec<_> = mails.iter().map(|(_, id)| id.as_str()).collect();
            assert_eq!(ids, ["first", "second"], "{name}, {delay} seconds late");
        }
    }
}

#[test]
fn a_second_fault_while_the_alert_is_quiet_gets_a_mail_afterwards() {
    for rule in rules().iter().filter(|rule| rule.name == "given-up") {
        for minute in 1..60 {
            let mut log = Log::with_delay(LATEST);
            log.queued(THEN, "app-role-failed");
            log.queued(THEN + minute * MINUTE, "resource-events-poison");
            let mails = rule.mails(&log, (THEN, THEN + 4 * HOUR));
            let last = mails.last().unwrap().0;
            let read: Vec<Row> = rule.rows(&log, last);
            let is_second = |row: &Row| row["Place"].as_str().unwrap().contains("resource-events");
            assert!(read.iter().any(is_second), "{minute}");
        }
    }
}
