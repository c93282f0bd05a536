//! Calls over HTTP while the tables of the record fail.

use serde_json::json;
use storage_emulator::{TableFault, TableRule};
use tenant_emulator::contoso::ORDERS_IDENTITY;

use crate::{
    http::caller::{Answer, ask, setup},
    record::{
        intents::{AUDIT, INTENTS},
        table_faults::in_every_way,
    },
    world::{World, statuses},
};

/// A world whose callers need not wait for long.
async fn world() -> World {
    setup().await.with_setting("PACE_FACTOR", "0.1").start().await
}

fn assert_is_not_recorded(answer: &Answer) {
    let problem = answer.problem(503, "record-unavailable");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0, "{answer:?}");
    assert!(problem["detail"].as_str().unwrap().contains("record"), "{problem}");
}

#[tokio::test]
async fn no_call_is_answered_without_its_row_whatever_the_answer_would_be() {
    for (body, status) in [
        (ask(&["Orders.Read"]), 201),
        (ask(&["Orders.Admin"]), 403),
        (ask(&["Orders.Absent"]), 404),
        (json!({ "principal": ORDERS_IDENTITY }), 400),
    ] {
        let world = world().await;
        let away = world.tables.add(TableRule::new(TableFault::ConnectionClosed));
        assert_is_not_recorded(&world.post(&body).await);
        assert!(world.tenant_is_unchanged(), "{status}");
        away.discard();
        assert_eq!(world.post(&body).await.status, status);
        world.audit_rows(1).await;
    }
}

#[tokio::test]
async fn a_caller_whose_write_has_no_row_is_told_to_retry_and_then_that_it_is_done() {
    in_every_way(async |fault| {
        let world = world().await;
        let away = world.tables.add(TableRule::new(fault).table(AUDIT));
        assert_is_not_recorded(&world.post(&ask(&["Orders.Read"])).await);
        assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1, "{fault:?}");
        away.discard();
        let again = world.post(&ask(&["Orders.Read"])).await.success(200);
        assert_eq!(statuses(&again), ["alreadyAssigned"], "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_written_for_a_caller_without_an_intent() {
    in_every_way(async |fault| {
        let world = world().await;
        let away = world.tables.add(TableRule::new(fault).table(INTENTS));
        assert_is_not_recorded(&world.post(&ask(&["Orders.Read"])).await);
        assert!(world.tenant_is_unchanged(), "{fault:?}");
        away.discard();
        world.post(&ask(&["Orders.Read"])).await.success(201);
    })
    .await;
}

#[tokio::test]
async fn what_a_principal_holds_is_shown_without_the_tables() {
    let world = world().await;
    let _away = world.tables.add(TableRule::new(TableFault::ConnectionClosed));
    world.look("id-orders", "api://orders").await.success(200);
}
