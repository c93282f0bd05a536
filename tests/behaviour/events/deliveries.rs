//! Repeated deliveries of an event: new identities, faults, and the last delivery.

use loopback::until;
use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route, ServicePrincipal,
    contoso::{
        BILLING_FUNCTION_RESOURCE_ID, BROKER_IDENTITY, ORDERS_API, ORDERS_IDENTITY,
        ORDERS_IDENTITY_RESOURCE_ID, SUBSCRIPTION_ID, managed_identities,
    },
};
use time::Duration;

use crate::{
    events::sending::{carrying, identity, pushed_setup, reads, setup, written},
    world::{TIMEOUT, World, role},
};

/// An identity that Graph does not know, or does not know yet.
fn new_identity() -> ServicePrincipal {
    managed_identities(1).remove(0)
}

fn its_event() -> Value {
    written(&identity("rg-load", &new_identity().display_name), Duration::ZERO)
}

fn is_done(world: &World) -> bool {
    world.tenant.assignments_of(&new_identity().id).len() == 1
}

/// How often a text is in the log.
fn logged(world: &World, text: &str) -> usize {
    world.host.log().iter().filter(|line| line.message.contains(text)).count()
}

#[tokio::test]
async fn an_identity_that_appears_within_seconds_gets_its_roles_on_the_first_delivery() {
    let setup = setup().await.with_setting("PACE_FACTOR", "1");
    setup.tenant.add_service_principal_after(new_identity(), std::time::Duration::from_secs(6));
    let world = setup.start().await;
    world.deliver(&its_event(), 1).await;
    assert!(is_done(&world));
    assert_eq!(world.host.invocations().len(), 1);
}

#[tokio::test]
async fn an_identity_that_appears_after_some_deliveries_gets_its_roles() {
    let setup = setup().await;
    setup.tenant.add_replicating_service_principal(new_identity());
    let world = setup.start().await;
    world.deliver(&its_event(), 5).await;
    assert!(!is_done(&world));
    world.log_line("does not know the identity yet").await;
    world.tenant.replicate(&new_identity().id);
    until(TIMEOUT, async || is_done(&world)).await.unwrap();
    assert!(world.messages(&world.failed).await.is_empty());
}

#[tokio::test]
async fn an_event_that_failed_on_its_last_delivery_is_kept_without_its_author_and_can_be_sent_again()
 {
    let setup = setup().await.with_deliveries(2);
    setup.tenant.add_replicating_service_principal(new_identity());
    let world = setup.start().await;
    world.deliver(&its_event(), 2).await;
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert_eq!(kept["requester"], "queue:resource-events");
    assert_eq!(kept["attempts"], 2);
    assert!(kept["reason"].as_str().unwrap().contains("does not know the identity yet"), "{kept}");
    for personal in ["Ana", "203.0.113.7", "claims", "0000000000a9"] {
        assert!(!kept.to_string().contains(personal), "{personal} is in {kept}");
    }
    world.log_line("event.given_up").await;
    let poison = world.account.queue("resource-events-poison").unwrap();
    assert!(!poison.exists().await.unwrap());

    world.tenant.replicate(&new_identity().id);
    world.deliver_text(kept["request"].as_str().unwrap(), 1).await;
    assert!(is_done(&world));
}

#[tokio::test]
async fn a_request_in_an_event_that_fails_is_kept_as_an_event() {
    let world = setup().await.with_deliveries(1).start().await;
    let request = json!({ "principal": identity("rg-orders-dev", "id-nobody"), "api": ORDERS_API,
                          "roles": ["Orders.Write"] });
    world.deliver(&carrying(&request), 1).await;
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    let event: Value = serde_json::from_str(kept["request"].as_str().unwrap()).unwrap();
    assert_eq!(event["eventType"], "AppRoleBroker.AssignmentRequested");
    assert_eq!(event["data"], request);
    let result = world.messages(&world.results).await.remove(0);
    assert_eq!(role(&result)["status"], "failed", "{result}");
}

