//! Finding service principals by their names.

use serde_json::Value;
use tenant_emulator::{
    ServicePrincipal,
    contoso::{
        BATCH_A_IDENTITY, BATCH_B_IDENTITY, BATCH_IDENTITY_NAME, BILLING_FUNCTION_RESOURCE_ID,
        OBRIEN_API, OBRIEN_API_NAME, ORDERS_API, ORDERS_API_APP_ID, ORDERS_API_URI,
        ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, PAYMENTS_API_NAME, TENANT_ID, contoso,
        managed_identities,
    },
};

use crate::caller::{Answer, Caller, NOBODY, filtered_path, percent_encoded};

/// More than two default pages of 100.
const MANY: usize = 205;

fn by_resource(resource_id: &str) -> String {
    let clause = format!("alternativeNames/any(x:x eq '{resource_id}')");
    filtered_path(&format!("servicePrincipalType eq 'ManagedIdentity' and {clause}"))
}

fn ids(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let list = list["value"].as_array().unwrap_or_else(|| panic!("{list}"));
    list.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn found(caller: &Caller, filter: &str) -> Vec<String> {
    ids(&caller.get(&filtered_path(filter)).await)
}

/// The link to the next page, as a path that starts behind the version.
fn next(caller: &Caller, page: &Value) -> Option<String> {
    page["@odata.nextLink"].as_str().map(|link| link.replace(&caller.url(""), ""))
}

#[tokio::test]
async fn an_unsupported_filter_is_refused() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get(&filtered_path("displayName eq 'O'Brien & Sons #1 API'")).await;
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "BadRequest");
    assert!(error["message"].as_str().unwrap().starts_with("Invalid filter clause: "), "{error}");
}

#[tokio::test]
async fn an_advanced_query_needs_both_the_header_and_the_count() {
    let caller = Caller::in_contoso().await;
    let path = by_resource(ORDERS_IDENTITY_RESOURCE_ID);
    let counted = format!("{path}&$count=true");
    let not_counted = format!("{path}&$count=false");
    for answer in [
        caller.get(&path).await,
        caller.get(&counted).await,
        caller.get_eventually(&path).await,
        caller.get_eventually(&not_counted).await,
    ] {
        answer.assert_is(400, "error-advanced-query-needed.json");
    }
}

#[tokio::test]
async fn the_header_of_an_advanced_query_is_needed_on_the_next_page_too() {
    let caller = Caller::in_contoso().await;
    let path = by_resource("isExplicit=True");
    let first = caller.get_eventually(&format!("{path}&$count=true&$top=1")).await.json();
    let next = next(&caller, &first).unwrap();
    caller.get(&next).await.assert_is(400, "error-advanced-query-needed.json");
    assert_eq!(caller.get_eventually(&next).await.status, 200);
}

#[tokio::test]
async fn a_query_option_that_is_not_emulated_is_refused_rather_than_ignored() {
    let caller = Caller::in_contoso().await;
    for option in ["$search=%22displayName:orders%22", "$orderby=displayName", "$count=maybe"] {
        let answer = caller.get(&format!("/servicePrincipals?{option}")).await;
        assert_eq!(answer.status, 400, "{option}");
        assert_eq!(answer.json()["error"]["code"], "Request_UnsupportedQuery", "{option}");
    }
}

#[tokio::test]
async fn a_selected_property_a_page_size_or_a_page_token_can_be_wrong_here_as_elsewhere() {
    let caller = Caller::in_contoso().await;
    for (option, payload_file) in [
        ("$select=id,appRole", "error-unknown-property.json"),
        ("$top=1000", "error-invalid-page-size.json"),
        ("$skiptoken=whatever", "error-expired-page-token.json"),
    ] {
        let answer = caller.get(&format!("/servicePrincipals?{option}")).await;
        answer.assert_is(400, payload_file);
    }
}

#[tokio::test]
async fn an_unknown_name_finds_nothing() {
    let caller = Caller::in_contoso().await;
    for filter in [
        "displayName eq 'Orders'",
        "displayName eq ''",
        "startswith(displayName,'rders')",
        "servicePrincipalNames/any(x:x eq 'api://order')",
    ] {
        assert_eq!(found(&caller, filter).await, [""; 0], "{filter}");
    }
    let path = format!("{}&$count=true&$select=id", by_resource("/subscriptions/none"));
    let answer = caller.get_eventually(&path).await;
    answer.assert_is(200, "list-service-principals-empty-response.json");
}

