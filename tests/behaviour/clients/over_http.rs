//! The examples that ask over HTTP.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_IDENTITY, ORDERS_READ};

use super::{
    examples::{Example, OVER_HTTP, Ran, run_all},
    scripted_broker::ScriptedBroker,
};
use crate::http::caller::{TEAM_KEY, setup};

const REQUEST: &str = include_str!("../../../examples/clients/request.json");

fn environment(broker: String, key: &str) -> [(&'static str, String); 2] {
    [("APP_ROLE_BROKER", broker), ("APP_ROLE_BROKER_KEY", key.to_owned())]
}

fn assert_each(ran: Vec<Ran>, status: i32, printed: &[&str]) {
    assert!(ran.iter().any(|one| one.file == "javascript/http.js"));
    for one in ran {
        let is_printed = printed.iter().any(|text| one.printed.contains(text));
        assert!(is_printed && one.status.is_some_and(|it| (it == 0) == (status == 0)), "{one:?}");
    }
}

#[tokio::test]
async fn each_example_is_granted_a_role_and_is_told_of_a_refusal() {
    let world = setup().await.start().await;
    let environment = environment(world.host.http_url().to_string(), TEAM_KEY);
    let granted = run_all(&OVER_HTTP, REQUEST, &environment).await;
    // Java's example prints the answer, as the platform has no JSON.
    let statuses = ["Orders.Read assigned", "Orders.Read alreadyAssigned", "\"status\":\"a"];
    assert_each(granted, 0, &statuses);
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert!(held.iter().map(|one| one.app_role_id.as_str()).eq([ORDERS_READ]), "{held:?}");

    let mut denied: Value = serde_json::from_str(REQUEST).unwrap();
    denied["roles"] = json!(["Orders.Admin"]);
    let denied = run_all(&OVER_HTTP, &denied.to_string(), &environment).await;
    assert_each(denied, 1, &["no rule for key:orders-team"]);
}

#[tokio::test]
async fn a_wrong_key_is_told_with_its_status() {
    let world = setup().await.start().await;
    let environment = environment(world.host.http_url().to_string(), "wrong");
    let refused = run_all(&OVER_HTTP, REQUEST, &environment).await;
    assert_each(refused, 1, &["401", "Unauthorized"]);
}

/// Those that read the status of an answer. The Azure CLI shows the body only.
fn readers_of_statuses() -> Vec<Example> {
    OVER_HTTP.into_iter().filter(|example| !example.file.starts_with("azure-cli/")).collect()
}

#[tokio::test]
async fn each_example_sends_again_when_it_may_and_waits_for_an_approval() {
    let run = |example: Example| async move {
        let broker = ScriptedBroker::start().await;
        let environment = environment(broker.url(), "a key");
        Some((example.run(REQUEST, &environment).await?, broker))
    };
    for (ran, broker) in
        join_all(readers_of_statuses().into_iter().map(run)).await.into_iter().flatten()
    {
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert_eq!(
            broker.calls(),
            [
                "POST /api/app-role-assignments a key",
                "POST /api/app-role-assignments a key",
                "POST /api/app-role-assignments a key",
                "GET /api/app-role-assignments?approval=5f0a7d0e a key",
                "GET /api/app-role-assignments?approval=5f0a7d0e a key",
            ],
            "{}",
            ran.file
        );
        let request: Value = serde_json::from_str(REQUEST).unwrap();
        assert!(broker.bodies().iter().take(3).all(|body| *body == request), "{}", ran.file);
    }
}
