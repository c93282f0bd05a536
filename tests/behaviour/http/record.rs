//! The record of requests over HTTP.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use reqwest::Method;
use storage_emulator::Entity;
use tenant_emulator::{Route, contoso::managed_identities};

use crate::{
    http::caller::{TEAM, TEAM_KEY, ask, ask_for, send, setup},
    world::{World, http_client},
};

/// A realistic number of concurrent calls, below the number that the handler accepts.
const CROWD: usize = 500;

async fn world() -> World {
    setup().await.start().await
}

fn texts<'a>(rows: &'a [Entity], name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row.properties[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_unauthenticated_call_and_a_read_are_not_recorded() {
    let world = world().await;
    send(world.call(Method::POST, "").json(&ask(&["Orders.Read"]))).await;
    world.look("id-orders", "api://orders").await.success(200);
    world.post(&ask(&["Orders.Read"])).await.success(201);
    assert_eq!(texts(&world.audit_rows(1).await, "status"), ["assigned"]);
}

#[tokio::test]
async fn an_invalid_request_is_recorded_with_its_requester() {
    let world = world().await;
    let asked = |query: &str| world.call(Method::POST, query).header("x-functions-key", TEAM_KEY);
    let call = || asked("");
    send(call()).await.problem(400, "invalid");
    send(call().body("{}")).await.problem(415, "unsupported-media-type");
    send(asked("dryRun=true").json(&ask(&["Orders.Read"]))).await.problem(400, "invalid");
    send(call().json(&ask(&[]))).await.problem(400, "invalid");
    let rows = world.audit_rows(4).await;
    assert_eq!(texts(&rows, "status"), ["invalid"; 4]);
    assert_eq!(texts(&rows, "requester"), [format!("key:{TEAM}").as_str(); 4]);
    let partitions: BTreeSet<_> = rows.iter().map(|row| row.partition_key.as_str()).collect();
    assert_eq!(partitions, BTreeSet::from(["unresolved"]));
    assert!(texts(&rows, "message").iter().any(|text| text.contains("roles")), "{rows:#?}");
}

#[tokio::test]
async fn every_role_of_a_denied_request_is_a_row() {
    let world = world().await;
    let problem = world.post(&ask(&["Orders.Read", "Orders.Admin"])).await.problem(403, "denied");
    let rows = world.audit_rows(2).await;
    assert_eq!(texts(&rows, "status"), ["notAttempted", "denied"]);
    let id = problem["invocationId"].as_str().unwrap();
    assert_eq!(texts(&rows, "invocationId"), [id; 2]);
    assert_eq!(texts(&rows, "function"), ["AssignRoleHttp"; 2]);
}

#[tokio::test]
async fn five_hundred_calls_at_once_are_five_hundred_assignments_and_rows() {
    // Long deadlines, for many calls on a busy machine.
    let setup = setup().await.with_setting("PACE_FACTOR", "1");
    let identities = managed_identities(CROWD);
    for identity in &identities {
        setup.tenant.add_service_principal(identity.clone());
    }
    let world = setup.start().await;
    let client = http_client();
    let url = world.host.http_url().join("api/app-role-assignments").unwrap();
    let calls = identities.iter().map(|identity| {
        let body = ask_for(&identity.id, &["Orders.Read"]);
        let call = client.post(url.clone()).timeout(Duration::from_secs(150));
        send(call.header("x-functions-key", TEAM_KEY).json(&body))
    });
    for answer in join_all(calls).await {
        answer.success(201);
    }
    for identity in &identities {
        assert_eq!(world.tenant.assignments_of(&identity.id).len(), 1, "{}", identity.id);
    }
    assert_eq!(world.tenant.count(Route::CreateAssignment), CROWD);
    let rows = world.audit_rows(CROWD).await;
    let partitions: BTreeSet<_> = rows.iter().map(|row| row.partition_key.as_str()).collect();
    assert_eq!(partitions.len(), CROWD);
}