#[tokio::test]
async fn a_transient_fault_of_azure_resource_manager_is_retried_within_the_delivery() {
    for fault in [
        Fault::error(429, "TooManyRequests", "").retry_after("0.1"),
        Fault::error(503, "ServerTimeout", ""),
        Fault::error(401, "ExpiredAuthenticationToken", ""),
        Fault::connection_closed(),
    ] {
        let world = setup().await.start().await;
        world.tenant.answer_next(Route::ReadArmIdentity, fault.clone());
        world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
        assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1, "{fault:?}");
        assert_eq!(world.host.invocations().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lasting_fault_of_azure_resource_manager_retries_the_event_and_then_keeps_it() {
    let world = setup().await.with_deliveries(2).start().await;
    world
        .tenant
        .answer_every(Route::ReadArmIdentity, Fault::error(500, "InternalServerError", "no"));
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 2).await;
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    let reason = kept["reason"].as_str().unwrap();
    assert!(reason.contains("Azure Resource Manager answered 500 InternalServerError"), "{reason}");
    world.log_line("arm.failed").await;
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_event_that_graph_refuses_permanently_is_kept_at_once() {
    let world = setup().await.start().await;
    let refused = Fault::error(403, "Directory_QuotaExceeded", "The directory object quota limit");
    world.tenant.answer_every(Route::CreateAssignment, refused);
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert_eq!(kept["attempts"], 1);
    assert!(
        kept["reason"].as_str().unwrap().contains("quota of directory objects is used up"),
        "{kept}"
    );
    world.log_line("\"status\":\"failed\"").await;
}

#[tokio::test]
async fn without_the_reader_role_the_baseline_gives_nothing_and_one_warning_names_the_role() {
    let setup = setup().await.with_deliveries(1);
    for group in ["rg-load", "rg-billing"] {
        let scope = format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{group}");
        setup.tenant.set_arm_forbidden(&scope, true);
    }
    let identities = managed_identities(3);
    for identity in &identities {
        setup.tenant.add_service_principal(identity.clone());
    }
    let world = setup.start().await;
    for one in &identities {
        world.deliver(&written(&identity("rg-load", &one.display_name), Duration::ZERO), 1).await;
    }
    world.deliver(&written(BILLING_FUNCTION_RESOURCE_ID, Duration::ZERO), 1).await;
    assert!(world.tenant_is_unchanged());
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert!(kept["reason"].as_str().unwrap().contains("may not read"), "{kept}");
    assert_eq!(logged(&world, "identity.not_confirmed"), 4);
    assert_eq!(logged(&world, "arm.role_missing"), 2, "one for each resource group");
    let warning = world.log_line("arm.role_missing").await;
    for text in ["Reader", BROKER_IDENTITY, "/resourcegroups/rg-load"] {
        assert!(warning.contains(text), "{text} is not in {warning}");
    }
}

#[tokio::test]
async fn if_azure_resource_manager_refuses_the_baseline_gives_nothing_and_one_line_says_so() {
    let world = setup().await.start().await;
    let refused = Fault::error(400, "InvalidResourceType", "The resource type could not be found.");
    world.tenant.answer_every(Route::ReadArmIdentity, refused);
    for _ in 0..3 {
        world.deliver(&written(BILLING_FUNCTION_RESOURCE_ID, Duration::ZERO), 1).await;
    }
    assert!(world.tenant_is_unchanged());
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert_eq!(kept["attempts"], 1, "no delivery gets another answer");
    assert_eq!(logged(&world, "arm.unanswered"), 1);
    assert!(world.log_line("arm.unanswered").await.contains("400 InvalidResourceType"));
}

#[tokio::test]
async fn without_the_reader_role_an_event_waits_for_the_identity_only_while_the_resource_is_new() {
    let setup = setup().await;
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    setup.tenant.set_arm_forbidden(&scope, true);
    let world = setup.start().await;
    let plain = BILLING_FUNCTION_RESOURCE_ID.replace("func-billing", "func-plain");
    world.deliver(&written(&plain, Duration::HOUR), 1).await;
    assert_eq!(logged(&world, "event.not_yet"), 0);
    // A user-assigned identity always has a service principal, so its event waits at any age.
    world.deliver(&written(&identity("rg-load", "id-unknown"), Duration::HOUR), 2).await;
    assert!(logged(&world, "event.not_yet") >= 2);
}

#[tokio::test]
async fn in_paused_mode_events_are_retried_and_finally_kept_for_replay() {
    let world =
        pushed_setup().await.with_setting("BROKER_MODE", "paused").with_deliveries(2).start().await;
    let event = written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO);
    assert_eq!(world.push(&json!([event])).await, 500);
    world.deliver(&event, 2).await;
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert!(kept["reason"].as_str().unwrap().contains("was paused"), "{kept}");
    assert_eq!(kept["attempts"], 2);
    assert_eq!(reads(&world), [0; 4]);
}

#[tokio::test]
async fn a_pushed_event_that_cannot_be_handled_yet_is_refused_and_handled_on_the_next_delivery() {
    let setup = pushed_setup().await;
    setup.tenant.add_replicating_service_principal(new_identity());
    let world = setup.start().await;
    let event = json!([its_event()]);
    assert_eq!(world.push(&event).await, 500);
    world.tenant.replicate(&new_identity().id);
    assert_eq!(world.push(&event).await, 202);
    assert!(is_done(&world));
}

#[tokio::test]
async fn a_pushed_event_is_refused_before_its_deadline_if_graph_is_slow() {
    let world = pushed_setup().await.with_setting("PACE_FACTOR", "0.05").start().await;
    world.tenant.set_latency(std::time::Duration::from_secs(60));
    let began = std::time::Instant::now();
    let status = world.push(&json!([written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO)])).await;
    assert_eq!(status, 500);
    // An event has 20 s, scaled to a twentieth. The rest is room for a busy machine.
    assert!(began.elapsed() < std::time::Duration::from_secs(15), "{:?}", began.elapsed());
}
