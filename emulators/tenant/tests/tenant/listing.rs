//! Listing the assignments that a service principal holds.

use serde_json::Value;
use tenant_emulator::contoso::{
    MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID,
};

use crate::caller::{Caller, NOBODY, assignments_path};

/// More than one default page of 100, and more than two.
const MANY: usize = 205;

fn grant_many(caller: &Caller) {
    for number in 1..=MANY {
        let role = format!("Generated.{number:03}.Read.All");
        caller.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, &role).unwrap();
    }
}

fn page_length(page: &Value) -> usize {
    page["value"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_unknown_principal_and_a_query_that_is_not_emulated_are_refused() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get(&assignments_path(NOBODY)).await;
    answer.assert_is(404, "error-resource-not-found.json");
    let path = assignments_path(ORDERS_IDENTITY);
    let answer = caller.get(&format!("{path}?$top=1000")).await;
    answer.assert_is(400, "error-invalid-page-size.json");
    let answer = caller.get(&format!("{path}?$skiptoken=whatever")).await;
    answer.assert_is(400, "error-expired-page-token.json");
    for option in ["$top=0", "$top=-1", "$top=many", "$orderby=id", "$expand=principal"] {
        let answer = caller.get(&format!("{path}?{option}")).await;
        assert_eq!(answer.json()["error"]["code"], "Request_UnsupportedQuery", "{option}");
    }
}

#[tokio::test]
async fn a_principal_without_roles_has_an_empty_list() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    answer.assert_is(200, "list-assignments-empty-response.json");
}

#[tokio::test]
async fn both_forms_of_the_url_list_what_the_principal_holds() {
    let caller = Caller::in_contoso().await;
    caller.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "User.Read.All").unwrap();
    caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let by_app_id =
        format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')/appRoleAssignments");
    for path in [assignments_path(ORDERS_IDENTITY), by_app_id] {
        let answer = caller.get(&path).await;
        answer.assert_is(200, "list-assignments-response.json");
    }
    let answer = caller.get(&format!("{}?$top=1", assignments_path(ORDERS_IDENTITY))).await;
    answer.assert_is(200, "list-assignments-page-response.json");
    let link = answer.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    assert!(link.starts_with(caller.tenant.graph_endpoint()), "{link}");
}

#[tokio::test]
async fn following_the_links_gives_every_assignment_once_in_order() {
    let caller = Caller::in_contoso().await;
    grant_many(&caller);
    let mut ids = Vec::new();
    let mut lengths = Vec::new();
    let mut next = Some(assignments_path(ORDERS_IDENTITY));
    while let Some(path) = next {
        let page = caller.get(&path).await.json();
        lengths.push(page_length(&page));
        ids.extend(page["value"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        next = page["@odata.nextLink"].as_str().map(|link| link.replace(&caller.url(""), ""));
    }
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(lengths, [100, 100, 5]);
    assert_eq!(ids, held.iter().map(|one| one.id.as_str()).collect::<Vec<_>>());
    let answer = caller.get(&format!("{}?$top=999", assignments_path(ORDERS_IDENTITY))).await;
    assert_eq!(page_length(&answer.json()), MANY);
    assert_eq!(answer.json()["@odata.nextLink"], Value::Null);
}