#[tokio::test]
async fn an_application_with_an_alternative_name_is_no_managed_identity() {
    let mut directory = contoso();
    let app_id = "c0a70500-0000-4000-8000-0000000000b9";
    let mut api = ServicePrincipal::api(NOBODY, app_id, "Mimic", "api://mimic").owned_by(TENANT_ID);
    api.alternative_names = vec![ORDERS_IDENTITY_RESOURCE_ID.to_owned()];
    directory.add_service_principal(api);
    let caller = Caller::of(directory).await;

    let path = format!("{}&$count=true", by_resource(ORDERS_IDENTITY_RESOURCE_ID));
    assert_eq!(ids(&caller.get_eventually(&path).await), [ORDERS_IDENTITY]);
    let usual_spelling = ORDERS_IDENTITY_RESOURCE_ID.replace("resourcegroups", "resourceGroups");
    let path = format!("{}&$count=true", by_resource(&usual_spelling));
    assert_eq!(ids(&caller.get_eventually(&path).await), [""; 0], "it is case-sensitive");
}

#[tokio::test]
async fn a_managed_identity_is_found_by_its_resource_and_counted() {
    let caller = Caller::in_contoso().await;
    let select = "$select=id,appId,displayName,servicePrincipalType,alternativeNames";
    let path = by_resource(BILLING_FUNCTION_RESOURCE_ID);
    let answer = caller.get_eventually(&format!("{path}&$count=true&{select}")).await;
    answer.assert_is(200, "list-service-principals-by-resource-response.json");
}

#[tokio::test]
async fn an_ambiguous_name_finds_both_without_a_count() {
    let caller = Caller::in_contoso().await;
    let select = "$select=id,appId,displayName,servicePrincipalType,alternativeNames";
    let path = filtered_path(&format!("displayName eq '{BATCH_IDENTITY_NAME}'"));
    for path in [format!("{path}&{select}"), format!("{path}&{select}&$count=true")] {
        let answer = caller.get(&path).await;
        answer.assert_is(200, "list-service-principals-by-name-response.json");
    }
    assert_eq!(ids(&caller.get(&path).await), [BATCH_A_IDENTITY, BATCH_B_IDENTITY]);
}

#[tokio::test]
async fn without_a_selection_all_properties_are_returned() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get(&filtered_path("displayName eq 'Orders API'")).await;
    let read = caller.get(&format!("/servicePrincipals/{ORDERS_API}")).await;
    let mut read = read.json();
    read.as_object_mut().unwrap().remove("@odata.context");
    assert_eq!(answer.json()["value"], Value::Array(vec![read]));
}

#[tokio::test]
async fn an_api_is_found_by_each_of_its_names_whatever_their_case() {
    let caller = Caller::in_contoso().await;
    for filter in [
        "displayName eq 'orders api'".to_owned(),
        "startswith(displayName,'ORDERS')".to_owned(),
        format!("servicePrincipalNames/any(x:x eq '{ORDERS_API_URI}')"),
        "servicePrincipalNames/any(x:x eq 'API://Orders')".to_owned(),
        format!("servicePrincipalNames/any(x:x eq '{ORDERS_API_APP_ID}')"),
    ] {
        assert_eq!(found(&caller, &filter).await, [ORDERS_API], "{filter}");
    }
    let name = OBRIEN_API_NAME.replace('\'', "''");
    assert_eq!(found(&caller, &format!("displayName eq '{name}'")).await, [OBRIEN_API]);
}

#[tokio::test]
async fn a_next_link_repeats_the_query() {
    let caller = Caller::in_contoso().await;
    let path = filtered_path(&format!("displayName eq '{PAYMENTS_API_NAME}'"));
    let path = format!("{path}&$select=id,appId,displayName,appOwnerOrganizationId&$top=1");
    let first = caller.get_eventually(&format!("{path}&$count=true")).await;
    first.assert_is(200, "list-service-principals-page-response.json");
    let next = next(&caller, &first.json()).unwrap();
    let last = caller.get_eventually(&next).await;
    last.assert_is(200, "list-service-principals-last-page-response.json");
}

#[tokio::test]
async fn following_the_links_gives_every_service_principal_once() {
    let caller = Caller::in_contoso().await;
    let identities = managed_identities(MANY);
    let mut expected: Vec<_> = identities.iter().map(|identity| identity.id.clone()).collect();
    expected.sort();
    identities.into_iter().for_each(|one| caller.tenant.add_service_principal(one));
    let (mut all, mut lengths) = (Vec::new(), Vec::new());
    let filter = percent_encoded("startswith(displayName,'id-load-')");
    let mut path = Some(format!("/servicePrincipals?%24filter={filter}"));
    while let Some(asked) = path {
        let page = caller.get(&asked).await;
        lengths.push(ids(&page).len());
        all.extend(ids(&page));
        path = next(&caller, &page.json());
    }
    assert_eq!(lengths, [100, 100, 5]);
    assert_eq!(all, expected);
}

#[tokio::test]
async fn without_a_filter_all_service_principals_are_listed() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get("/servicePrincipals?$select=id").await;
    let directory = contoso();
    let all: Vec<_> = directory.service_principals().map(|one| one.id.as_str()).collect();
    assert_eq!(ids(&answer), all);
}
