//! Calls to Azure Resource Manager and Microsoft Graph that an event causes.

use futures_util::future::try_join_all;
use tenant_emulator::{
    Route,
    contoso::{
        ORDERS_API, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, managed_identities,
    },
};
use time::Duration;

use crate::{
    events::sending::{identity, reads, setup, written},
    world::TIMEOUT,
};

#[tokio::test]
async fn an_identity_that_holds_every_role_costs_one_read_and_one_list_and_repeated_events_cost_nothing()
 {
    let world = setup().await.start().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    // The first event reads the API, which is then cached.
    world.deliver(&written(&identity("rg-orders-dev", "id-nobody"), Duration::MINUTE), 1).await;
    let first = written(ORDERS_IDENTITY_RESOURCE_ID, Duration::MINUTE);
    world.deliver(&first, 1).await;
    assert_eq!(reads(&world), [2, 1, 0, 1]);
    for _ in 0..3 {
        world.deliver(&first, 1).await;
        world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::seconds(20)), 1).await;
    }
    assert_eq!(
        reads(&world),
        [2, 1, 0, 1],
        "repeated events, and events from before the last read"
    );
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
    assert_eq!(reads(&world), [3, 1, 0, 2], "the event is newer than the last read");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_missing_role_costs_one_more_read_of_the_principal_and_the_write() {
    let world = setup().await.start().await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::MINUTE), 1).await;
    assert_eq!(
        reads(&world),
        [1, 2, 0, 1],
        "the API, which is cached for five minutes, and the principal"
    );
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
}

#[tokio::test]
async fn a_burst_of_a_thousand_events_for_200_resources_makes_each_assignment_once() {
    const RESOURCES: usize = 200;
    const EVENTS_EACH: i64 = 5;
    let setup = setup().await.with_setting("PACE_FACTOR", "1");
    let identities = managed_identities(RESOURCES);
    for identity in &identities {
        setup.tenant.add_service_principal(identity.clone());
    }
    let world = setup.start().await;
    let events = world.events().await;
    for number in 0..EVENTS_EACH {
        let sent = identities.iter().map(|one| {
            let ago = Duration::minutes(2) - Duration::seconds(number);
            let event = written(&identity("rg-load", &one.display_name), ago).to_string();
            let events = &events;
            async move { events.send(&event).await }
        });
        try_join_all(sent).await.unwrap();
    }
    world.host.wait_for_invocations(1000, 4 * TIMEOUT).await.unwrap();
    assert_eq!(world.tenant.count(Route::CreateAssignment), RESOURCES);
    assert_eq!(reads(&world), [RESOURCES, RESOURCES + 1, 0, RESOURCES]);
    for identity in &identities {
        assert_eq!(world.tenant.assignments_of(&identity.id).len(), 1);
    }
    assert!(world.host.invocations().iter().all(|one| one.dequeue_count == 1));
}
