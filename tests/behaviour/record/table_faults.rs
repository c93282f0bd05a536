//! The tables of the record fail before a write, between it and its row, and after that.

use futures_util::future::join_all;
use serde_json::Value;
use storage_emulator::{Entity, StorageError, TableFault, TableOperationKind as Kind, TableRule};
use tenant_emulator::contoso::{ORDERS_IDENTITY, ORDERS_READ};

use crate::{
    record::intents::{AUDIT, INTENTS},
    world::{Setup, World, request_by_names, role, statuses, valid_request},
};

/// The ways in which a table fails: it closes connections, is busy, denies access, hangs, or carries out a
/// request without answering.
const AWAY: [TableFault; 5] = [
    TableFault::ConnectionClosed,
    TableFault::Error { status: 503, code: "ServerBusy" },
    TableFault::Error { status: 403, code: "AuthorizationPermissionMismatch" },
    TableFault::Held,
    TableFault::AnswerLost,
];

/// Runs a test once for each way, side by side.
pub(crate) async fn in_every_way(test: impl AsyncFn(TableFault)) {
    join_all(AWAY.iter().map(|fault| test(*fault))).await;
}

async fn world() -> World {
    Setup::new().await.with_wide_policy().start().await
}

/// The statuses in the rows of a table; none if it does not exist.
async fn rows(world: &World, table: &str) -> Vec<String> {
    let entities = match world.account.table(table).entities().await {
        Ok(entities) => entities,
        Err(StorageError::NotFound { .. }) => Vec::new(),
        Err(error) => panic!("{error}"),
    };
    let status = |row: &Entity| row.properties.get("status")?.as_str().map(str::to_owned);
    let mut rows: Vec<_> = entities.iter().map(|row| status(row).unwrap_or_default()).collect();
    rows.sort_unstable();
    rows
}

/// The status of the only role, and the delivery that was answered.
fn status_and_attempt(result: &Value) -> (&str, u64) {
    (role(result)["status"].as_str().unwrap(), result["attempt"].as_u64().unwrap())
}

/// A grant during whose delivery one request to a table fails.
async fn grant_with_one_fault((table, kind, fault): (&str, Kind, TableFault)) {
    let world = world().await;
    let rule = world.tables.add(TableRule::new(fault).table(table).kind(kind).only(1));
    let result = world.result_of(&valid_request()).await;
    let case = format!("{fault:?} of {kind:?} in {table}");
    assert_eq!(status_and_attempt(&result), ("assigned", 1), "{case}");
    assert_eq!(rule.hits(), 1, "{case}");
    assert_eq!(rows(&world, AUDIT).await, ["assigned"], "{case}");
    assert_eq!(rows(&world, INTENTS).await, [""; 0], "{case}");
    assert_eq!(written(&world), 1, "{case}");
}

#[tokio::test]
async fn a_fault_that_passes_is_overcome_in_the_delivery() {
    let faults = [
        (INTENTS, Kind::Upsert, TableFault::ConnectionClosed),
        (INTENTS, Kind::Upsert, TableFault::AnswerLost),
        (AUDIT, Kind::Insert, TableFault::ConnectionClosed),
        (AUDIT, Kind::Insert, TableFault::AnswerLost),
        (INTENTS, Kind::Delete, TableFault::ConnectionClosed),
        (INTENTS, Kind::Delete, TableFault::AnswerLost),
    ];
    let statuses = [
        (408, "RequestTimeout"),
        (425, ""),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (503, "ServerBusy"),
        (509, ""),
    ];
    let statuses =
        statuses.map(|(status, code)| (INTENTS, Kind::Upsert, TableFault::Error { status, code }));
    join_all(faults.into_iter().chain(statuses).map(grant_with_one_fault)).await;
}

/// The number of writes that the broker has made.
fn written(world: &World) -> usize {
    let writes = world.tenant.accepted_writes();
    writes.iter().filter(|write| write.client_request_id.is_some()).count()
}

