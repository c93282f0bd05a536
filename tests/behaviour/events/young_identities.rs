//! Identities that Azure Resource Manager does not know yet, or describes only in part, because they were
//! just created.

use loopback::until;
use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route, ServicePrincipal,
    contoso::{
        BILLING_FUNCTION, BILLING_FUNCTION_RESOURCE_ID, ORDERS_IDENTITY,
        ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ,
    },
};
use time::Duration;

use crate::{
    events::sending::{identity, pushed_setup, reads, setup, written},
    fixed_arm,
    world::{Setup, TIMEOUT, World},
};

/// The category of the handler's own lines in the host's log.
const CONSOLE: &str = "Host.Function.Console";

const NONE: &str = "knows no identity of the resource yet";

fn not_found(code: &str) -> Fault {
    Fault::error(404, code, "The resource was not found.")
}

fn roles(world: &World, principal: &str) -> Vec<String> {
    world.tenant.assignments_of(principal).into_iter().map(|one| one.app_role_id).collect()
}

/// A setup with an Azure Resource Manager that answers with these bodies in turn.
async fn setup_with_arm(bodies: &[Value]) -> Setup {
    setup().await.with_setting("ARM_ENDPOINT", &fixed_arm::start(bodies).await)
}

#[tokio::test]
async fn a_404_for_an_identity_that_was_written_just_now_is_asked_again_by_the_next_delivery() {
    for (resource, principal) in [
        (ORDERS_IDENTITY_RESOURCE_ID, ORDERS_IDENTITY),
        (BILLING_FUNCTION_RESOURCE_ID, BILLING_FUNCTION),
    ] {
        for code in ["ResourceNotFound", "ResourceGroupNotFound", "FailedIdentityOperation", ""] {
            // Ages are scaled too. This leaves half a minute.
            let world = setup().await.with_setting("PACE_FACTOR", "0.25").start().await;
            world.tenant.answer_next(Route::ReadArmIdentity, not_found(code));
            world.deliver(&written(resource, Duration::seconds(3)), 2).await;
            assert_eq!(roles(&world, principal), [ORDERS_READ], "{code}");
            world.log_line(NONE).await;
            assert!(world.messages(&world.failed).await.is_empty());
        }
    }
}

#[tokio::test]
async fn an_event_that_was_repeated_meanwhile_is_not_lost_either() {
    let world = setup().await.start().await;
    world.tenant.answer_next(Route::ReadArmIdentity, not_found("ResourceNotFound"));
    let event = written(ORDERS_IDENTITY_RESOURCE_ID, Duration::seconds(1));
    world.deliver(&event, 1).await;
    // The repeat is the first to see the identity; the first delivery comes back and finds it done.
    world.deliver(&event, 2).await;
    assert_eq!(roles(&world, ORDERS_IDENTITY), [ORDERS_READ]);
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
}

#[tokio::test]
async fn a_resource_without_an_identity_is_not_remembered_as_checked() {
    let world = setup().await.start().await;
    let resource = identity("rg-load", "id-late");
    // Both events are older than the age from which a 404 counts, and the later one is older than the
    // first check.
    world.deliver(&written(&resource, Duration::HOUR), 1).await;
    let (id, client) =
        ("c0a70500-0000-4000-8000-00000000e201", "c0a70500-0000-4000-8000-00000000f201");
    let late = ServicePrincipal::user_assigned(id, client, "id-late", &resource);
    world.tenant.add_service_principal(late);
    world.deliver(&written(&resource, 2 * Duration::HOUR), 1).await;
    assert_eq!(roles(&world, id), [ORDERS_READ]);
}

#[tokio::test]
async fn a_404_for_a_resource_that_was_written_a_while_ago_is_an_answer() {
    let world = setup().await.start().await;
    world.tenant.answer_every(Route::ReadArmIdentity, not_found("ResourceNotFound"));
    // Times are scaled to a twentieth: six seconds for system-assigned identities, and fifteen.
    for (resource, age) in [
        (BILLING_FUNCTION_RESOURCE_ID, Duration::seconds(7)),
        (ORDERS_IDENTITY_RESOURCE_ID, Duration::seconds(16)),
        (ORDERS_IDENTITY_RESOURCE_ID, -Duration::HOUR),
    ] {
        world.deliver(&written(resource, age), 1).await;
    }
    assert_eq!(reads(&world), [3, 0, 0, 0]);
    assert!(world.host.invocations().iter().all(|one| one.dequeue_count == 1));
}

#[tokio::test]
async fn the_age_of_an_event_without_a_time_is_that_of_its_message() {
    let world = setup().await.start().await;
    world.tenant.answer_next(Route::ReadArmIdentity, not_found("ResourceNotFound"));
    let mut event = written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO);
    event.as_object_mut().unwrap().remove("eventTime");
    world.deliver(&event, 2).await;
    assert_eq!(roles(&world, ORDERS_IDENTITY), [ORDERS_READ]);
}

