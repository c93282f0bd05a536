//! Answers of Microsoft Graph of which a part is missing.

use serde_json::{Value, json};
use tenant_emulator::{
    ServicePrincipal, ServicePrincipalType,
    contoso::{ORDERS_API, ORDERS_IDENTITY, REPORTS_IDENTITY, contoso},
};

use crate::world::World;

const AGENT: &str = "c0a70500-0000-4000-8000-00000000b200";
const BLUEPRINT: &str = "c0a70500-0000-4000-8000-00000000b100";

/// A tenant with an agent and a blueprint that Graph states no `appId` for.
async fn world() -> World {
    let world = World::new().await;
    for (kind, id, app_id) in [
        (ServicePrincipalType::Agent, AGENT, None),
        (ServicePrincipalType::AgentBlueprint, BLUEPRINT, Some(json!(null))),
    ] {
        let principal = ServicePrincipal::of_agents(kind, id, id, "Billing Agent");
        world.tenant.add_service_principal(principal.with_member("appId", app_id));
        world.tenant.grant(id, ORDERS_API, "Orders.Read").unwrap();
    }
    world
}

#[tokio::test]
async fn each_command_works_for_a_principal_without_an_app_id() {
    let world = world().await;
    for command in [
        &["list", AGENT][..],
        &["why", AGENT, "api://orders", "Orders.Read"],
        &["holders", "api://orders"],
        &["assign", AGENT, "api://orders", "Orders.Write", "--yes"],
        &["revoke", AGENT, "api://orders", "Orders.Write", "--yes"],
        &["list", BLUEPRINT],
    ] {
        let ended = world.run(command).await;
        assert_eq!(ended.code, 0, "{command:?}: {ended:?}");
        assert!(ended.stdout.contains("Orders"), "{command:?}: {ended:?}");
    }
    let ended = world.run(&["list", "Billing Agent"]).await;
    ended.assert_failed(4, &["is the name of 2 service principals", AGENT, BLUEPRINT, "no app ID"]);
}

#[tokio::test]
async fn drift_compares_the_others_and_says_how_many_it_could_not_read() {
    for (member, value) in [("appId", None), ("appId", Some(json!(null))), ("id", Some(json!(5)))] {
        let world = world().await;
        let reports = contoso().service_principal(REPORTS_IDENTITY).unwrap().clone();
        world.tenant.add_service_principal(reports.with_member(member, value));
        world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Admin").unwrap();
        let drift = ["drift", "--broker-identity", "id-app-role-broker", "--output", "json"];
        let ended = world.run(&drift).await;
        assert_eq!(ended.code, 6, "{ended:?}");
        let drift: Value = ended.json();
        let unknown = drift["unknown"][0].as_str().unwrap();
        assert!(unknown.contains("1 of the managed identities"), "{drift}");
        let unexpected = drift["unexpected"].as_array().unwrap();
        assert!(unexpected.iter().any(|one| one["principalId"] == ORDERS_IDENTITY), "{drift}");
        assert_eq!(drift["blueprints"][0]["principalId"], BLUEPRINT, "{drift}");
    }
}
