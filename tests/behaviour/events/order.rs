//! Event Grid delivers events more than once and in any order ("Event Grid message delivery and retry").

use serde_json::{Value, json};
use tenant_emulator::{
    Route, ServicePrincipal,
    contoso::{ORDERS_READ, managed_identities},
};
use time::Duration;

use crate::{
    events::sending::{identity, setup, written},
    world::World,
};

/// The events of a resource in its first minutes: three writes, one of them delivered twice; a failed
/// write; and the deletion of an earlier resource with the same name.
fn events_of(resource: &str) -> Vec<Value> {
    let at = |seconds: i64| written(resource, Duration::seconds(seconds));
    let of_type = |mut event: Value, kind: &str| {
        event["eventType"] = json!(format!("Microsoft.Resources.{kind}"));
        event
    };
    let updated = at(60);
    vec![
        of_type(at(150), "ResourceDeleteSuccess"),
        at(120),
        updated.clone(),
        updated,
        of_type(at(30), "ResourceWriteFailure"),
        at(20),
    ]
}

/// The events of each identity in a different order: rotated by the identity's index, forwards and
/// backwards.
fn shuffled_events(identities: &[ServicePrincipal]) -> Vec<Vec<Value>> {
    let shuffle = |(index, principal): (usize, &ServicePrincipal)| {
        let mut events = events_of(&identity("rg-load", &principal.display_name));
        let length = events.len();
        events.rotate_left(index % length);
        if index >= length {
            events.reverse();
        }
        events
    };
    identities.iter().enumerate().map(shuffle).collect()
}

fn assert_each_has_its_role(world: &World, identities: &[ServicePrincipal]) {
    for one in identities {
        let held = world.tenant.assignments_of(&one.id);
        assert!(held.iter().map(|one| one.app_role_id.as_str()).eq([ORDERS_READ]), "{held:?}");
    }
    assert_eq!(world.tenant.count(Route::CreateAssignment), identities.len());
}

#[tokio::test]
async fn an_identity_gets_each_role_once_in_any_order_of_the_events_of_its_resource() {
    let setup = setup().await;
    let identities = managed_identities(12);
    for one in &identities {
        setup.tenant.add_service_principal(one.clone());
    }
    let world = setup.start().await;
    for life in shuffled_events(&identities) {
        // Each message is sent after the one before was handled, so the order is kept.
        for event in &life {
            world.deliver(event, 1).await;
        }
    }
    assert_each_has_its_role(&world, &identities);
}

#[tokio::test]
async fn concurrent_events_of_one_resource_assign_each_role_once() {
    let setup = setup().await;
    let identities = managed_identities(3);
    for one in &identities {
        setup.tenant.add_service_principal(one.clone());
    }
    let world = setup.start().await;
    let shuffled_events = shuffled_events(&identities);
    let events: Vec<_> = shuffled_events.iter().flatten().map(ToString::to_string).collect();
    let sent = events.iter().map(|event| world.send_event(event));
    futures_util::future::join_all(sent).await;
    world.host.wait_for_invocations(events.len(), crate::world::TIMEOUT).await.unwrap();
    assert_each_has_its_role(&world, &identities);
}

#[tokio::test]
async fn an_event_that_outlives_its_resource_changes_nothing() {
    let world = setup().await.start().await;
    let gone = identity("rg-load", "id-gone");
    for event in events_of(&gone) {
        world.deliver(&event, 1).await;
    }
    assert!(world.tenant_is_unchanged());
    assert!(world.messages(&world.failed).await.is_empty());
}
