//! Filters of lists of assignments. Microsoft Graph supports few.

use serde_json::Value;
use tenant_emulator::contoso::{
    BILLING_FUNCTION, MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, ORDERS_WRITE,
    USER_READ_ALL,
};

use crate::caller::{Answer, Caller, assignments_path, percent_encoded};

async fn filtered(caller: &Caller, path: &str, filter: &str) -> Answer {
    caller.get_eventually(&format!("{path}?$filter={}&$count=true", percent_encoded(filter))).await
}

fn roles(answer: &Answer) -> Vec<Value> {
    let list = answer.json();
    let list = list["value"].as_array().unwrap_or_else(|| panic!("{list}"));
    list.iter().map(|one| one["appRoleId"].clone()).collect()
}

#[tokio::test]
async fn a_filter_that_graph_does_not_support_for_assignments_is_refused() {
    let caller = Caller::in_contoso().await;
    let held = assignments_path(ORDERS_IDENTITY);
    let granted = format!("/servicePrincipals/{ORDERS_API}/appRoleAssignedTo");
    for (path, filter, message) in [
        (
            &held,
            format!("appRoleId eq {ORDERS_READ}"),
            "Invalid filter clause appRoleId: System.Guid",
        ),
        (
            &granted,
            format!("principalId eq {ORDERS_IDENTITY}"),
            "Invalid filter clause principalId",
        ),
        (&granted, format!("resourceId eq {ORDERS_API}"), "Invalid filter clause resourceId"),
        (&held, format!("resourceId eq '{ORDERS_API}'"), "Invalid filter clause resourceId"),
        (&held, "principalDisplayName eq 'id-orders'".to_owned(), "Invalid filter clause"),
        (
            &granted,
            "principalType eq 'ServicePrincipal'".to_owned(),
            "Invalid filter clause principalType: System.String",
        ),
        (&held, format!("resourceId eq {ORDERS_API} or true"), "Invalid filter clause"),
        (&held, "resourceId eq orders".to_owned(), "Invalid filter clause"),
        (&held, "reason eq 'a'".to_owned(), "Invalid filter clause: Syntax error"),
        (&held, String::new(), "Invalid filter clause"),
    ] {
        let answer = filtered(&caller, path, &filter).await;
        assert_eq!(answer.status, 400, "{filter}");
        let error = answer.json()["error"].clone();
        assert_eq!(error["code"], "BadRequest", "{filter}");
        assert!(error["message"].as_str().unwrap().starts_with(message), "{filter}: {error}");
    }
}

#[tokio::test]
async fn a_filter_by_name_needs_an_advanced_query() {
    let caller = Caller::in_contoso().await;
    let path = format!("/servicePrincipals/{ORDERS_API}/appRoleAssignedTo");
    let filter = percent_encoded("startswith(principalDisplayName,'id')");
    let answer = caller.get(&format!("{path}?$filter={filter}&$count=true")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["code"], "Request_UnsupportedQuery");
}

#[tokio::test]
async fn what_a_principal_holds_of_one_api_is_found_without_an_advanced_query() {
    let caller = Caller::in_contoso().await;
    caller.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, USER_READ_ALL).unwrap();
    caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_WRITE).unwrap();
    let filter = percent_encoded(&format!("resourceId eq {}", ORDERS_API.to_uppercase()));
    let path = format!("{}?$filter={filter}", assignments_path(ORDERS_IDENTITY));
    assert_eq!(roles(&caller.get(&path).await), [ORDERS_READ, ORDERS_WRITE]);
    let first = caller.get(&format!("{path}&$top=1")).await;
    let link = first.json()["@odata.nextLink"].as_str().unwrap().replace(&caller.url(""), "");
    assert_eq!(roles(&first), [ORDERS_READ]);
    assert_eq!(roles(&caller.get(&link).await), [ORDERS_WRITE]);
}

#[tokio::test]
async fn the_holders_of_an_apis_roles_are_found_by_name() {
    let caller = Caller::in_contoso().await;
    caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    caller.tenant.grant(BILLING_FUNCTION, ORDERS_API, ORDERS_WRITE).unwrap();
    let path = format!("/servicePrincipals/{ORDERS_API}/appRoleAssignedTo");
    for (filter, expected) in [
        ("principalDisplayName eq 'ID-orders'", &[ORDERS_READ][..]),
        ("startswith(principalDisplayName, 'id-')", &[ORDERS_READ]),
        ("startswith(principalDisplayName,'')", &[ORDERS_READ, ORDERS_WRITE]),
        ("principalDisplayName eq 'O''Brien'", &[]),
    ] {
        let answer = filtered(&caller, &path, filter).await;
        assert_eq!(roles(&answer), expected, "{filter}");
        assert_eq!(answer.json()["@odata.count"], expected.len(), "{filter}");
    }
}
