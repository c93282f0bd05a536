//! Reading over HTTP, without permissions in the tenant: `list --through-broker` and `approvals status`.

use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_API_URI, ORDERS_IDENTITY, ORDERS_READ};

use crate::{
    fake_approvals::{APPROVAL, approval},
    fake_broker::{Answer, result},
    fake_reading::FakeReading,
    world::World,
};

const LIST: [&str; 5] = ["list", "id-orders", "--api", "api://orders", "--through-broker"];
const STATUS: [&str; 3] = ["approvals", "status", APPROVAL];

/// Returns what the broker answers about id-orders.
pub(crate) fn held(roles: &[Value]) -> Value {
    json!({
        "invocationId": "5f0a7d0e-0000-4000-8000-000000000000", "function": "AssignRoleHttp",
        "requester": "key:orders-team",
        "principal": { "objectId": ORDERS_IDENTITY, "displayName": "id-orders" },
        "api": { "objectId": ORDERS_API, "displayName": "Orders API" }, "assignments": roles,
    })
}

/// Returns a role that is held and ends.
pub(crate) fn role() -> Value {
    json!({ "id": ORDERS_READ, "value": "Orders.Read", "privileged": false, "assignmentId": "a",
            "createdDateTime": "2026-08-20T10:11:12.5Z", "endDateTime": "2026-08-21T10:11:12Z",
            "tokensUntil": "2026-08-22T10:11:12Z", "rule": "orders workloads" })
}

#[tokio::test]
async fn the_broker_lists_what_a_principal_holds_for_a_caller_without_any_right() {
    let world = World::with_roles(&[]).await;
    let broker = FakeReading::start(Answer(200, held(&[role()]))).await;
    let ended = broker.run(&world, &LIST).await;
    ended.assert_done(&[
        "Orders.Read",
        "2026-08-20T10:11:12Z",
        "2026-08-21T10:11:12Z",
        "orders workloads",
    ]);
    ended.assert_failed(0, &["roles of Orders API that id-orders holds, as far as a rule"]);
    let shown = broker.run(&world, &[&LIST[..], &["--output", "json"]].concat()).await;
    assert_eq!(shown.json(), held(&[role()]));
    let (path, query, headers) = broker.calls().remove(0);
    assert_eq!(path, "/api/app-role-assignments");
    assert_eq!(query, "principal=id-orders&api=api%3A%2F%2Forders");
    assert_eq!(headers["x-functions-key"], "secret-key");
    assert!(world.tenant.requests().is_empty(), "the tenant is the broker's business");
    let options = ["--audience", ORDERS_API_URI, "--route", "api/people"];
    let command = broker.command(&world, &[&LIST[..], &options].concat());
    crate::world::end(command, "").await.assert_done(&["Orders.Read"]);
    let (path, _, headers) = broker.calls().remove(2);
    assert_eq!(path, "/api/people");
    assert!(headers.contains_key("authorization") && !headers.contains_key("x-functions-key"));
}

#[tokio::test]
async fn nothing_to_see_is_an_empty_list() {
    let world = World::with_roles(&[]).await;
    let broker = FakeReading::start(Answer(200, held(&[]))).await;
    let ended = broker.run(&world, &LIST).await;
    ended.assert_failed(0, &["id-orders holds no app role of Orders API that a rule lets you see"]);
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn a_refusal_to_show_has_its_exit_status_and_says_what_to_do() {
    let world = World::with_roles(&[]).await;
    let problem = |told: &str| json!({ "detail": told, "invocationId": "5f0a7d0e" });
    for (status, body, code, texts) in [
        (403, problem("no rule"), 3, &["the broker refused: no rule", "action \"read\""][..]),
        (401, json!(null), 3, &["check the function key"]),
        (404, problem("no such principal"), 4, &["no such principal", "use IDs"]),
        (404, json!("<html>"), 1, &["check the URL of --broker"]),
        (409, problem("two principals"), 4, &["two principals"]),
        (400, problem("api: unknown"), 1, &["under invocation 5f0a7d0e"]),
        (503, problem("busy"), 1, &["the broker is unavailable: busy"]),
        (200, json!({}), 1, &["the answer did not come from the broker"]),
        (200, json!({ "assignments": 5 }), 1, &["the answer did not come from the broker"]),
    ] {
        let broker = FakeReading::start(Answer(status, body)).await;
        let ended = broker.run(&world, &[&LIST[..], &["--wait", "0"]].concat()).await;
        ended.assert_failed(code, texts);
        assert!(ended.stderr.contains("hint: "), "{ended:?}");
        assert_eq!(ended.stdout, "", "{ended:?}");
    }
}

#[tokio::test]
async fn the_broker_must_be_asked_about_an_api_and_with_a_key_or_a_sign_in() {
    let world = World::new().await;
    world.run(&["list", "id-orders", "--through-broker"]).await.assert_failed(2, &["--api"]);
    let broker = FakeReading::start(Answer(200, held(&[]))).await;
    let ended = crate::world::end(broker.command(&world, &LIST), "").await;
    ended.assert_failed(2, &["APP_ROLE_BROKER_KEY", "--audience"]);
    assert!(broker.calls().is_empty());
}

#[tokio::test]
async fn a_list_can_be_limited_to_one_api() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let graph = tenant_emulator::contoso::MICROSOFT_GRAPH;
    world.tenant.grant(ORDERS_IDENTITY, graph, "Sites.Selected").unwrap();
    let rows = world.json(&["list", "id-orders", "--api", "api://orders"]).await;
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["role"]), (1, &json!("Orders.Read")));
    let ended = world.run(&["list", "id-orders", "--api", "exchange"]).await;
    assert_ne!(ended.code, 0, "the tenant has no such API: {ended:?}");
    let ended = world.run(&["list", "id-reports", "--api", "graph"]).await;
    ended.assert_done(&["holds no app role of Microsoft Graph"]);
}

#[tokio::test]
async fn a_requester_sees_what_became_of_a_request_that_waited() {
    let world = World::with_roles(&[]).await;
    let mut denied = result("denied", "an approver has denied it");
    denied["approvalId"] = json!(APPROVAL);
    for (status, body, code, texts) in [
        (202, approval(2), 7, &["waits for 2 more approvals", "Orders.Read"][..]),
        (200, result("assigned", ""), 0, &["assigned"]),
        (200, denied, 3, &["denied", "an approver has denied it"]),
        (200, result("expired", "too late"), 1, &["expired"]),
    ] {
        let broker = FakeReading::start(Answer(status, body.clone())).await;
        broker.run(&world, &STATUS).await.assert_said(code, texts);
        let shown = broker.run(&world, &[&STATUS[..], &["--output", "json"]].concat()).await;
        assert_eq!((shown.code, shown.json()), (code, body));
        let (path, query, headers) = broker.calls().remove(0);
        assert_eq!(
            (path.as_str(), query),
            ("/api/app-role-assignments", format!("approval={APPROVAL}"))
        );
        assert_eq!(headers["x-functions-key"], "secret-key");
    }
    let other = APPROVAL.replace("0001", "0002");
    let broker = FakeReading::start(Answer(202, approval(1))).await;
    let ended = broker.run(&world, &["approvals", "status", &other]).await;
    ended.assert_failed(1, &["and answers 5f0a7d0e"]);
    for body in [json!({}), json!("<html>"), json!({ "roles": [] })] {
        for status in [200, 202] {
            let broker = FakeReading::start(Answer(status, body.clone())).await;
            broker.run(&world, &STATUS).await.assert_failed(1, &["hint: "]);
        }
    }
}
