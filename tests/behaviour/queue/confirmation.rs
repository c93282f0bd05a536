//! Azure Resource Manager confirms where an identity lies before a write that relies on it.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route, ServicePrincipal,
    contoso::{
        MICROSOFT_GRAPH, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY,
        ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, SUBSCRIPTION_ID,
    },
};

use crate::{
    fixed_arm,
    world::{Setup, World, request_by_names, role, statuses, valid_request},
};

/// A service principal that claims to belong to a resource in the scope of the rules.
const MOVED: &str = "c0a70500-0000-4000-8000-00000000e101";

fn moved() -> ServicePrincipal {
    let resource = ORDERS_IDENTITY_RESOURCE_ID.replace("id-orders", "id-moved");
    ServicePrincipal::user_assigned(MOVED, &MOVED.replace("e101", "f101"), "id-moved", &resource)
}

fn moved_resource() -> String {
    ORDERS_IDENTITY_RESOURCE_ID.replace("id-orders", "id-moved")
}

/// A policy that covers the scope of `id-orders` and `id-moved`, one object id and a privileged role.
fn policy() -> String {
    let group = format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-orders-dev");
    let rule = |name: &str, principal: &str, more: Value| {
        let mut rule = json!({
            "name": name, "requesters": ["queue:app-role-requests"], "principals": [principal],
            "api": ORDERS_API_APP_ID, "actions": ["assign", "revoke"],
        });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    json!({ "version": 1, "allow": [
        rule("scope", &group, json!({ "roles": ["Orders.Read"] })),
        rule("object", MOVED, json!({ "roles": ["Orders.Write"] })),
        rule("privileged", &group, json!({
            "api": "graph", "privileged": true, "roles": ["Application.ReadWrite.All"],
        })),
    ] })
    .to_string()
}

async fn setup() -> Setup {
    let mut setup = Setup::new().await;
    setup.policy = Some(policy());
    setup.tenant.add_service_principal(moved());
    setup
}

fn privileged_request() -> String {
    json!({ "principal": MOVED, "api": "graph", "roles": ["Application.ReadWrite.All"] })
        .to_string()
}

fn is_unchanged(world: &World) -> bool {
    world.tenant_is_unchanged() && world.tenant.count(Route::DeleteAssignment) == 0
}

#[tokio::test]
async fn a_confirmation_costs_one_request_and_is_remembered() {
    let world = Setup::new().await.with_setting("PACE_FACTOR", "1").start().await;
    for status in ["assigned", "alreadyAssigned"] {
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["status"], status, "{result}");
    }
    assert_eq!(world.tenant.count(Route::ReadArmIdentity), 1);
}

#[tokio::test]
async fn an_identity_that_only_claims_to_lie_in_the_scope_gets_and_loses_nothing() {
    let setup = setup().await;
    setup.tenant.set_arm_identity(&moved_resource(), Some(ORDERS_IDENTITY));
    setup.tenant.grant(MOVED, ORDERS_API, ORDERS_READ).unwrap();
    let world = setup.start().await;
    for request in [
        request_by_names("assign", MOVED, &["Orders.Read"]),
        request_by_names("revoke", MOVED, &["Orders.Read"]),
        privileged_request(),
    ] {
        let result = world.result_of(&request).await;
        assert_eq!(role(&result)["status"], "denied", "{result}");
        assert_eq!(role(&result)["code"], "identityNotConfirmed", "{result}");
        assert_eq!(result["attempt"], 1);
    }
    assert!(is_unchanged(&world));
    let line = world.log_line("identity.not_confirmed").await;
    for text in [MOVED, ORDERS_IDENTITY, "id-moved", "alternativeNames"] {
        assert!(line.contains(text), "{text} is not in {line}");
    }
    assert_eq!(world.tenant.assignments_of(MOVED).len(), 1);
}

