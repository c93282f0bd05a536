//! What exists, but isn't seen yet.

use serde_json::Value;
use tenant_emulator::{
    ServicePrincipal,
    contoso::{ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, managed_identities},
};

use crate::caller::{Answer, Caller, assignment, assignments_path, filtered_path};

/// A caller, and an identity that was created a moment ago.
async fn caller_and_young_identity() -> (Caller, ServicePrincipal) {
    let caller = Caller::in_contoso().await;
    let young = managed_identities(1).remove(0);
    caller.tenant.add_replicating_service_principal(young.clone());
    (caller, young)
}

fn assert_not_found(answer: &Answer, id: &str) {
    assert_eq!(answer.status, 404, "{}", answer.text);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "Request_ResourceNotFound");
    assert!(error["message"].as_str().unwrap().contains(id), "{error}");
}

/// Every filter that would find a managed identity.
fn filters(identity: &ServicePrincipal) -> [String; 4] {
    let (name, app_id) = (&identity.display_name, &identity.app_id);
    [
        format!("displayName eq '{name}'"),
        format!("startswith(displayName,'{name}')"),
        format!("servicePrincipalNames/any(x:x eq '{app_id}')"),
        format!(
            "servicePrincipalType eq 'ManagedIdentity' and alternativeNames/any(x:x eq '{}')",
            identity.alternative_names[1]
        ),
    ]
}

async fn find(caller: &Caller, filter: &str) -> Value {
    let path = format!("{}&$count=true&$select=id", filtered_path(filter));
    caller.get_eventually(&path).await.json()["value"].clone()
}

async fn listed(caller: &Caller) -> Vec<Value> {
    let list = caller.get(&assignments_path(ORDERS_IDENTITY)).await.json();
    list["value"].as_array().unwrap().iter().map(|one| one["appRoleId"].clone()).collect()
}

#[tokio::test]
async fn a_young_identity_in_the_url_is_not_found_by_any_id() {
    let (caller, young) = caller_and_young_identity().await;
    let (by_id, by_app_id) = (format!("/{}", young.id), format!("(appId='{}')", young.app_id));
    let body = assignment(&young.id, ORDERS_API, ORDERS_READ);
    for (key, id) in [(by_id, &young.id), (by_app_id, &young.app_id)] {
        let principal = format!("/servicePrincipals{key}");
        let assignments = format!("{principal}/appRoleAssignments");
        assert_not_found(&caller.get(&principal).await, id);
        assert_not_found(&caller.get(&assignments).await, id);
        assert_not_found(&caller.post(&assignments, &body).await, id);
        assert_not_found(&caller.delete(&format!("{assignments}/whatever")).await, id);
    }
}

#[tokio::test]
async fn a_young_identity_in_the_body_is_no_valid_reference() {
    let (caller, young) = caller_and_young_identity().await;
    let body = assignment(&young.id, ORDERS_API, ORDERS_READ);
    let answer = caller.post(&assignments_path(ORDERS_IDENTITY), &body).await;
    answer.assert_is(400, "error-not-a-valid-reference-update.json");
}

#[tokio::test]
async fn no_filter_and_no_list_has_a_young_identity() {
    let (caller, young) = caller_and_young_identity().await;
    for filter in filters(&young) {
        assert_eq!(find(&caller, &filter).await, Value::Array(Vec::new()), "{filter}");
    }
    let list = caller.get("/servicePrincipals?$select=id").await;
    assert!(!list.text.contains(&young.id), "{}", list.text);
}

#[tokio::test]
async fn a_service_principal_that_was_never_hidden_cannot_be_replicated() {
    let (caller, young) = caller_and_young_identity().await;
    assert!(!caller.tenant.replicate(ORDERS_IDENTITY));
    assert!(!caller.tenant.replicate(&young.app_id));
    assert!(caller.tenant.replicate(&young.id.to_uppercase()));
    assert!(!caller.tenant.replicate(&young.id));
}

#[tokio::test]
async fn replication_does_not_undo_a_later_visible_change() {
    let (caller, young) = caller_and_young_identity().await;
    let renamed = ServicePrincipal { display_name: "id-renamed".to_owned(), ..young.clone() };
    caller.tenant.add_service_principal(renamed);
    assert!(!caller.tenant.replicate(&young.id));
    let found = caller.get(&format!("/servicePrincipals/{}", young.id)).await.json();
    assert_eq!(found["displayName"], "id-renamed");
}

#[tokio::test]
async fn an_identity_that_has_replicated_is_an_identity_like_any_other() {
    let (caller, young) = caller_and_young_identity().await;
    caller.tenant.replicate(&young.id);
    for filter in filters(&young) {
        assert_eq!(find(&caller, &filter).await[0]["id"], young.id.as_str(), "{filter}");
    }
    assert_eq!(caller.assign(&young.id, ORDERS_API, ORDERS_READ).await.status, 201);
    let path = format!("/servicePrincipals(appId='{}')/appRoleAssignments", young.app_id);
    assert_eq!(caller.get(&path).await.json()["value"][0]["appRoleId"], ORDERS_READ);
}

#[tokio::test]
async fn a_change_of_a_service_principal_is_seen_once_it_has_replicated() {
    let caller = Caller::in_contoso().await;
    let mut renamed = managed_identities(1).remove(0);
    caller.tenant.add_service_principal(renamed.clone());
    let (id, old_name) = (renamed.id.clone(), renamed.display_name.clone());
    renamed.display_name = "id-renamed".to_owned();
    caller.tenant.add_replicating_service_principal(renamed);
    let path = format!("/servicePrincipals/{id}");
    assert_eq!(caller.get(&path).await.json()["displayName"], old_name);
    caller.tenant.replicate(&id);
    assert_eq!(caller.get(&path).await.json()["displayName"], "id-renamed");
}

#[tokio::test]
async fn an_assignment_that_lists_do_not_show_cannot_be_made_again() {
    let caller = Caller::in_contoso().await;
    caller.tenant.hold_back_assignments(true);
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 201);
    let list = caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    list.assert_is(200, "list-assignments-empty-response.json");
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    answer.assert_is(400, "error-permission-already-exists.json");
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn lagging_lists_are_unchanged_until_they_are_released() {
    let caller = Caller::in_contoso().await;
    caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    caller.tenant.hold_back_assignments(true);
    caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN).unwrap();
    caller.tenant.hold_back_assignments(true);
    assert_eq!(listed(&caller).await, [ORDERS_READ]);
    caller.tenant.hold_back_assignments(false);
    assert_eq!(listed(&caller).await, [ORDERS_READ, ORDERS_ADMIN]);
}
