//! `policy`: validation and explanations.

use tenant_emulator::contoso::{ORDERS_IDENTITY, REPORTS_IDENTITY};

use crate::world::World;

fn explain<'a>(
    principal: &'a str,
    api: &'a str,
    role: &'a str,
    requester: &'a str,
) -> Vec<&'a str> {
    vec!["policy", "explain", principal, api, role, "--requester", requester]
}

const TEAM: &str = "queue:app-role-requests";

#[tokio::test]
async fn every_fault_of_a_policy_is_reported_without_signing_in() {
    let world = World::new().await;
    world.write("faulty.json", r#"{ "version": 1, "allow": [ { "name": "a", "requesters": ["x"], "principals": [], "api": "Orders API", "roles": ["*x"] } ] }"#);
    let mut command = world.command(&["policy", "check", "faulty.json"]);
    command.env_remove("IDENTITY_ENDPOINT");
    let ended = crate::world::end(command, "").await;
    for fault in ["requesters[0]", "principals", "api", "roles[0]"] {
        ended.assert_failed(1, &[&format!("allow[0].{fault} (rule \"a\")")]);
    }
    world.run(&["policy", "check", "missing.json"]).await.assert_failed(1, &["cannot be read"]);
}

#[tokio::test]
async fn a_likely_mistake_is_a_warning() {
    let world = World::new().await;
    let wide = world.read("policy.json").replace("/resourceGroups/rg-orders-dev", "");
    world.write("policy.json", &wide);
    let ended = world.run(&["policy", "check"]).await;
    ended.assert_done(&["warning: rule \"orders workloads\"", "policy.json is valid; sha256"]);
    let checked = world.json(&["policy", "check"]).await;
    assert_eq!(checked["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(checked["sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_denial_is_explained_by_the_nearest_rules() {
    let world = World::new().await;
    for (principal, role, requester, missing) in [
        ("id-orders", "Orders.Admin", TEAM, "\"roles\" does not name Orders.Admin"),
        ("id-reports", "Orders.Read", TEAM, "\"principals\" does not cover /subscriptions/"),
        ("id-orders", "Orders.Read", "queue:other", "\"requesters\" lacks queue:other"),
        ("id-orders", "Orders.Read", "cli:c0a70500-0000-4000-8000-000000000200", "lacks cli:"),
    ] {
        let ended = world.run(&explain(principal, "api://orders", role, requester)).await;
        ended.assert_said(3, &["denied", "NEAREST RULES", "orders workloads", missing]);
    }
    let graph = world.run(&explain("id-orders", "graph", "User.Read.All", TEAM)).await;
    graph.assert_said(3, &["noRuleForApi", "\"api\" is not 00000003-", "\"roles\" does not name"]);
}

#[tokio::test]
async fn a_denial_that_no_rule_can_change_is_explained() {
    let world = World::new().await;
    world.protect(&[ORDERS_IDENTITY]);
    let asked = explain("id-orders", "api://orders", "Orders.Read", TEAM);
    world.run(&asked).await.assert_said(3, &["protects the principal", "no rule can allow this"]);
    world.protect(&[]);
    let own = [&asked[..], &["--broker-identity", "id-orders"]].concat();
    world.run(&own).await.assert_said(3, &["the broker's own identity"]);
}

#[tokio::test]
async fn an_allowed_role_is_explained_by_its_rule() {
    let world = World::new().await;
    let asked = explain("id-orders", "api://orders", "orders.read", TEAM);
    world.run(&asked).await.assert_done(&["allowed by rule \"orders workloads\""]);
    assert_eq!(world.json(&asked).await["rule"], "orders workloads");
    let revoke = [&asked[..], &["--action", "revoke"]].concat();
    world.run(&revoke).await.assert_said(3, &["\"actions\" lacks revoke"]);
}

#[tokio::test]
async fn the_json_explanation_has_a_code_and_the_gaps() {
    let world = World::new().await;
    let asked = explain(REPORTS_IDENTITY, "api://orders", "Orders.Read", TEAM);
    let ended = world.run(&[&asked[..], &["--output", "json"]].concat()).await;
    assert_eq!(ended.code, 3);
    let answer = ended.json();
    assert_eq!(answer["decision"], "denied");
    assert_eq!(answer["code"], "noRuleForPrincipal");
    assert_eq!(answer["nearest"][0]["lacks"].as_array().unwrap().len(), 1);
}
