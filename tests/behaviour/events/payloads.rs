//! Events of resource types that usually have an identity, byte for byte, in both schemas and through
//! both triggers. Microsoft Graph shows the identities only after a while.

use futures_util::future::join_all;
use loopback::until;
use serde_json::Value;
use tenant_emulator::{Route, ServicePrincipal, contoso::ORDERS_READ};

use crate::{
    events::sending::{payload, pushed_setup},
    world::{TIMEOUT, World},
};

/// The payload file of each type, without its extension.
const TYPES: [&str; 6] = [
    "user-assigned-identity-written",
    "web-site-written",
    "function-app-slot-written",
    "virtual-machine-written",
    "logic-app-written",
    "container-app-written",
];

/// The end of the file names of CloudEvents.
const CLOUD_EVENT: &str = "-cloud-event";

/// An event, and the identity of its resource.
struct Case {
    event: String,
    identity: ServicePrincipal,
}

impl Case {
    fn is_done(&self, world: &World) -> bool {
        let held = world.tenant.assignments_of(&self.identity.id);
        held.iter().map(|one| one.app_role_id.as_str()).eq([ORDERS_READ])
    }

    async fn is_pushed(&self, world: &World) -> u16 {
        world.push(&serde_json::from_str(&self.event).unwrap()).await
    }
}

/// One case for each type. The user-assigned identity of the file is in the tenant from the start, so a
/// new one replaces it.
fn cases(schema: &str) -> Vec<Case> {
    let case = |(number, kind): (usize, &&str)| {
        let event = payload(&format!("{kind}{schema}.json")).replace("id-orders", "id-young");
        let id = format!("c0a70500-0000-4000-8000-00000000d1{number:02}");
        let resource = subject(&event);
        let name = resource.rsplit('/').next().unwrap();
        let make = match number {
            0 => ServicePrincipal::user_assigned,
            _ => ServicePrincipal::system_assigned,
        };
        Case { identity: make(&id, &id.replace("d1", "d2"), name, &resource), event }
    };
    TYPES.iter().enumerate().map(case).collect()
}

/// The resource of an event, spelled as in the directory.
fn subject(event: &str) -> String {
    let event: Value = serde_json::from_str(event).unwrap();
    let event = event.get(0).unwrap_or(&event);
    event["subject"].as_str().unwrap().replace("resourceGroups", "resourcegroups")
}

/// A world in which Graph does not know the identities yet.
async fn world_of(cases: &[Case]) -> World {
    let setup = pushed_setup().await;
    for case in cases {
        setup.tenant.add_replicating_service_principal(case.identity.clone());
    }
    setup.start().await
}

fn replicate(world: &World, cases: &[Case]) {
    for case in cases {
        assert!(!case.is_done(world));
        assert!(world.tenant.replicate(&case.identity.id));
    }
}

/// Asserts that Azure Resource Manager was asked for each identity, and that each role was assigned once.
fn assert_all_done(world: &World, cases: &[Case]) {
    for case in cases {
        assert!(case.is_done(world), "{}", case.event);
    }
    let accepted = world.tenant.accepted_writes();
    assert_eq!(accepted.len(), cases.len(), "{accepted:?}");
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

async fn put_into_the_queue(schema: &str) {
    let cases = cases(schema);
    let world = world_of(&cases).await;
    join_all(cases.iter().map(|case| world.send_event(&case.event))).await;
    // Each event was retried at least once.
    world.host.wait_for_invocations(cases.len(), TIMEOUT).await.unwrap();
    replicate(&world, &cases);
    until(TIMEOUT, async || cases.iter().all(|case| case.is_done(&world))).await.unwrap();
    assert_all_done(&world, &cases);
}

async fn pushed(schema: &str) {
    let cases = cases(schema);
    let world = world_of(&cases).await;
    let answers = join_all(cases.iter().map(|case| case.is_pushed(&world))).await;
    assert_eq!(answers, [500; TYPES.len()], "Event Grid must deliver them again");
    replicate(&world, &cases);
    let answers = join_all(cases.iter().map(|case| case.is_pushed(&world))).await;
    assert_eq!(answers, [202; TYPES.len()]);
    assert_all_done(&world, &cases);
}

#[tokio::test]
async fn event_grid_schema_events_in_the_queue_give_the_identity_of_each_resource_type_its_roles() {
    put_into_the_queue("").await;
}

#[tokio::test]
async fn cloud_events_in_the_queue_give_the_identity_of_each_resource_type_its_roles() {
    put_into_the_queue(CLOUD_EVENT).await;
}

#[tokio::test]
async fn pushed_event_grid_schema_events_give_the_identity_of_each_resource_type_its_roles() {
    pushed("").await;
}

#[tokio::test]
async fn pushed_cloud_events_give_the_identity_of_each_resource_type_its_roles() {
    pushed(CLOUD_EVENT).await;
}