#[tokio::test]
async fn a_pushed_event_about_an_identity_that_is_not_known_yet_is_refused_and_comes_back() {
    let world = pushed_setup().await.start().await;
    world.tenant.answer_next(Route::ReadArmIdentity, not_found("ResourceNotFound"));
    let event = json!([written(ORDERS_IDENTITY_RESOURCE_ID, Duration::seconds(3))]);
    assert_eq!(world.push(&event).await, 500);
    assert_eq!(world.push(&event).await, 202);
    assert_eq!(roles(&world, ORDERS_IDENTITY), [ORDERS_READ]);
}

#[tokio::test]
async fn an_answer_without_an_object_id_is_no_identity_yet() {
    let ready = json!({ "properties": { "principalId": ORDERS_IDENTITY } });
    for early in [
        json!({}),
        json!({ "properties": null }),
        json!({ "properties": { "tenantId": "t", "principalId": null, "clientId": null } }),
    ] {
        let world = setup_with_arm(&[early.clone(), ready.clone()]).await.start().await;
        world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::seconds(2)), 2).await;
        assert_eq!(roles(&world, ORDERS_IDENTITY), [ORDERS_READ], "{early}");
    }
}

#[tokio::test]
async fn the_object_id_alone_is_enough_for_the_baseline() {
    let id = ORDERS_IDENTITY;
    for properties in [
        json!({ "principalId": id }),
        json!({ "principalId": id, "clientId": null, "tenantId": null }),
        json!({ "principalId": id, "clientId": 7, "isolationScope": "None", "tenantId": [] }),
    ] {
        let answer = json!({ "properties": properties, "tags": null, "id": 1 });
        let world = setup_with_arm(std::slice::from_ref(&answer)).await.start().await;
        world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::MINUTE), 1).await;
        assert_eq!(roles(&world, id), [ORDERS_READ], "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_given_up_at_once_and_says_so() {
    for answer in [json!("sign in"), json!({ "properties": { "principalId": "me" } })] {
        let world = setup_with_arm(std::slice::from_ref(&answer)).await.start().await;
        world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
        let kept = world.wait_for_messages(&world.failed).await.remove(0);
        assert_eq!(kept["attempts"], 1, "{kept}");
        assert!(kept["reason"].as_str().unwrap().contains("could not be read"), "{kept}");
        assert!(world.log_line("arm.failed").await.contains("\"again\":false"));
        assert!(world.tenant_is_unchanged());
    }
}

#[tokio::test]
async fn if_graph_and_azure_resource_manager_disagree_one_line_says_so_and_none_that_all_is_well() {
    let setup = setup().await;
    let resource = identity("rg-load", "id-here");
    let id = "c0a70500-0000-4000-8000-00000000e202";
    let elsewhere = identity("rg-elsewhere", "id-here");
    let moved = ServicePrincipal::user_assigned(id, id, "id-here", &elsewhere);
    setup.tenant.add_service_principal(moved);
    setup.tenant.set_arm_identity(&resource, Some(id));
    let world = setup.start().await;
    world.deliver(&written(&resource, Duration::ZERO), 1).await;
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    for text in ["disagree", id, "rg-elsewhere"] {
        assert!(kept["reason"].as_str().unwrap().contains(text), "{kept}");
    }
    let log = world.host.log();
    // The portal's sentence beside it is a row of the invocation, not a line of the log.
    let lines = log.iter().filter(|line| line.category == CONSOLE);
    assert_eq!(lines.filter(|line| line.message.contains("disagree")).count(), 1);
    assert!(log.iter().all(|line| !line.message.contains("nothing is missing")));
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_unlisted_status_of_azure_resource_manager_passes() {
    let world = setup().await.with_setting("PACE_FACTOR", "0.01").start().await;
    for (number, status) in [402, 409, 410, 418, 425, 451, 501, 509, 599].into_iter().enumerate() {
        let (id, name) = (format!("c0a70500-0000-4000-8000-00000000e3{number:02}"), "id-odd");
        let resource = identity("rg-load", &format!("{name}-{status}"));
        let principal = ServicePrincipal::user_assigned(&id, &id, name, &resource);
        world.tenant.add_service_principal(principal);
        world.tenant.answer_next(Route::ReadArmIdentity, Fault::error(status, "Odd", "no"));
        let event = written(&resource, Duration::ZERO);
        world.send_event(&event.to_string()).await;
        until(TIMEOUT, async || !roles(&world, &id).is_empty()).await.unwrap();
        assert_eq!(roles(&world, &id), [ORDERS_READ], "{status}");
    }
    assert!(world.messages(&world.failed).await.is_empty());
}
