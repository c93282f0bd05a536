//! The record of events: rows of the table `AppRoleAudit`.

use std::collections::BTreeSet;

use serde_json::json;
use storage_emulator::{Entity, TableFault, TableRule};
use tenant_emulator::contoso::{
    CALENDAR_API_APP_ID, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID,
    ORDERS_READ, REPORTS_IDENTITY_RESOURCE_ID,
};
use time::Duration;

use crate::{
    events::sending::{carrying, policy, pushed_setup, setup, written},
    world::World,
};

/// Text properties of a row; empty if the row does not have them.
fn texts<'a, const COUNT: usize>(row: &'a Entity, names: [&str; COUNT]) -> [&'a str; COUNT] {
    names.map(|name| row.properties.get(name).map_or("", |value| value.as_str().unwrap()))
}

/// Whether the table does not exist, because nothing was ever recorded.
async fn nothing_is_recorded(world: &World) -> bool {
    world.account.table("AppRoleAudit").entities().await.is_err()
}

#[tokio::test]
async fn an_event_that_is_ignored_or_changes_nothing_is_not_recorded() {
    let world = setup().await.start().await;
    world
        .tenant
        .grant(ORDERS_IDENTITY, "c0a70500-0000-4000-8000-0000000000b0", ORDERS_READ)
        .unwrap();
    world.deliver(&written(REPORTS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
    assert!(nothing_is_recorded(&world).await);
}

#[tokio::test]
async fn an_assignment_by_the_baseline_is_a_row_under_its_principal_without_a_requester() {
    let world = pushed_setup().await.start().await;
    let event = written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO);
    assert_eq!(world.push(&json!([event])).await, 202);
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(row.partition_key, ORDERS_IDENTITY);
    for (name, value) in [
        ("status", "assigned"),
        ("decision", "allowed"),
        ("rule", "workloads read orders"),
        ("action", "assign"),
        ("requester", "eventgrid:ResourceEvent"),
        ("function", "ResourceEvent"),
        ("principalResourceId", ORDERS_IDENTITY_RESOURCE_ID),
        ("apiAppId", ORDERS_API_APP_ID),
        ("appRoleId", ORDERS_READ),
        ("requestedPrincipal", ""),
        ("requestedApi", ""),
        ("requestedRole", ""),
    ] {
        assert_eq!(texts(&row, [name]), [value], "{name}");
    }
}

#[tokio::test]
async fn all_rows_of_one_delivery_have_different_keys() {
    let mut setup = setup().await;
    let mut policy = policy();
    let rules = policy["baseline"].as_array_mut().unwrap();
    let mut second = rules[0].clone();
    second["name"] = json!("workloads see the calendar");
    second["api"] = json!(CALENDAR_API_APP_ID);
    second["roles"] = json!(["00000000-0000-0000-0000-000000000000"]);
    rules.push(second);
    setup.policy = Some(policy.to_string());
    let world = setup.start().await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
    let rows = world.audit_rows(2).await;
    let indexes: BTreeSet<_> =
        rows.iter().map(|row| row.row_key.rsplit_once('-').unwrap().1).collect();
    assert_eq!(indexes, ["00", "01"].into());
    assert!(rows.iter().all(|row| texts(row, ["status"]) == ["assigned"]), "{rows:#?}");
}

#[tokio::test]
async fn a_request_in_an_event_has_a_row_for_each_role_even_if_it_is_refused() {
    let world = setup().await.start().await;
    let request = json!({ "principal": ORDERS_IDENTITY, "api": "api://orders",
                          "roles": ["Orders.Write", "Orders.Admin"], "reason": "why" });
    world.deliver(&carrying(&request), 1).await;
    world.deliver(&carrying(&json!({ "principal": 7 })), 1).await;
    let rows = world.audit_rows(3).await;
    let seen: Vec<_> =
        rows.iter().map(|row| texts(row, ["status", "requester", "reason"])).collect();
    assert_eq!(
        seen,
        [
            ["notAttempted", "queue:resource-events", "why"],
            ["denied", "queue:resource-events", "why"],
            ["invalid", "queue:resource-events", ""],
        ]
    );
}

#[tokio::test]
async fn an_assignment_that_could_not_be_recorded_is_recorded_on_the_next_delivery() {
    let world = setup().await.start().await;
    let refusal = TableFault::Error { status: 403, code: "AuthorizationPermissionMismatch" };
    world.tables.add(TableRule::new(refusal).table("AppRoleAudit").only(1));
    world.send_event(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO).to_string()).await;
    world.log_line("record.unavailable").await;
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(
        texts(&row, ["status", "rule", "appRoleId"]),
        ["alreadyAssigned", "workloads read orders", ORDERS_READ]
    );
    assert_eq!(world.tenant.accepted_writes().len(), 1);
}
