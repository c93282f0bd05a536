//! `plan`: what the broker would do with a request.

use serde_json::json;
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ};

use crate::world::{POLICY, World};

const PLAN: [&str; 4] = ["plan", "-", "--requester", "queue:app-role-requests"];

fn request(principal: &str, roles: &[&str]) -> String {
    json!({ "principal": principal, "api": "api://orders", "roles": roles }).to_string()
}

#[tokio::test]
async fn an_invalid_request_is_reported_with_its_json_path() {
    let world = World::new().await;
    for (text, place) in [
        ("{", "request: is not complete"),
        (r#"{"principal":"id-orders","api":"api://orders"}"#, "the field `roles` is missing"),
        (r#"{"principal":"id-orders","api":"api://orders","roles":[7]}"#, "roles[0]"),
        (&" ".repeat(40_000), "32768"),
    ] {
        world
            .run_with(&PLAN, text)
            .await
            .assert_failed(1, &["the broker would reject the request", place]);
    }
    let missing = ["plan", "missing.json", "--requester", "queue:app-role-requests"];
    world.run(&missing).await.assert_failed(1, &["missing.json cannot be read"]);
    world.run(&["plan", "-"]).await.assert_failed(2, &["--requester"]);
    world.run(&["plan", "-", "--requester", "anybody"]).await.assert_failed(2, &["queue:"]);
}

#[tokio::test]
async fn each_answer_has_its_exit_status() {
    let world = World::new().await;
    for (request, code, texts) in [
        (request("id-orders", &["Orders.Admin"]), 3, ["denied", "names the role Orders.Admin"]),
        (request("id-reports", &["Orders.Read"]), 3, ["denied", "covers the principal"]),
        (request("id-ordres", &["Orders.Read"]), 4, ["notFound", "display name"]),
        (request("id-batch", &["Orders.Read"]), 4, ["ambiguous", "rg-batch-b"]),
        (request("id-orders", &["Orders.Raed"]), 4, ["notFound", "did you mean Orders.Read"]),
        (
            request("id-orders", &["Orders.Read"])
                .replace('{', r#"{"notAfter":"2020-01-01T00:00:00Z","#),
            1,
            ["expired", "notAfter has passed"],
        ),
        (
            request("id-orders", &["Orders.Read"])
                .replace('{', r#"{"endDateTime":"2020-01-01T00:00:00Z","#),
            1,
            ["expired", "endDateTime has passed"],
        ),
        (
            request("id-orders", &["Orders.Read"])
                .replace('{', r#"{"endDateTime":"2099-01-01T00:00:00Z","#),
            1,
            ["invalid", "more than 365 days away"],
        ),
    ] {
        world.run_with(&PLAN, &request).await.assert_said(code, &texts);
    }
    let other = ["plan", "-", "--requester", "queue:another-team"];
    let ended = world.run_with(&other, &request("id-orders", &["Orders.Read"])).await;
    ended.assert_said(3, &["denied", "queue:another-team"]);
}

#[tokio::test]
async fn a_plan_names_the_rule_and_changes_nothing() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Write").unwrap();
    world.write("request.json", &request("id-orders", &["Orders.Read", "Orders.Write"]));
    let plan = ["plan", "request.json", "--requester", "queue:app-role-requests"];
    world.run(&plan).await.assert_done(&["wouldAssign", "alreadyAssigned", "orders workloads"]);
    let result = world.json(&plan).await;
    assert_eq!(result["dryRun"], true);
    assert_eq!(result["requester"], "queue:app-role-requests");
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_plan_says_that_a_role_needs_an_approval() {
    let world = World::new().await;
    let approval = r#""approval": { "by": ["http:c0a70500-0000-4000-8000-000000000300"] }, "name""#;
    world.write("policy.json", &POLICY.replace("\"name\"", approval));
    let ended = world.run_with(&PLAN, &request("id-orders", &["Orders.Read"])).await;
    ended.assert_done(&["wouldAssign", "orders workloads", "approval"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_plan_shows_the_end_that_an_assignment_would_get() {
    let world = World::new().await;
    let text = request("id-orders", &["Orders.Read"]).replace('{', r#"{"duration":"PT8H","#);
    let ended = world.run_with(&PLAN, &text).await;
    ended.assert_done(&[
        "wouldAssign",
        "Orders.Read ends at 20",
        "tokens may still carry it until",
    ]);
    let limited = POLICY.replace("\"name\"", "\"maxDuration\": \"PT1H\", \"name\"");
    world.write("policy.json", &limited);
    world.run_with(&PLAN, &text).await.assert_said(3, &["denied", "for PT1H at most"]);
    let without = request("id-orders", &["Orders.Read"]);
    world.run_with(&PLAN, &without).await.assert_done(&["wouldAssign", "Orders.Read ends at 20"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn graphs_own_request_body_is_planned_and_the_brokers_identity_is_denied() {
    let world = World::new().await;
    let graphs = json!({
        "principalId": ORDERS_IDENTITY, "resourceId": ORDERS_API, "appRoleId": ORDERS_READ,
    });
    world.run_with(&PLAN, &graphs.to_string()).await.assert_done(&["wouldAssign"]);
    let own = [&PLAN[..], &["--broker-identity", ORDERS_IDENTITY]].concat();
    let ended = world.run_with(&own, &graphs.to_string()).await;
    ended.assert_said(3, &["denied", "the broker's own identity"]);
}

#[tokio::test]
async fn without_a_policy_everything_is_denied_with_the_reason() {
    let world = World::new().await;
    std::fs::remove_file(world.path("policy.json")).unwrap();
    let ended = world.run_with(&PLAN, &request("id-orders", &["Orders.Read"])).await;
    ended.assert_said(3, &["denied"]);
    ended.assert_failed(3, &["policy.json cannot be read"]);
}

#[tokio::test]
async fn a_plan_says_that_a_request_would_wait_for_an_approval() {
    let world = World::new().await;
    let approval =
        "\"approval\": { \"by\": [\"http:c0a70500-0000-4000-8000-0000000000e1\"] }, \"name\"";
    world.write("policy.json", &POLICY.replace("\"name\"", approval));
    world.write("request.json", &request("id-orders", &["Orders.Read"]));
    let plan = ["plan", "request.json", "--requester", "queue:app-role-requests"];
    world.run(&plan).await.assert_done(&["wouldAssign", "would wait for the approval"]);
    assert_eq!(world.json(&plan).await["roles"][0].get("approvedBy"), None);
    assert!(world.is_untouched());
}
