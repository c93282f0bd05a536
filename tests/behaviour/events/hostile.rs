//! Events that try to get more than the baseline allows, or to harm others.

use serde_json::{Value, json};
use tenant_emulator::{
    Route, ServicePrincipal,
    contoso::{
        BROKER_IDENTITY, BROKER_IDENTITY_RESOURCE_ID, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID,
        REPORTS_IDENTITY, REPORTS_IDENTITY_RESOURCE_ID,
    },
};
use time::Duration;

use crate::{
    events::sending::{carrying, identity, payload, pushed_setup, reads, setup, written},
    world::{World, http_client, role},
};

const TWOFOLD: &str = "c0a70500-0000-4000-8000-00000000e003";

fn event() -> Value {
    written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO)
}

/// The event with one field changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut event = event();
    *event.pointer_mut(pointer).unwrap() = value;
    event
}

#[tokio::test]
async fn only_the_identity_of_an_events_subject_gets_the_baseline_roles() {
    let world = setup().await.start().await;
    let mut claiming: Value =
        serde_json::from_str(&payload("resource-created-or-updated.json")).unwrap();
    claiming["data"]["resourceInfo"]["id"] = json!(REPORTS_IDENTITY_RESOURCE_ID);
    claiming["data"]["resourceInfo"]["properties"]["principalId"] = json!(REPORTS_IDENTITY);
    let object_id = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    claiming["data"]["claims"] = json!({ object_id: REPORTS_IDENTITY });
    claiming["data"]["resourceUri"] = json!(REPORTS_IDENTITY_RESOURCE_ID);
    claiming["data"]["roles"] = json!(["Orders.Admin"]);
    world.deliver(&claiming, 1).await;
    assert!(world.tenant.assignments_of(REPORTS_IDENTITY).is_empty());
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn an_event_with_a_subject_outside_its_topic_causes_no_look_up() {
    let world = setup().await.start().await;
    let other = "/subscriptions/c0a70500-0000-4000-8000-00000000ffff";
    for event in [
        with("/topic", json!(other)),
        with("/topic", json!("")),
        with("/topic", json!(Value::Null)),
        with("/topic", json!(format!("{ORDERS_IDENTITY_RESOURCE_ID}x"))),
        with(
            "/subject",
            json!(ORDERS_IDENTITY_RESOURCE_ID.replace("000000000002", "00000000fffe")),
        ),
        with("/subject", json!(format!("{ORDERS_IDENTITY_RESOURCE_ID}/../../x/y"))),
        with("/subject", json!(ORDERS_IDENTITY_RESOURCE_ID.replace("id-orders", "*"))),
        with(
            "/subject",
            json!(ORDERS_IDENTITY_RESOURCE_ID.replace("rg-orders-dev", "rg-orders-dev%2F..")),
        ),
    ] {
        world.deliver(&event, 1).await;
    }
    assert_eq!(reads(&world), [0; 4]);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn the_brokers_own_identity_and_protected_identities_get_nothing() {
    let mut setup = setup().await;
    let mut policy: Value = serde_json::from_str(&setup.policy.unwrap()).unwrap();
    policy["protected"].as_array_mut().unwrap().push(json!(ORDERS_IDENTITY));
    setup.policy = Some(policy.to_string());
    let protected = "c0a70500-0000-4000-8000-00000000e005";
    let resource = identity("rg-platform", "id-protected");
    setup.tenant.add_service_principal(ServicePrincipal::user_assigned(
        protected,
        protected,
        "id-protected",
        &resource,
    ));
    let world = setup.start().await;
    world.deliver(&written(&resource, Duration::ZERO), 1).await;
    assert_eq!(reads(&world), [0; 4], "a protected scope is known before any look-up");
    let before = world.tenant.assignments_of(BROKER_IDENTITY).len();
    world.deliver(&written(BROKER_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
    world.deliver(&event(), 1).await;
    assert_eq!(reads(&world), [2, 0, 0, 0], "Azure Resource Manager says which identity it is");
    world.log_line("the broker's own identity, which is never changed").await;
    world.log_line("the policy protects the principal").await;
    assert_eq!(world.tenant.assignments_of(BROKER_IDENTITY).len(), before);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn the_resource_id_in_graph_decides_and_not_the_subject_of_the_event() {
    let setup = setup().await;
    let resource = identity("rg-orders-dev", "id-twofold");
    let mut twofold = ServicePrincipal::user_assigned(TWOFOLD, TWOFOLD, "id-twofold", &resource);
    twofold.alternative_names.push(identity("rg-elsewhere", "id-twofold"));
    setup.tenant.add_service_principal(twofold);
    let world = setup.start().await;
    world.deliver(&written(&resource, Duration::ZERO), 1).await;
    world.log_line("it is unknown whether the principal").await;
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_identity_with_the_resource_id_of_another_resource_gets_nothing() {
    let setup = setup().await;
    // Azure Resource Manager says that the identity belongs to the first resource, and the directory that
    // it belongs to the second one. Both lie in scopes of the baseline.
    let (first, second) = (identity("rg-load", "id-x"), identity("rg-billing", "id-y"));
    let moved = ServicePrincipal::user_assigned(TWOFOLD, TWOFOLD, "id-x", &second);
    setup.tenant.add_service_principal(moved);
    setup.tenant.set_arm_identity(&first, Some(TWOFOLD));
    setup.tenant.set_arm_identity(&second, Some(REPORTS_IDENTITY));
    let world = setup.start().await;
    world.deliver(&written(&first, Duration::ZERO), 1).await;
    let line = world.log_line("identity.not_confirmed").await;
    assert!(line.contains("id-y") && line.contains(REPORTS_IDENTITY), "{line}");
    assert!(world.tenant_is_unchanged());
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert!(kept["reason"].as_str().unwrap().contains("another identity"), "{kept}");
}

#[tokio::test]
async fn an_array_of_many_events_is_kept_and_causes_no_look_up() {
    let world = setup().await.start().await;
    let mut many = vec![json!({ "eventType": "x" }); 100];
    many.push(event());
    world.deliver_text(&json!(many).to_string(), 1).await;
    assert_eq!(reads(&world), [0; 4]);
    world.log_line("101 events in one message").await;
    assert_eq!(world.wait_for_messages(&world.failed).await.len(), 1);
    world.deliver_text(&json!([event()]).to_string(), 1).await;
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn an_array_that_fits_into_no_message_is_kept_in_part_and_says_so() {
    let world = setup().await.start().await;
    let many = json!(vec![json!({ "eventType": "é".repeat(280) }); 100]).to_string();
    world.deliver_text(&many, 1).await;
    world.log_line("100 events in one message").await;
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert!(many.starts_with(kept["requestBeginning"].as_str().unwrap()), "{kept}");
    assert_eq!((&kept["requestBytes"], &kept["request"]), (&json!(many.len()), &Value::Null));
    assert_eq!(kept["requestSha256"].as_str().map(str::len), Some(64));
    assert!(world.host.invocations().iter().all(|one| one.dequeue_count == 1));
}

#[tokio::test]
async fn deeply_nested_and_malformed_events_do_no_harm() {
    let world = setup().await.start().await;
    for text in [
        "[".repeat(20_000),
        format!("{{\"data\":{}", "[".repeat(20_000)),
        format!("[{{\"eventType\":\"x\",\"data\":{}{}}}]", "[".repeat(9_000), "]".repeat(9_000)),
        "{\"subject\":\"\\ud800\"}".to_owned(),
    ] {
        world.deliver_text(&text, 1).await;
    }
    world.deliver(&event(), 1).await;
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    assert!(world.host.invocations().iter().all(|one| one.dequeue_count == 1));
}

#[tokio::test]
async fn the_requester_of_a_request_in_an_event_is_the_trigger_and_not_a_claim_of_the_event() {
    let world = pushed_setup().await.start().await;
    let mut request =
        json!({ "principal": REPORTS_IDENTITY, "api": "api://orders", "roles": ["Orders.Write"] });
    world.deliver(&carrying(&request), 1).await;
    request["requester"] = json!("queue:app-role-requests");
    world.deliver(&carrying(&request), 1).await;
    let results = world.messages(&world.results).await;
    assert_eq!(role(&results[0])["code"], "noRuleForPrincipal", "{results:?}");
    assert_eq!(role(&results[1])["status"], "invalid", "{results:?}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_request_in_an_event_through_the_admin_endpoint_is_denied() {
    let world = setup().await.start().await;
    let request =
        json!({ "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": ["Orders.Write"] });
    let url = world.host.admin_url().join("admin/functions/ResourceEventQueue").unwrap();
    let input = json!({ "input": carrying(&request).to_string() });
    http_client().post(url).json(&input).send().await.unwrap();
    let result = world.next_results(1).await.remove(0);
    assert_eq!(result["requester"], "admin");
    assert_eq!(role(&result)["status"], "denied", "{result}");
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
}

/// Personal data about the author in the payload files.
const PERSONAL: [&str; 6] =
    ["Ana Dev", "ana@contoso.com", "203.0.113.7", "pwd,mfa", "9J2Xm1q0Y0yJb3pXQm4fAA", "04b07795"];

fn assert_nothing_personal(world: &World) {
    for line in world.host.log() {
        for text in PERSONAL {
            assert!(!line.message.contains(text), "{text} is in {}", line.message);
        }
    }
}

#[tokio::test]
async fn the_log_has_no_personal_data_of_an_author_except_the_object_id() {
    let setup = pushed_setup().await.with_setting("RUST_LOG", "trace").with_deliveries(1);
    let world = setup.start().await;
    let text = payload("user-assigned-identity-written.json");
    assert!(PERSONAL.iter().all(|personal| text.contains(personal)));
    for text in [
        text.clone(),
        text.replace("id-orders", "id-nobody"),
        text.replace("ResourceWriteSuccess", "ResourceDeleteSuccess"),
        text.replace("rg-orders-dev", "rg-none"),
        text.replace("\"subject\"", "\"object\""),
        text.replace("}}]", "}}"),
    ] {
        world.deliver_text(&text, 1).await;
        if let Ok(event) = serde_json::from_str::<Value>(&text) {
            world.push(&event).await;
        }
    }
    world.log_line("\"audit\"").await;
    assert_nothing_personal(&world);
}
