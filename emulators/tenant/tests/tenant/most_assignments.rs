//! The largest number of assignments of one service principal.

use tenant_emulator::{
    AppRole, MOST_ASSIGNMENTS, ServicePrincipal,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY, TENANT_ID},
};
use uuid::Uuid;

use crate::caller::Caller;

/// An API with as many roles as one principal may hold.
fn api_of_many_roles() -> ServicePrincipal {
    let id = |name: String| Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string();
    let role = |number| {
        AppRole::for_applications(&id(format!("role {number}")), &format!("Part{number}.Read"), "")
    };
    let (object_id, app_id) = (id("id".to_owned()), id("appId".to_owned()));
    let mut api =
        ServicePrincipal::api(&object_id, &app_id, "Parts", "api://parts").owned_by(TENANT_ID);
    api.app_roles = (0..MOST_ASSIGNMENTS).map(role).collect();
    api
}

#[tokio::test]
async fn a_principal_with_the_largest_number_of_assignments_gets_no_more() {
    let (caller, api) = (Caller::in_contoso().await, api_of_many_roles());
    caller.tenant.add_service_principal(api.clone());
    for role in &api.app_roles {
        caller.tenant.grant(ORDERS_IDENTITY, &api.id, &role.id).unwrap();
    }
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    answer.assert_is(403, "error-resource-size-exceeded.json");
    assert_eq!(caller.assign(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 201);
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.len(), MOST_ASSIGNMENTS);
    caller.unassign(ORDERS_IDENTITY, &held[7].id).await;
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 201);
}
