//! Reading service principals.

use tenant_emulator::{
    ServicePrincipal,
    catalogue::APP_ROLE_COUNT,
    contoso::{
        BILLING_FUNCTION, MICROSOFT_GRAPH, MICROSOFT_GRAPH_APP_ID, MICROSOFT_SERVICES_TENANT_ID,
        ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID,
        PAYMENTS_API_APP_ID, managed_identities,
    },
};

use crate::caller::{Caller, NOBODY, filtered_path};

#[tokio::test]
async fn an_unknown_or_invalid_id_property_or_option_is_refused() {
    let caller = Caller::in_contoso().await;
    for (path, status, payload_file) in [
        (format!("/{NOBODY}"), 404, "error-resource-not-found.json"),
        (format!("(appId='{NOBODY}')"), 404, "error-resource-not-found.json"),
        ("/id-orders".to_owned(), 400, "error-invalid-object-identifier.json"),
        ("(appId='id-orders')".to_owned(), 400, "error-invalid-app-id.json"),
        (format!("/{ORDERS_API}?$select=id,appRole"), 400, "error-unknown-property.json"),
    ] {
        let answer = caller.get(&format!("/servicePrincipals{path}")).await;
        answer.assert_is(status, payload_file);
    }
    let path = format!("/servicePrincipals/{ORDERS_IDENTITY}?$orderby=displayName");
    let answer = caller.get(&path).await;
    assert_eq!(answer.json()["error"]["code"], "Request_UnsupportedQuery");
}

#[tokio::test]
async fn a_managed_identity_tells_its_kind_and_its_arm_id() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get(&format!("/servicePrincipals/{ORDERS_IDENTITY}")).await;
    answer.assert_is(200, "service-principal-user-assigned.json");
    let path = format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')");
    caller.get(&path).await.assert_is(200, "service-principal-user-assigned.json");
    let answer = caller.get(&format!("/servicePrincipals/{BILLING_FUNCTION}")).await;
    answer.assert_is(200, "service-principal-system-assigned.json");
}

#[tokio::test]
async fn an_api_tells_its_roles_of_all_kinds_and_only_selected_properties() {
    let caller = Caller::in_contoso().await;
    for (path, payload_file) in [
        (format!("(appId='{PAYMENTS_API_APP_ID}')"), "service-principal-api.json"),
        (
            format!("(appId='{ORDERS_API_APP_ID}')"),
            "service-principal-api-with-roles-of-all-kinds.json",
        ),
        (format!("/{ORDERS_API}?$select=id,appId,displayName"), "service-principal-selected.json"),
    ] {
        let answer = caller.get(&format!("/servicePrincipals{path}")).await;
        answer.assert_is(200, payload_file);
    }
}

#[tokio::test]
async fn microsoft_graph_has_as_many_roles_as_in_a_real_tenant() {
    let caller = Caller::in_contoso().await;
    let path = format!("/servicePrincipals(appId='{MICROSOFT_GRAPH_APP_ID}')");
    let api = caller.get(&path).await.json();
    assert_eq!(api["id"], MICROSOFT_GRAPH);
    assert_eq!(api["appOwnerOrganizationId"], MICROSOFT_SERVICES_TENANT_ID);
    assert_eq!(api["appRoles"].as_array().unwrap().len(), APP_ROLE_COUNT);
}

#[tokio::test]
async fn an_identity_added_later_is_found_from_then_on() {
    let caller = Caller::in_contoso().await;
    let identity = managed_identities(1).remove(0);
    let path = format!("/servicePrincipals/{}", identity.id);
    assert_eq!(caller.get(&path).await.status, 404);
    caller.tenant.add_service_principal(identity);
    let found = caller.get(&path).await.json();
    assert_eq!(found["displayName"], "id-load-00001");
}

#[tokio::test]
async fn a_replaced_identity_is_not_found_by_its_former_ids() {
    let caller = Caller::in_contoso().await;
    let [former, other] = managed_identities(2).try_into().unwrap();
    caller.tenant.add_service_principal(former.clone());
    caller
        .tenant
        .add_service_principal(ServicePrincipal { id: former.id.clone(), ..other.clone() });
    for (identity, status, count) in [(&former, 404, 0), (&other, 200, 1)] {
        let by_app_id = format!("/servicePrincipals(appId='{}')", identity.app_id);
        assert_eq!(caller.get(&by_app_id).await.status, status);
        let filter = format!(
            "servicePrincipalType eq 'ManagedIdentity' and alternativeNames/any(x:x eq '{}')",
            identity.alternative_names[1]
        );
        let by_resource = format!("{}&$count=true", filtered_path(&filter));
        let found = caller.get_eventually(&by_resource).await.json();
        assert_eq!(found["value"].as_array().unwrap().len(), count);
    }
}