#[tokio::test]
async fn a_rule_for_an_object_id_needs_no_confirmation_and_helps_no_other_rule() {
    let setup = setup().await;
    setup.tenant.set_arm_identity(&moved_resource(), Some(ORDERS_IDENTITY));
    let world = setup.start().await;
    let both = request_by_names("assign", MOVED, &["Orders.Write", "Orders.Read"]);
    let result = world.result_of(&both).await;
    assert_eq!(statuses(&result), ["notAttempted", "denied"], "{result}");
    assert!(is_unchanged(&world));
    let asked = world.tenant.count(Route::ReadArmIdentity);
    let result = world.result_of(&request_by_names("assign", MOVED, &["Orders.Write"])).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(world.tenant.count(Route::ReadArmIdentity), asked);
}

#[tokio::test]
async fn an_identity_that_azure_resource_manager_does_not_know_yet_is_retried() {
    let setup = setup().await;
    setup.tenant.set_arm_identity(&moved_resource(), None);
    let world = setup.start().await;
    world.requests.send(&request_by_names("assign", MOVED, &["Orders.Read"])).await.unwrap();
    world.log_line("identity.not_confirmed").await;
    assert!(is_unchanged(&world));
    world.tenant.set_arm_identity(&moved_resource(), Some(MOVED));
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert!(result["attempt"].as_u64().unwrap() > 1);
}

#[tokio::test]
async fn without_an_answer_nothing_is_written_and_the_outcome_says_so() {
    let refused = Fault::error(400, "InvalidResourceType", "The resource type could not be found.");
    let down = Fault::error(503, "ServerTimeout", "The server is busy.");
    for (fault, may_read) in [(Some(refused), true), (Some(down), true), (None, false)] {
        let setup = setup().await.with_deliveries(1);
        let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
        setup.tenant.set_arm_forbidden(&scope, !may_read);
        if let Some(fault) = fault {
            setup.tenant.answer_every(Route::ReadArmIdentity, fault);
        }
        let world = setup.start().await;
        for request in [request_by_names("assign", MOVED, &["Orders.Read"]), privileged_request()] {
            let result = world.result_of(&request).await;
            assert_eq!(role(&result)["status"], "failed", "{result}");
            assert_eq!(role(&result)["code"], "identityNotConfirmed", "{result}");
        }
        assert!(is_unchanged(&world));
        world.log_line("identity.not_confirmed").await;
    }
}

#[tokio::test]
async fn an_answer_without_a_client_id_confirms_and_one_without_an_object_id_is_asked_for_again() {
    let nothing_yet = json!({ "properties": { "principalId": null, "clientId": null } });
    let identity = json!({ "properties": { "principalId": MOVED }, "location": null });
    let arm = fixed_arm::start(&[nothing_yet, identity]).await;
    let world = setup().await.with_setting("ARM_ENDPOINT", &arm).start().await;
    let result = world.result_of(&request_by_names("assign", MOVED, &["Orders.Read"])).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["attempt"], 2, "{result}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_fails_the_request_on_its_first_delivery() {
    let arm = fixed_arm::start(&[json!("sign in to the proxy")]).await;
    let world = setup().await.with_setting("ARM_ENDPOINT", &arm).start().await;
    let result = world.result_of(&request_by_names("assign", MOVED, &["Orders.Read"])).await;
    assert_eq!(role(&result)["status"], "failed", "{result}");
    assert_eq!(role(&result)["code"], "identityNotConfirmed", "{result}");
    assert_eq!(result["attempt"], 1, "{result}");
    assert!(world.log_line("identity.not_confirmed").await.contains("could not be read"));
    assert!(is_unchanged(&world));
}

#[tokio::test]
async fn an_operator_can_limit_confirmations_to_privileged_rules() {
    let setup = setup().await.with_setting("ARM_CONFIRMATION", "privileged").with_deliveries(1);
    setup.tenant.set_arm_forbidden(&format!("/subscriptions/{SUBSCRIPTION_ID}"), true);
    let world = setup.start().await;
    let result = world.result_of(&request_by_names("assign", MOVED, &["Orders.Read"])).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(world.tenant.count(Route::ReadArmIdentity), 0);
    let result = world.result_of(&privileged_request()).await;
    assert_eq!(role(&result)["code"], "identityNotConfirmed", "{result}");
    let held = world.tenant.assignments_of(MOVED);
    assert!(held.iter().all(|one| one.resource_id != MICROSOFT_GRAPH), "{held:?}");
}
