//! `list`, `holders` and `roles`.

use tenant_emulator::{
    Fault, Route,
    contoso::{
        MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY,
        managed_identities,
    },
};

use crate::world::World;

#[tokio::test]
async fn an_outage_of_graph_is_a_failure_and_not_an_empty_list() {
    let world = World::new().await;
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::ListAssignments, outage);
    let mut command = world.command(&["list", "id-orders"]);
    command.env("PACE_FACTOR", "0.01");
    let ended = crate::world::end(command, "").await;
    ended.assert_failed(1, &["Microsoft Graph answered 503", "run the command again"]);
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn a_page_that_does_not_exist_is_a_usage_error() {
    let world = World::new().await;
    let ended = world.run(&["roles", "api://orders", "--page-size", "5", "--page", "3"]).await;
    ended.assert_failed(2, &["page 3 does not exist", "6 rows, 2 pages"]);
    world.run(&["roles", "api://orders", "--page", "0"]).await.assert_failed(2, &["--page"]);
}

#[tokio::test]
async fn a_principal_without_roles_has_an_empty_list() {
    let world = World::new().await;
    let ended = world.run(&["list", "id-orders"]).await;
    ended.assert_done(&[
        "\"id-orders\" holds no app role",
        ORDERS_IDENTITY,
        "/resourcegroups/rg-orders-dev/",
    ]);
    assert_eq!(world.json(&["list", "id-orders"]).await, serde_json::json!([]));
}

#[tokio::test]
async fn list_marks_privileged_roles() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "Sites.Selected").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "User.Read.All").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "Directory.ReadWrite.All").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let ended = world.run(&["list", "id-orders"]).await;
    ended.assert_done(&["User.Read.All", "Orders.Read", "Microsoft Graph", "Orders API"]);
    let line = |text: &str| ended.stdout.lines().find(|line| line.contains(text)).unwrap();
    assert!(line("Directory.ReadWrite.All").contains("yes (directory)"), "{ended:?}");
    assert!(line("User.Read.All").contains("yes (not listed as harmless)"), "{ended:?}");
    assert!(!line("Sites.Selected").contains("yes ("), "{ended:?}");
    let rows = world.json(&["list", "id-orders"]).await;
    let privileged: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| row["privileged"].as_bool().unwrap()).collect();
    assert_eq!(privileged, [false, true, true, false]);
    assert_eq!(rows[3]["roleId"], ORDERS_READ);
}

#[tokio::test]
async fn all_pages_of_holders_are_listed() {
    let world = World::new().await;
    let many = managed_identities(1_005);
    for identity in many {
        let id = identity.id.clone();
        world.tenant.add_service_principal(identity);
        world.tenant.grant(&id, ORDERS_API, "Orders.Read").unwrap();
    }
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Write").unwrap();
    let rows = world.json(&["holders", "api://orders"]).await;
    assert_eq!(rows.as_array().unwrap().len(), 1_006);
    assert_eq!(world.tenant.count(Route::ListAssignedTo), 2);
    let writers = world.json(&["holders", "api://orders", "--role", "orders.write"]).await;
    assert_eq!(writers.as_array().unwrap().len(), 1);
    assert_eq!(writers[0]["principalId"], REPORTS_IDENTITY);
    let page = world.run(&["holders", "api://orders", "--page-size", "10", "--page", "2"]).await;
    page.assert_done(&["id-load-"]);
    assert_eq!(page.stdout.lines().count(), 11, "{page:?}");
    assert!(page.stderr.contains("page 2 of 101, 1006 rows in total; next: --page 3"));
}

#[tokio::test]
async fn roles_that_cannot_be_assigned_are_marked() {
    let world = World::new().await;
    let ended = world.run(&["roles", "api://orders"]).await;
    let line = |text: &str| ended.stdout.lines().find(|line| line.contains(text)).unwrap();
    assert!(line("Orders.Archive").contains("disabled"), "{ended:?}");
    assert!(line("Orders.Approve").contains("users only"), "{ended:?}");
    let roles = world.json(&["roles", "graph", "Policy.ReadWrite.*"]).await;
    let roles = roles.as_array().unwrap();
    assert!(roles.len() > 1 && roles.iter().all(|role| role["privileged"] == true), "{roles:?}");
    let all = world.json(&["roles", "graph"]).await;
    assert!(all.as_array().unwrap().len() > 700);
}