#[tokio::test]
async fn without_an_intent_nothing_is_written_and_the_request_comes_back() {
    in_every_way(async |fault| {
        let world = world().await;
        let away = world.tables.add(TableRule::new(fault).table(INTENTS).kind(Kind::Upsert));
        world.requests.send(&valid_request()).await.unwrap();
        world.log_line("record.unavailable").await;
        world.log_line("request.not_yet").await;
        assert!(world.tenant_is_unchanged(), "{fault:?}");
        assert!(world.messages(&world.results).await.is_empty(), "{fault:?}");
        assert_eq!(rows(&world, AUDIT).await, [""; 0], "{fault:?}");
        away.discard();
        let result = world.next_results(1).await.remove(0);
        assert_eq!(role(&result)["status"], "assigned", "{fault:?}: {result}");
        assert_eq!(rows(&world, AUDIT).await, ["assigned"], "{fault:?}");
        assert_eq!(written(&world), 1, "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn without_a_row_a_write_is_not_answered_and_its_intent_stays() {
    in_every_way(async |fault| {
        let world = world().await;
        let away = world.tables.add(TableRule::new(fault).table(AUDIT).kind(Kind::Insert));
        world.requests.send(&valid_request()).await.unwrap();
        world.log_line("record.unavailable").await;
        world.log_line("request.not_yet").await;
        let write = world.tenant.accepted_writes().pop().unwrap();
        // The log has the record of the write.
        let logged = world.log_line("grant.intent").await;
        assert!(logged.contains(&write.client_request_id.unwrap()), "{fault:?}: {logged}");
        assert!(world.log_line("\"audit\"").await.contains("\"assigned\""), "{fault:?}");
        assert!(world.messages(&world.results).await.is_empty(), "{fault:?}");
        assert_eq!(rows(&world, INTENTS).await.len(), 1, "{fault:?}");
        away.discard();
        let result = world.next_results(1).await.remove(0);
        assert_eq!(role(&result)["status"], "alreadyAssigned", "{fault:?}: {result}");
        assert_eq!(written(&world), 1, "{fault:?}");
        // A timer will record who made the assignment.
        assert_eq!(rows(&world, INTENTS).await.len(), 1, "{fault:?}");
        let recorded = rows(&world, AUDIT).await;
        assert!(recorded.contains(&"alreadyAssigned".to_owned()), "{fault:?}: {recorded:?}");
    })
    .await;
}

#[tokio::test]
async fn an_intent_that_cannot_be_deleted_keeps_no_answer_back() {
    in_every_way(async |fault| {
        let world = world().await;
        let away = world.tables.add(TableRule::new(fault).table(INTENTS).kind(Kind::Delete));
        let result = world.result_of(&valid_request()).await;
        assert_eq!(status_and_attempt(&result), ("assigned", 1), "{fault:?}");
        world.log_line("intent.not_closed").await;
        assert!(away.hits() > 0);
        assert_eq!(rows(&world, AUDIT).await, ["assigned"], "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_a_write_needs_its_row_too() {
    let dry_run = request_by_names("assign", "id-orders", &["Orders.Read"]);
    for (message, status) in [
        (request_by_names("assign", "id-orders", &["Orders.Admin"]), "denied"),
        (request_by_names("assign", "id-absent", &["Orders.Read"]), "notFound"),
        (request_by_names("assign", "id-orders", &["Orders.Absent"]), "notFound"),
        ("no request".to_owned(), "invalid"),
        (request_by_names("revoke", "id-orders", &["Orders.Read"]), "alreadyRevoked"),
        (dry_run.replacen('{', r#"{"dryRun":true,"#, 1), "wouldAssign"),
    ] {
        let world = world().await;
        let away = world.tables.add(TableRule::new(TableFault::ConnectionClosed).table(AUDIT));
        world.requests.send(&message).await.unwrap();
        world.log_line("record.unavailable").await;
        world.log_line("request.not_yet").await;
        assert!(world.messages(&world.results).await.is_empty(), "{status}");
        away.discard();
        let result = world.next_results(1).await.remove(0);
        assert_eq!(role(&result)["status"], status, "{result}");
        assert_eq!(rows(&world, AUDIT).await, [status]);
        assert!(world.tenant_is_unchanged(), "{status}");
    }
}

#[tokio::test]
async fn a_request_that_can_never_be_recorded_becomes_a_dead_letter() {
    for message in [valid_request(), request_by_names("assign", "id-orders", &["Orders.Admin"])] {
        let world = Setup::new().await.with_wide_policy().with_deliveries(2).start().await;
        let _away = world.tables.add(TableRule::new(TableFault::ConnectionClosed));
        world.requests.send(&message).await.unwrap();
        let dead = world.wait_for_messages(&world.poison).await;
        assert_eq!(dead, [serde_json::from_str::<Value>(&message).unwrap()]);
        assert!(world.messages(&world.results).await.is_empty());
        assert!(world.messages(&world.failed).await.is_empty());
        assert!(world.tenant_is_unchanged());
    }
}

#[tokio::test]
async fn a_request_whose_intents_cannot_be_stored_on_its_last_delivery_is_kept_with_the_reason() {
    let world = Setup::new().await.with_wide_policy().with_deliveries(2).start().await;
    let _away = world.tables.add(TableRule::new(TableFault::ConnectionClosed).table(INTENTS));
    let roles = ["Orders.Read", "Orders.Write"];
    let result = world.result_of(&request_by_names("assign", "id-orders", &roles)).await;
    assert_eq!(statuses(&result)[0], "failed", "{result}");
    assert_eq!(result["roles"][0]["code"], "recordUnavailable", "{result}");
    assert_eq!(result["attempt"], 2);
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert!(kept["reason"].as_str().unwrap().contains("record of decisions"), "{kept}");
    assert_eq!(rows(&world, AUDIT).await.len(), 2);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn two_copies_of_one_message_are_one_write_and_a_row_each() {
    let world = world().await;
    for _ in 0..2 {
        world.requests.send(&valid_request()).await.unwrap();
    }
    let results = world.next_results(2).await;
    let mut told: Vec<_> = results.iter().map(|result| role(result)["status"].clone()).collect();
    told.sort_unstable_by_key(Value::to_string);
    assert_eq!(told, ["alreadyAssigned", "assigned"]);
    assert_eq!(rows(&world, AUDIT).await, ["alreadyAssigned", "assigned"]);
    assert_eq!(rows(&world, INTENTS).await, [""; 0]);
    assert_eq!(written(&world), 1);
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.iter().filter(|held| held.app_role_id == ORDERS_READ).count(), 1);
}
