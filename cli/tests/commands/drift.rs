//! `drift`: differences between tenant and policy.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{
        BROKER_IDENTITY, ORDERS_API, ORDERS_IDENTITY, ORDERS_WRITE, REPORTS_IDENTITY,
        managed_identities,
    },
};

use crate::world::{POLICY, World, end, with_baseline};

const DRIFT: [&str; 3] = ["drift", "--broker-identity", "id-app-role-broker"];

async fn world(policy: &str) -> World {
    let world = World::new().await;
    world.write("policy.json", policy);
    world
}

#[tokio::test]
async fn a_tenant_that_cannot_be_read_is_a_failure() {
    let world = world(&with_baseline(&["Orders.Read"], &json!({}))).await;
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::ListAssignedTo, outage);
    let mut command = world.command(&DRIFT);
    command.env("PACE_FACTOR", "0.01");
    end(command, "").await.assert_failed(1, &["Microsoft Graph answered 503"]);
    world.write("policy.json", "{");
    world.run(&DRIFT).await.assert_failed(1, &["policy.json is not a valid policy"]);
}

#[tokio::test]
async fn a_baseline_role_that_is_not_assigned_is_missing() {
    let world = world(&with_baseline(&["Orders.Read", "Orders.Write"], &json!({}))).await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let ended = world.run(&DRIFT).await;
    ended.assert_said(6, &["missing", "id-orders", "Orders.Write", "every orders identity"]);
    let ended = world.run(&[&DRIFT[..], &["--output", "json"]].concat()).await;
    let drift = ended.json();
    let [missing] = drift["missing"].as_array().unwrap().as_slice() else { panic!("{drift}") };
    assert_eq!(
        (&missing["principalId"], &missing["roleId"]),
        (&json!(ORDERS_IDENTITY), &json!(ORDERS_WRITE))
    );
    assert_eq!(drift["unexpected"], json!([]));
    assert!(world.is_untouched());
}

#[tokio::test]
async fn an_assigned_role_that_no_rule_allows_is_unexpected() {
    let world = world(POLICY).await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Admin").unwrap();
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let ended = world.run(&[&DRIFT[..], &["--output", "json"]].concat()).await;
    assert_eq!(ended.code, 6, "{ended:?}");
    let drift = ended.json();
    let unexpected: Vec<_> = drift["unexpected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["principal"].as_str().unwrap(), one["role"].as_str().unwrap()))
        .collect();
    assert_eq!(unexpected, [("id-orders", "Orders.Admin"), ("id-reports", "Orders.Read")]);
    assert_eq!(drift["missing"], json!([]));
}

#[tokio::test]
async fn names_of_the_policy_that_do_not_exist_are_reported() {
    let more = json!({ "allow": [{
        "name": "gone", "requesters": ["queue:app-role-requests"], "api": "api://gone",
        "principals": [ORDERS_IDENTITY], "roles": ["Gone.Read"],
    }] });
    let world = world(&with_baseline(&["Orders.Raed"], &more)).await;
    world.run(&DRIFT).await.assert_said(
        6,
        &[
            "the API api://gone of the policy does not exist in this tenant",
            "the role orders.raed of the baseline is not defined by Orders API",
            "0 missing, 0 unexpected, 2 unknown",
        ],
    );
}

#[tokio::test]
async fn a_tenant_that_agrees_with_the_policy_has_no_drift() {
    let protected = json!({ "protected": [ORDERS_IDENTITY] });
    let world = world(&with_baseline(&["Orders.Read"], &protected)).await;
    let ended = world.run(&DRIFT).await;
    ended.assert_done(&["0 missing, 0 unexpected, 0 unknown"]);
    world.write("policy.json", &with_baseline(&["Orders.Read"], &json!({})));
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    assert_eq!(world.json(&DRIFT).await["missing"], json!([]));
}

#[tokio::test]
async fn the_brokers_own_roles_are_expected_only_of_the_broker() {
    let policy = POLICY.replace("c0a70500-0000-4000-8000-0000000000b1", "graph");
    let world = world(&policy).await;
    let principals = |drift: &Value| {
        let unexpected = drift["unexpected"].as_array().unwrap().iter();
        unexpected.map(|one| one["principalId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let named = world.run(&[&DRIFT[..], &["--output", "json"]].concat()).await.json();
    assert!(!principals(&named).contains(&BROKER_IDENTITY.to_owned()), "{named}");
    let unnamed = world.run(&["drift", "--output", "json"]).await.json();
    assert!(principals(&unnamed).contains(&BROKER_IDENTITY.to_owned()), "{unnamed}");
}

#[tokio::test]
async fn all_pages_of_identities_are_compared() {
    let policy = with_baseline(&["Orders.Read"], &json!({}));
    let world = world(&policy.replace("rg-orders-dev", "rg-load")).await;
    for identity in managed_identities(1_005) {
        world.tenant.add_service_principal(identity);
    }
    let ended = world.run(&DRIFT).await;
    ended.assert_said(6, &["id-load-00001", "id-load-01005", "1005 missing"]);
}
