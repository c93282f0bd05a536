//! Every way to name a principal and an API, alone and in every combination.

use serde_json::{Value, json};
use tenant_emulator::contoso::{
    ORDERS_API, ORDERS_API_APP_ID, ORDERS_API_URI, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID,
    ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, ORDERS_WRITE,
};

use crate::world::{Setup, World, statuses};

/// How many worlds run in parallel.
const WORLDS: usize = 6;

/// A resource id with `resourceGroups`, as the portal and ARM spell it. The directory has
/// `resourcegroups`.
fn as_arm_spells_it(resource_id: &str) -> String {
    resource_id.replace("resourcegroups", "resourceGroups")
}

fn principals() -> Vec<Value> {
    vec![
        json!(ORDERS_IDENTITY),
        json!(ORDERS_IDENTITY_CLIENT_ID),
        json!(ORDERS_IDENTITY.to_uppercase()),
        json!(ORDERS_IDENTITY_RESOURCE_ID),
        json!(as_arm_spells_it(ORDERS_IDENTITY_RESOURCE_ID)),
        json!("id-orders"),
        json!("ID-Orders"),
        json!({ "objectId": ORDERS_IDENTITY }),
        json!({ "clientId": ORDERS_IDENTITY_CLIENT_ID }),
        json!({ "resourceId": as_arm_spells_it(ORDERS_IDENTITY_RESOURCE_ID) }),
        json!({ "displayName": "id-orders" }),
    ]
}

fn apis() -> Vec<Value> {
    vec![
        json!(ORDERS_API_APP_ID),
        json!(ORDERS_API),
        json!(ORDERS_API_URI),
        json!("Orders API"),
        json!({ "appId": ORDERS_API_APP_ID }),
        json!({ "objectId": ORDERS_API }),
        json!({ "identifierUri": ORDERS_API_URI }),
        json!({ "displayName": "orders api" }),
    ]
}

fn role_lists() -> Vec<Value> {
    vec![json!(["Orders.Read"]), json!(["orders.WRITE", ORDERS_READ])]
}

/// A world in which the team may assign and revoke both roles.
async fn world() -> World {
    let mut setup = Setup::new().await;
    setup.policy = setup.policy.map(|policy| {
        policy.replace(
            r#"["Orders.Read"]"#,
            r#"["Orders.Read", "Orders.Write"], "actions": ["assign", "revoke"]"#,
        )
    });
    setup.start().await
}

#[tokio::test]
async fn every_way_to_name_principal_api_and_role_assigns_and_revokes_the_same_role() {
    let mut combinations = Vec::new();
    for principal in principals() {
        for api in apis() {
            let roles = role_lists().swap_remove(combinations.len() % 2);
            combinations.push((principal.clone(), api, roles));
        }
    }
    // Each message waits for the next poll of its queue, so several worlds share the work.
    let share = combinations.len().div_ceil(WORLDS);
    let shares = combinations.chunks(share).map(|share| async move {
        let world = world().await;
        for (principal, api, roles) in share {
            assign_and_revoke(&world, principal, api, roles).await;
        }
    });
    futures_util::future::join_all(shares).await;
}

async fn assign_and_revoke(world: &World, principal: &Value, api: &Value, roles: &Value) {
    let count = roles.as_array().unwrap().len();
    let case = format!("{principal} {api} {roles}");
    for (action, status, held) in [
        ("assign", "assigned", count),
        ("assign", "alreadyAssigned", count),
        ("revoke", "revoked", 0),
        ("revoke", "alreadyRevoked", 0),
    ] {
        let request = json!({
            "action": action, "principal": principal, "api": api, "roles": roles,
        });
        let result = world.result_of(&request.to_string()).await;
        assert_eq!(statuses(&result), vec![status; count], "{case}: {result}");
        assert_eq!(result["principal"]["objectId"], ORDERS_IDENTITY, "{case}");
        assert_eq!(result["api"]["objectId"], ORDERS_API, "{case}");
        let now = world.tenant.assignments_of(ORDERS_IDENTITY);
        assert_eq!(now.len(), held, "{case}: {now:?}");
        let known = [ORDERS_READ, ORDERS_WRITE];
        assert!(now.iter().all(|one| known.contains(&one.app_role_id.as_str())), "{case}");
    }
}
