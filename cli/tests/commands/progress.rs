//! Progress of commands that wait, on a terminal.

use std::time::Duration;

use futures_util::future::join_all;
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY};

use crate::{
    terminal::{Input, seen},
    world::World,
};

/// Longer than a command waits in silence.
const LATENCY: Duration = Duration::from_millis(1_500);

/// Commands that ask Microsoft Graph, and what they say while they wait.
const COMMANDS: &[(&[&str], &str)] = &[
    (
        &["assign", "id-orders", "api://orders", "Orders.Write", "--dry-run"],
        "looking up the principal",
    ),
    (&["list", "id-orders"], "listing what the principal holds"),
    (&["holders", "api://orders"], "listing the holders"),
    (&["roles", "api://orders"], "looking up the API"),
    (&["why", "id-orders", "api://orders", "Orders.Read"], "looking up the principal"),
    (
        &["plan", "request.json", "--requester", "queue:app-role-requests"],
        "deciding as the broker would",
    ),
    (&["policy", "explain", "id-orders", "api://orders", "Orders.Read"], "looking up the API"),
    (&["doctor"], " …"),
];

async fn world() -> World {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let request =
        r#"{ "principal": "id-orders", "api": "api://orders", "roles": ["Orders.Read"] }"#;
    world.write("request.json", request);
    world
}

#[tokio::test]
async fn a_command_that_waits_says_for_what_and_takes_it_back() {
    let world = world().await;
    world.tenant.set_latency(LATENCY);
    let runs = COMMANDS.iter().map(async |(arguments, text)| {
        let shown = seen(world.command(arguments), Input::Pipe("")).await;
        assert!(shown.contains(text), "{arguments:?}: {shown:?}");
        let (_, last) = shown.rsplit_once("\r\u{1b}[K").unwrap();
        assert!(!last.contains(" …"), "the line is left behind: {arguments:?}: {shown:?}");
    });
    join_all(runs).await;
}
