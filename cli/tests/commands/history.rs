//! `history`: what a principal got and lost, and what the record does not know.

use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY, REPORTS_IDENTITY};
use time::Duration;

use crate::{
    record::{INVOCATION, RowWriter, assigned, key, with},
    world::{Ended, World, end},
};

/// Shows the history of a principal.
async fn history(world: &World, rows: &RowWriter, principal: &str, more: &[&str]) -> Ended {
    let mut command = world.command(&[&["history", principal], more].concat());
    command.env("APP_ROLE_AUDIT", rows.connection());
    end(command, "").await
}

/// A row about a removal that began so long ago.
fn revoked(began: Duration, requester: &str) -> Value {
    let more = json!({ "RowKey": key(began, INVOCATION), "status": "revoked",
                       "action": "revoke", "requester": requester });
    with(assigned(began), &more)
}

#[tokio::test]
async fn a_history_joins_the_record_with_what_is_held_now() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Write").unwrap();
    let rows = RowWriter::with_audit_table().await;
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    let known = json!({ "assignmentId": held[0].id, "approvedBy": "http:c0a70500-0000-4000-8000-0000000000c9" });
    rows.record(&with(assigned(Duration::hours(1)), &known)).await;
    rows.record(&revoked(Duration::hours(2), "timer:EndAssignments")).await;
    rows.record(&assigned(Duration::hours(3))).await;
    let denied = json!({ "RowKey": key(Duration::hours(4), INVOCATION), "status": "denied" });
    rows.record(&with(assigned(Duration::hours(4)), &denied)).await;
    let ended = history(&world, &rows, "id-orders", &[]).await;
    ended.assert_done(&[
        "id-orders (object ID c0a70500",
        "Orders.Read on Orders API: held since",
        "approved by http:c0a70500-0000-4000-8000-0000000000c9",
        "revoked for timer:EndAssignments",
        "reason reads its own API",
        "Orders.Write on Orders API: held since",
        "not on record: who assigned it: it was not the broker, or it was before its record began",
    ]);
    assert!(!ended.stdout.contains("denied"), "a denied request changed nothing: {ended:?}");
    let order: Vec<_> = ended.stdout.lines().filter(|line| line.contains(", rule ")).collect();
    assert_eq!(order.len(), 3, "{ended:?}");
    assert!(order[1].contains("revoked"), "the newest comes first: {ended:?}");
    let document = history(&world, &rows, "id-orders", &["--output", "json"]).await.json();
    assert_eq!(document["principalId"], ORDERS_IDENTITY);
    assert_eq!(document["grants"][0]["changes"].as_array().unwrap().len(), 3);
    assert_eq!(document["grants"][0].get("notOnRecord"), None, "{document}");
    assert_eq!(document["grants"][1]["held"], true);
}

#[tokio::test]
async fn a_grant_that_is_gone_without_a_row_is_said() {
    let world = World::new().await;
    let rows = RowWriter::with_audit_table().await;
    rows.record(&assigned(Duration::hours(3))).await;
    let ended = history(&world, &rows, "id-orders", &[]).await;
    ended.assert_done(&[
        "Orders.Read on Orders API: not held",
        "who removed it: the broker did not",
    ]);
}

#[tokio::test]
async fn a_deleted_principal_is_found_by_its_id() {
    let world = World::new().await;
    let rows = RowWriter::with_audit_table().await;
    rows.record(&assigned(Duration::hours(3))).await;
    world.tenant.remove_service_principal(ORDERS_IDENTITY);
    let ended = history(&world, &rows, ORDERS_IDENTITY, &[]).await;
    ended.assert_done(&[
        "id-orders (object ID",
        "has this principal no more",
        "assigned for queue:",
    ]);
    assert!(!ended.stdout.contains("not on record"), "{ended:?}");
    history(&world, &rows, "id-orders", &[])
        .await
        .assert_failed(4, &["no principal \"id-orders\""]);
    let nobody = "c0a70500-0000-4000-8000-00000000ffff";
    history(&world, &rows, nobody, &[]).await.assert_failed(4, &["no principal"]);
}

#[tokio::test]
async fn a_principal_without_a_past_has_an_empty_history() {
    let world = World::new().await;
    let ended = history(&world, &RowWriter::new().await, REPORTS_IDENTITY, &[]).await;
    ended.assert_done(&["id-reports", "it holds no app role, and the record has no change of it"]);
    let ended = world.run(&["history", "id-reports"]).await;
    ended.assert_failed(2, &["no storage account is named", "APP_ROLE_AUDIT"]);
}
