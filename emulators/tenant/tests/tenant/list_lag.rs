//! Lists that are behind the truth for a time.

use std::time::Duration;

use serde_json::Value;
use tenant_emulator::contoso::{ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ};

use crate::caller::{Caller, assignments_path, until};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

/// Long enough for a list to be asked for before it is over.
const SHORT: Duration = Duration::from_millis(300);

async fn listed(caller: &Caller) -> Vec<Value> {
    let list = caller.get(&assignments_path(ORDERS_IDENTITY)).await.json();
    list["value"].as_array().unwrap().iter().map(|one| one["appRoleId"].clone()).collect()
}

#[tokio::test]
async fn a_lagging_list_shows_neither_new_assignments_nor_recent_deletions() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    caller.tenant.set_list_lag(LONG);
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN).await.status, 201);
    assert_eq!(caller.unassign(ORDERS_IDENTITY, &id).await.status, 204);
    assert_eq!(listed(&caller).await, [ORDERS_READ]);
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.iter().map(|one| &one.app_role_id).collect::<Vec<_>>(), [ORDERS_ADMIN]);
    let answer = caller.unassign(ORDERS_IDENTITY, &id).await;
    answer.assert_is(400, "error-entitlement-grant-not-found.json");
}

#[tokio::test]
async fn a_lagging_list_catches_up_by_itself() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    caller.tenant.set_list_lag(SHORT);
    caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN).await;
    until(async || listed(&caller).await == [ORDERS_READ, ORDERS_ADMIN]).await;
    caller.unassign(ORDERS_IDENTITY, &id).await;
    until(async || listed(&caller).await == [ORDERS_ADMIN]).await;
}
