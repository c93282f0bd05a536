//! Microsoft Graph's 403 has one exit status in every command.

use tenant_emulator::{
    Fault, Route,
    contoso::{MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY},
};

use crate::world::World;

/// Commands that ask Microsoft Graph, and the exit status of one that is denied.
const COMMANDS: &[(&[&str], i32)] = &[
    (&["assign", "id-orders", "api://orders", "Orders.Write", "--dry-run"], 3),
    (&["revoke", "id-orders", "api://orders", "Orders.Read", "--dry-run"], 3),
    (&["list", "id-orders"], 3),
    (&["holders", "api://orders"], 3),
    (&["roles", "api://orders"], 3),
    (&["why", "id-orders", "api://orders", "Orders.Read"], 3),
    (&["plan", "request.json", "--requester", "queue:app-role-requests"], 3),
    (&["policy", "check", "--online"], 3),
    (&["policy", "explain", "id-orders", "api://orders", "Orders.Read"], 3),
    (&["policy", "diff", "old.json", "--online", "--broker-identity", "id-app-role-broker"], 3),
    (&["policy", "init", "--from-tenant", "--broker-identity", "id-app-role-broker"], 3),
    (&["drift", "--broker-identity", "id-app-role-broker"], 3),
    (&["report", "-o", "access.json"], 3),
    (&["doctor", "--broker-identity", "id-app-role-broker"], 8),
];

const READS: [Route; 4] = [
    Route::ListServicePrincipals,
    Route::ReadServicePrincipal,
    Route::ListAssignments,
    Route::ListAssignedTo,
];

async fn world() -> World {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "Sites.Selected").unwrap();
    let request =
        r#"{ "principal": "id-orders", "api": "api://orders", "roles": ["Orders.Read"] }"#;
    world.write("request.json", request);
    world.write("old.json", &crate::world::POLICY.replace(", \"Orders.Write\"", ""));
    world
}

#[tokio::test]
async fn a_denied_read_has_the_same_exit_status_in_every_command() {
    let world = world().await;
    let mut wrong = Vec::new();
    for (command, expected) in COMMANDS {
        for route in READS {
            let denied =
                Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges.");
            let before = world.tenant.count(route);
            world.tenant.answer_every(route, denied);
            let ended = world.run(command).await;
            world.tenant.clear_faults(route);
            if world.tenant.count(route) > before && ended.code != *expected {
                wrong.push(format!("{command:?} {route:?}: {ended:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
