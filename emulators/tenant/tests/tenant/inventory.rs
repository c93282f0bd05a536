//! Listing who there is in a tenant: all managed identities, and all holders of an API's roles.

use serde_json::Value;
use tenant_emulator::contoso::{
    BILLING_FUNCTION, MICROSOFT_GRAPH, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY,
    managed_identities,
};
use tenant_emulator::{ServicePrincipal, ServicePrincipalType};

use crate::caller::{Caller, NOBODY};

/// As a client has to escape it.
const ALL_MANAGED_IDENTITIES: &str = "/servicePrincipals?$filter=servicePrincipalType%20eq%20%27ManagedIdentity%27\
     &$select=id,appId,servicePrincipalType,alternativeNames";

fn assigned_to_path(api: &str) -> String {
    format!("/servicePrincipals/{api}/appRoleAssignedTo")
}

/// The path of the page behind this one.
fn next_path(caller: &Caller, page: &Value) -> Option<String> {
    page["@odata.nextLink"].as_str().map(|link| link.replace(&caller.url(""), ""))
}

/// One field of everything that a page lists.
fn listed(page: &Value, field: &str) -> Vec<String> {
    let items = page["value"].as_array().unwrap().iter();
    items.map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_unknown_api_has_no_list_of_holders() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get(&assigned_to_path(NOBODY)).await;
    answer.assert_is(404, "error-resource-not-found.json");
}

#[tokio::test]
async fn a_list_of_managed_identities_needs_an_advanced_query() {
    let caller = Caller::in_contoso().await;
    let counted = format!("{ALL_MANAGED_IDENTITIES}&$count=true");
    for answer in [caller.get(&counted).await, caller.get_eventually(ALL_MANAGED_IDENTITIES).await]
    {
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["code"], "Request_UnsupportedQuery");
    }
}

#[tokio::test]
async fn the_holders_of_an_api_are_those_of_its_roles_and_no_others() {
    let caller = Caller::in_contoso().await;
    caller.tenant.grant(BILLING_FUNCTION, MICROSOFT_GRAPH, "User.Read.All").unwrap();
    caller.tenant.grant(BILLING_FUNCTION, ORDERS_API, "Orders.Write").unwrap();
    caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let by_app_id = format!("/servicePrincipals(appId='{ORDERS_API_APP_ID}')/appRoleAssignedTo");
    for path in [assigned_to_path(ORDERS_API), by_app_id] {
        let page = caller.get(&path).await.json();
        assert_eq!(listed(&page, "principalId"), [ORDERS_IDENTITY, BILLING_FUNCTION]);
        assert_eq!(listed(&page, "resourceId"), [ORDERS_API; 2]);
    }
    let first = caller.get(&format!("{}?$top=1", assigned_to_path(ORDERS_API))).await;
    first.assert_is(200, "list-assigned-to-page-response.json");
    let last = caller.get(&next_path(&caller, &first.json()).unwrap()).await;
    last.assert_is(200, "list-assigned-to-last-page-response.json");
}

#[tokio::test]
async fn every_managed_identity_is_listed_once_page_by_page() {
    let caller = Caller::in_contoso().await;
    let path = format!("{ALL_MANAGED_IDENTITIES}&$top=1&$count=true");
    let first = caller.get_eventually(&path).await;
    first.assert_is(200, "list-managed-identities-page-response.json");
    let all_but_one = caller.get_eventually(&path.replace("$top=1", "$top=5")).await;
    let last = caller.get_eventually(&next_path(&caller, &all_but_one.json()).unwrap()).await;
    last.assert_is(200, "list-managed-identities-last-page-response.json");
    let inhabitants = usize::try_from(first.json()["@odata.count"].as_u64().unwrap()).unwrap();
    for identity in managed_identities(1000) {
        caller.tenant.add_service_principal(identity);
    }
    let mut ids = Vec::new();
    let mut next = Some(format!("{ALL_MANAGED_IDENTITIES}&$top=999&$count=true"));
    while let Some(path) = next {
        let page = caller.get_eventually(&path).await.json();
        assert!(listed(&page, "servicePrincipalType").iter().all(|kind| kind == "ManagedIdentity"));
        ids.extend(listed(&page, "id"));
        next = next_path(&caller, &page);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), inhabitants + 1000);
}

#[tokio::test]
async fn only_the_principals_of_blueprints_are_listed_by_their_type() {
    let caller = Caller::in_contoso().await;
    let blueprint = "c0a70500-0000-4000-8000-00000000b100";
    for (kind, id, name) in [
        (ServicePrincipalType::AgentBlueprint, blueprint, "Helpdesk blueprint"),
        (ServicePrincipalType::Agent, "c0a70500-0000-4000-8000-00000000b200", "Helpdesk agent"),
    ] {
        let app_id = id.replace("00b", "00c");
        caller.tenant.add_service_principal(ServicePrincipal::of_agents(kind, id, &app_id, name));
    }
    let path = "/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal?$select=id,appId,\
                displayName,servicePrincipalType,alternativeNames&$count=true";
    let page = caller.get_eventually(path).await;
    page.assert_is(200, "list-agent-blueprints-response.json");
    let agent = caller.get("/servicePrincipals/c0a70500-0000-4000-8000-00000000b200").await.json();
    assert_eq!(agent["servicePrincipalType"], "ServiceIdentity");
    assert_eq!(agent["@odata.type"], "#microsoft.graph.agentIdentity");
}
