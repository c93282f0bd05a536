//! Names that are misspelled, unknown or ambiguous.

use tenant_emulator::{
    ServicePrincipal,
    contoso::{BATCH_A_IDENTITY, BATCH_B_IDENTITY, BATCH_B_IDENTITY_RESOURCE_ID, ORDERS_IDENTITY},
};

use crate::world::World;

const NOBODY: &str = "c0a70500-0000-4000-8000-00000000dead";

#[tokio::test]
async fn a_misspelled_name_gets_a_suggestion() {
    let world = World::new().await;
    for (arguments, hint) in [
        (&["list", "id-ordres"][..], "did you mean id-orders?"),
        (&["roles", "Orders AIP"], "did you mean Orders API?"),
        (&["why", "id-orders", "api://orders", "Orders.Raed"], "did you mean Orders.Read"),
        (&["roles", "graph", "Usre.Read.All"], "did you mean User.Read.All"),
    ] {
        world.run(arguments).await.assert_failed(4, &["error: ", &format!("hint: {hint}")]);
    }
}

#[tokio::test]
async fn an_ambiguous_name_lists_the_candidates() {
    let world = World::new().await;
    for arguments in
        [&["list", "id-batch"][..], &["assign", "id-batch", "api://orders", "Orders.Read", "--yes"]]
    {
        let ended = world.run(arguments).await;
        let candidates = [BATCH_A_IDENTITY, BATCH_B_IDENTITY, BATCH_B_IDENTITY_RESOURCE_ID];
        ended.assert_failed(4, &["name of 2 service principals"]);
        ended.assert_failed(4, &candidates);
    }
    world.run(&["holders", "Payments API"]).await.assert_failed(4, &["2 service principals"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn an_unknown_name_is_not_found() {
    let world = World::new().await;
    for arguments in [
        &["list", NOBODY][..],
        &["list", "nobody at all"],
        &["holders", NOBODY],
        &["roles", "api://nothing"],
        &["roles", "api://orders", "Parcels"],
        &["assign", NOBODY, "api://orders", "Orders.Read", "--yes"],
    ] {
        let ended = world.run(arguments).await;
        ended.assert_failed(4, &["error: ", "hint: "]);
        assert_eq!(ended.stderr.lines().count(), 2, "{ended:?}");
    }
}

#[tokio::test]
async fn an_invalid_name_is_a_usage_error() {
    let world = World::new().await;
    for name in ["", "/subscriptions/contoso", "a\u{202e}b"] {
        let ended = world.run(&["list", name]).await;
        ended.assert_failed(2, &["is not a valid principal"]);
        assert!(!ended.stderr.contains('\u{202e}'), "{ended:?}");
    }
}

#[tokio::test]
async fn a_new_identity_is_looked_up_again_until_it_appears() {
    let world = World::new().await;
    let young = "c0a70500-0000-4000-8000-000000000300";
    let resource = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-new/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-new";
    let identity = ServicePrincipal::user_assigned(young, NOBODY, "id-new", resource);
    world.tenant.add_service_principal_after(identity, std::time::Duration::from_millis(400));
    let ended = world.run(&["assign", resource, "api://orders", "Orders.Read", "--yes"]).await;
    ended.assert_done(&["assigned"]);
    assert_eq!(world.tenant.assignments_of(young).len(), 1);
}

#[tokio::test]
async fn every_kind_of_name_finds_the_same_principal() {
    use tenant_emulator::contoso::{ORDERS_IDENTITY_CLIENT_ID, ORDERS_IDENTITY_RESOURCE_ID};
    let world = World::new().await;
    world
        .tenant
        .grant(ORDERS_IDENTITY, tenant_emulator::contoso::ORDERS_API, "Orders.Read")
        .unwrap();
    for name in
        ["ID-Orders", ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, ORDERS_IDENTITY_RESOURCE_ID]
    {
        world.run(&["list", name]).await.assert_done(&["Orders.Read"]);
    }
}
