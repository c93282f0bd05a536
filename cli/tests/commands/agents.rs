//! Agents and their blueprints: commands say that roles of a blueprint reach all its agents.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route, ServicePrincipal, ServicePrincipalType,
    contoso::{MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY},
};

use crate::world::{POLICY, World};

const BLUEPRINT: &str = "c0a70500-0000-4000-8000-00000000b100";
const AGENT: &str = "c0a70500-0000-4000-8000-00000000b200";
const FANS_OUT: &str = "all its agents, present and future";

/// A tenant with a blueprint that holds two roles, and an agent that holds one.
async fn world() -> World {
    let world = World::new().await;
    for (kind, id, name) in [
        (ServicePrincipalType::AgentBlueprint, BLUEPRINT, "Helpdesk blueprint"),
        (ServicePrincipalType::Agent, AGENT, "Helpdesk agent"),
    ] {
        let app_id = id.replace("00b", "00c");
        world.tenant.add_service_principal(ServicePrincipal::of_agents(kind, id, &app_id, name));
    }
    world.tenant.grant(BLUEPRINT, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(BLUEPRINT, MICROSOFT_GRAPH, "Mail.Read").unwrap();
    world.tenant.grant(AGENT, ORDERS_API, "Orders.Read").unwrap();
    world
}

/// The rows with this principal.
fn rows_of<'a>(rows: &'a Value, principal: &str) -> Vec<&'a Value> {
    rows.as_array().unwrap().iter().filter(|row| row["principalId"] == principal).collect()
}

#[tokio::test]
async fn list_says_that_the_roles_of_a_blueprint_reach_all_its_agents() {
    let world = world().await;
    let ended = world.run(&["list", BLUEPRINT]).await;
    ended.assert_done(&[
        "Orders.Read",
        "yes (all agents of the blueprint inherit it)",
        "yes (data)",
    ]);
    assert!(ended.stderr.contains(FANS_OUT), "{ended:?}");
    let rows = world.json(&["list", BLUEPRINT]).await;
    for row in rows.as_array().unwrap() {
        let flags = (&row["inheritedByAgents"], &row["privileged"]);
        assert_eq!(flags, (&json!(true), &json!(true)), "{rows}");
    }
    let agent = world.run(&["list", AGENT]).await;
    assert!(agent.stderr.contains("can also inherit roles of its blueprint"), "{agent:?}");
    assert!(!agent.stdout.contains("yes ("), "{agent:?}");
    let usual = world.run(&["list", "id-app-role-broker"]).await;
    assert!(!usual.stderr.contains("agent"), "{usual:?}");
}

#[tokio::test]
async fn holders_marks_blueprints() {
    let world = world().await;
    let ended = world.run(&["holders", "api://orders"]).await;
    ended.assert_done(&["Helpdesk blueprint", "agent blueprint"]);
    assert!(ended.stderr.contains(FANS_OUT), "{ended:?}");
    let rows = world.json(&["holders", "api://orders"]).await;
    assert_eq!(rows_of(&rows, BLUEPRINT)[0]["inheritedByAgents"], true);
    assert_eq!(rows_of(&rows, BLUEPRINT)[0]["privileged"], true);
    assert!(rows_of(&rows, AGENT)[0].get("inheritedByAgents").is_none(), "{rows}");
}

#[tokio::test]
async fn holders_says_if_it_could_not_tell_which_ones_are_blueprints() {
    let world = world().await;
    let refused = Fault::error(400, "Request_BadRequest", "Type not found.");
    world.tenant.answer_every(Route::ListServicePrincipals, refused);
    let ended = world.run(&["holders", ORDERS_API]).await;
    ended.assert_done(&["Helpdesk blueprint"]);
    assert!(ended.stderr.contains("unknown which holders are agent blueprints"), "{ended:?}");
}

#[tokio::test]
async fn why_says_that_the_grant_reaches_all_agents() {
    let world = world().await;
    let ended = world.run(&["why", BLUEPRINT, "api://orders", "Orders.Read"]).await;
    ended.assert_done(&["granted", FANS_OUT]);
    let answer = world.json(&["why", BLUEPRINT, "api://orders", "Orders.Read"]).await;
    assert_eq!(answer["inheritedByAgents"], true);
    let agent = world.run(&["why", AGENT, "api://orders", "Orders.Write"]).await;
    agent.assert_said(4, &["not granted", "can also inherit roles of its blueprint"]);
}

#[tokio::test]
async fn drift_names_blueprints_and_compares_what_they_hold() {
    let world = world().await;
    let by_id = POLICY.replace(
        "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev",
        BLUEPRINT,
    );
    let marked = by_id.replace(r#""name""#, r#""privileged": true, "name""#);
    let drift = ["drift", "--broker-identity", "id-app-role-broker"];
    for (policy, unexpected) in [(POLICY, 1), (by_id.as_str(), 1), (marked.as_str(), 0)] {
        world.write("policy.json", policy);
        let ended = world.run(&drift).await;
        assert_eq!(ended.code, if unexpected > 0 { 6 } else { 0 }, "{ended:?}");
        assert!(ended.stdout.contains("agent blueprint: Helpdesk blueprint"), "{ended:?}");
        assert!(ended.stdout.contains(FANS_OUT), "{ended:?}");
        let json = world.run(&[&drift[..], &["--output", "json"]].concat()).await.json();
        assert_eq!(json["unexpected"].as_array().unwrap().len(), unexpected, "{json}");
        assert_eq!(json["blueprints"][0]["principalId"], BLUEPRINT);
        assert_eq!(json["blueprints"][0]["roles"], 1, "{json}");
    }
}

#[tokio::test]
async fn a_change_of_a_blueprint_needs_privileged_whatever_the_role() {
    let world = world().await;
    let assign = ["assign", BLUEPRINT, "api://orders", "Orders.Write", "--yes"];
    let ended = world.run(&assign).await;
    ended.assert_said(3, &["denied", FANS_OUT]);
    assert_eq!(world.tenant.assignments_of(BLUEPRINT).len(), 2);
    let allowed = world.run(&[&assign[..], &["--privileged"]].concat()).await;
    allowed.assert_done(&["assigned", FANS_OUT]);
    let agent = world.run(&["assign", AGENT, "api://orders", "Orders.Write", "--yes"]).await;
    agent.assert_done(&["assigned"]);
    let usual = world.run(&["assign", ORDERS_IDENTITY, "api://orders", "Orders.Write", "--yes"]);
    assert!(!usual.await.stdout.contains("agents"));
}
