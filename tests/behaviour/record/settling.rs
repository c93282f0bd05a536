//! The timer that settles intents, while other things fail.

use functions_host_emulator::Outcome;
use storage_emulator::{TableFault, TableOperationKind, TableRule};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY},
};
use time::Duration;

use crate::{
    http::caller::{ask, setup as http_setup},
    record::intents::{AUDIT, INTENTS, SETTLE, is_settled_later, text},
    world::{Setup, TIMEOUT, World, request_by_names, statuses, valid_request},
};

/// A principal that does not exist.
const GONE: &str = "c0a70500-0000-4000-8000-00000000dead";

const OLD: Duration = Duration::hours(1);

async fn world() -> World {
    Setup::new().await.with_wide_policy().start().await
}

#[tokio::test]
async fn the_row_and_the_log_say_what_became_of_the_write() {
    let world = world().await;
    world.leave_intent(&[("traceId", Some("f55aab76358c26edf7b5fc760bfd2ffe"))], OLD).await;
    world.settle_all().await;
    let rows = world.rows_of(AUDIT).await;
    let [row] = rows.as_slice() else { panic!("{rows:#?}") };
    assert!(is_settled_later(row));
    assert_eq!(row.partition_key, ORDERS_IDENTITY);
    assert_eq!(row.row_key, "251000000000000-c0a70500-0000-4000-8000-00000000e001-00-settled");
    for (column, expected) in [
        ("status", "notWritten"),
        ("decision", "allowed"),
        ("requestId", "INC-1"),
        ("traceId", "f55aab76358c26edf7b5fc760bfd2ffe"),
        ("intendedAt", ""),
        ("writeUntil", ""),
        ("auditRowKey", ""),
    ] {
        assert_eq!(text(row, column), expected, "{column}");
    }
    for event in ["audit", "intent.settled"] {
        let line = world.event(event).await;
        assert_eq!((&line["status"], &line["settled_later"]), (&"notWritten".into(), &true.into()));
        assert_eq!(line["invocation_id"], "c0a70500-0000-4000-8000-00000000e001", "{line}");
        assert_eq!(line["requester"], "queue:app-role-requests", "{line}");
        assert_eq!(line["principal_id"], ORDERS_IDENTITY, "{line}");
        assert_eq!(line["target"], "record", "{line}");
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_assignment_that_was_made_by_hand_is_not_claimed() {
    let world = world().await;
    let by_hand = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let age = Duration::hours(3) - Duration::seconds(3);
    assert!(world.tenant.backdate(&by_hand, age.unsigned_abs()));
    for (age, expected) in [
        (Duration::hours(4), "notWritten"),
        (Duration::hours(3), "assigned"),
        (Duration::hours(2), "notWritten"),
    ] {
        let key = format!("{:015}-x-00", age.whole_seconds());
        world.leave_intent(&[("auditRowKey", Some(&key))], age).await;
        world.settle_all().await;
        let rows = world.rows_of(AUDIT).await;
        let row = rows.iter().find(|row| row.row_key == format!("{key}-settled")).unwrap();
        assert_eq!(text(row, "status"), expected, "{age}");
    }
}

#[tokio::test]
async fn an_intent_stays_while_microsoft_graph_is_down_and_is_settled_when_it_is_back() {
    let mut world = world().await;
    world.restart_to_settle().await;
    let down = Fault::error(503, "serviceNotAvailable", "The service is down.");
    world.tenant.answer_every(Route::ListAssignments, down);
    world.leave_intent(&[], Duration::seconds(5)).await;
    assert!(matches!(world.run_settling().await, Outcome::Succeeded));
    let line = world.event("intent.open").await;
    assert_eq!((&line["level"], &line["principal_id"]), (&"WARN".into(), &ORDERS_IDENTITY.into()));
    assert_eq!(world.intents().await.len(), 1);
    world.tenant.clear_faults(Route::ListAssignments);
    world.settle_all().await;
    world.assert_on_record().await;
    assert_eq!(world.rows_of(AUDIT).await.len(), 1);
}

#[tokio::test]
async fn an_intent_that_cannot_be_settled_for_half_an_hour_is_an_error() {
    let mut world = world().await;
    world.restart_to_settle().await;
    let denied = Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges.");
    world.tenant.answer_every(Route::ListAssignments, denied);
    world.leave_intent(&[], OLD).await;
    world.run_settling().await;
    let line = world.event("intent.unsettled").await;
    assert_eq!(line["level"], "ERROR");
    for (field, expected) in [
        ("principal_id", ORDERS_IDENTITY),
        ("resource_id", ORDERS_API),
        ("app_role_id", ORDERS_READ),
        ("action", "assign"),
        ("invocation_id", "c0a70500-0000-4000-8000-00000000e001"),
    ] {
        assert_eq!(line[field], expected, "{line}");
    }
    assert!(line["intended_at"].as_str().unwrap().ends_with('Z'), "{line}");
    assert_eq!(world.intents().await.len(), 1);
}

#[tokio::test]
async fn the_failure_of_one_principal_does_not_stop_the_others() {
    let mut world = world().await;
    world.restart_to_settle().await;
    let denied = Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges.");
    world.tenant.answer_next(Route::ListAssignments, denied);
    for principal in [ORDERS_IDENTITY, REPORTS_IDENTITY] {
        world.leave_intent(&[("PartitionKey", Some(principal))], OLD).await;
    }
    world.run_settling().await;
    assert_eq!((world.intents().await.len(), world.rows_of(AUDIT).await.len()), (1, 1));
    world.settle_all().await;
    assert_eq!(world.rows_of(AUDIT).await.len(), 2);
}

#[tokio::test]
async fn an_intent_stays_while_the_table_is_down_and_is_settled_once_when_it_is_back() {
    for (fault, table, kind) in [
        (TableFault::ConnectionClosed, INTENTS, TableOperationKind::Query),
        (TableFault::ConnectionClosed, AUDIT, TableOperationKind::Query),
        (TableFault::Error { status: 503, code: "ServerBusy" }, AUDIT, TableOperationKind::Insert),
        (TableFault::AnswerLost, AUDIT, TableOperationKind::Insert),
        (TableFault::ConnectionClosed, INTENTS, TableOperationKind::Delete),
    ] {
        let mut world = world().await;
        world.restart_to_settle().await;
        world.leave_intent(&[], OLD).await;
        let rule = world.tables.add(TableRule::new(fault).table(table).kind(kind));
        let outcome = world.run_settling().await;
        let is_listed = (table, kind) != (INTENTS, TableOperationKind::Query);
        assert_eq!(matches!(outcome, Outcome::Succeeded), is_listed, "{table} {kind:?}");
        let event = if is_listed { "intent.unsettled" } else { "settle.failed" };
        assert_eq!(world.event(event).await["level"], "ERROR");
        assert_eq!(world.intents().await.len(), 1, "{table} {kind:?}");
        rule.discard();
        world.settle_all().await;
        assert_eq!(world.rows_of(AUDIT).await.len(), 1, "{table} {kind:?}");
    }
}

#[tokio::test]
async fn the_unknown_outcome_of_a_call_is_found_out_later() {
    let mut world = http_setup().await.start().await;
    let lost = Fault::error(504, "UnknownError", "").after_the_effect();
    world.tenant.answer_every(Route::CreateAssignment, lost);
    // A lasting refusal, so that the answer does not depend on when the deadline passes.
    let denied = Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges.");
    world.tenant.answer_every(Route::ListAssignments, denied);
    let problem = world.post(&ask(&["Orders.Read"])).await.problem(503, "unavailable");
    assert_eq!(statuses(&problem), ["unknown"], "{problem}");
    assert_eq!(world.intents().await.len(), 1);
    for route in [Route::CreateAssignment, Route::ListAssignments] {
        world.tenant.clear_faults(route);
    }
    world.restart_to_settle().await;
    world.settle_all().await;
    let rows = world.assert_on_record().await;
    let outcomes: Vec<_> =
        rows.iter().map(|row| (text(row, "status"), is_settled_later(row))).collect();
    assert_eq!(outcomes, [("unknown", false), ("assigned", true)], "{rows:#?}");
    assert_eq!(rows[1].row_key, format!("{}-settled", rows[0].row_key));
}

#[tokio::test]
async fn two_timers_at_once_store_each_row_once() {
    let world = world().await;
    for principal in [ORDERS_IDENTITY, REPORTS_IDENTITY, GONE] {
        world.leave_intent(&[("PartitionKey", Some(principal))], OLD).await;
    }
    for _ in 0..4 {
        world.fire(SETTLE).await;
    }
    for run in world.host.wait_for_invocations(4, TIMEOUT).await.unwrap() {
        assert!(matches!(run.outcome, Outcome::Succeeded), "{run:?}");
    }
    assert_eq!((world.intents().await.len(), world.rows_of(AUDIT).await.len()), (0, 3));
}

#[tokio::test]
async fn the_outcome_for_a_principal_that_was_deleted_is_unknown() {
    let world = world().await;
    world.leave_intent(&[("PartitionKey", Some(GONE))], OLD).await;
    world.settle_all().await;
    let rows = world.rows_of(AUDIT).await;
    assert_eq!(text(&rows[0], "status"), "unknown");
    assert!(text(&rows[0], "message").contains("no longer exists"), "{rows:#?}");
}

#[tokio::test]
async fn an_intent_that_cannot_be_read_is_kept_and_reported() {
    let world = world().await;
    world.leave_intent(&[("apiId", None)], OLD).await;
    world.leave_intent(&[("PartitionKey", Some(REPORTS_IDENTITY))], OLD).await;
    world.run_settling().await;
    let line = world.event("intent.unsettled").await;
    assert!(line["message"].as_str().unwrap().contains("\"apiId\""), "{line}");
    assert_eq!((world.intents().await.len(), world.rows_of(AUDIT).await.len()), (1, 1));
}

#[tokio::test]
async fn a_young_intent_is_left_alone() {
    let world = world().await;
    world.leave_intent(&[], Duration::ZERO).await;
    world.run_settling().await;
    assert_eq!((world.intents().await.len(), world.rows_of(AUDIT).await.len()), (1, 0));
}

#[tokio::test]
async fn intents_are_settled_in_every_mode() {
    for mode in ["paused", "report"] {
        let setup = Setup::new().await.with_wide_policy().with_setting("BROKER_MODE", mode);
        let world = setup.start().await;
        world.leave_intent(&[], OLD).await;
        world.settle_all().await;
        assert_eq!(world.rows_of(AUDIT).await.len(), 1, "{mode}");
        assert!(world.tenant_is_unchanged());
    }
}

#[tokio::test]
async fn a_write_that_a_refusal_hid_while_lists_lagged_is_on_record_later() {
    let denied = || Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges.");
    let mut world = Setup::new().await.with_wide_policy().with_deliveries(1).start().await;
    world.tenant.set_list_lag(TIMEOUT);
    world.tenant.answer_next(Route::CreateAssignment, denied().after_the_effect());
    let result = world.result_of(&valid_request()).await;
    assert_eq!(statuses(&result), ["failed"], "{result}");
    assert_eq!(world.intents().await.len(), 1);
    // Nothing was written for this request.
    let refused = request_by_names("assign", REPORTS_IDENTITY, &["Orders.Read"]);
    world.tenant.answer_next(Route::CreateAssignment, denied());
    assert_eq!(statuses(&world.result_of(&refused).await), ["failed"]);
    world.tenant.set_list_lag(std::time::Duration::ZERO);
    world.restart_to_settle().await;
    world.settle_all().await;
    let rows = world.assert_on_record().await;
    let statuses: Vec<_> = rows.iter().map(|row| text(row, "status")).collect();
    assert_eq!(statuses, ["failed", "assigned", "failed"], "{rows:#?}");
}
