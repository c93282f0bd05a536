//! Azure Resource Manager: identities of resources, and its callers.

use std::time::Duration;

use tenant_emulator::{
    Fault, Route, ServicePrincipal,
    contoso::{
        BILLING_FUNCTION_RESOURCE_ID, BROKER_IDENTITY, ORDERS_IDENTITY,
        ORDERS_IDENTITY_RESOURCE_ID, SUBSCRIPTION_ID,
    },
};

use crate::{
    caller::{Answer, Caller, NOBODY},
    payload,
};

const RESOURCE_MANAGER: &str = "https://management.azure.com";
const VERSION: &str = "?api-version=2023-01-31";
const EXTENSION: &str = "/providers/Microsoft.ManagedIdentity/identities/default";

/// What differs from event to event.
const OF_THIS_EVENT: [&str; 6] = [
    "/id",
    "/eventTime",
    "/data/correlationId",
    "/data/claims/iat",
    "/data/claims/nbf",
    "/data/claims/exp",
];

/// Gives the caller a token for Azure Resource Manager in place of the one for Microsoft Graph.
async fn caller() -> Caller {
    let mut caller = Caller::in_contoso().await;
    let answer = caller.ask_for_token(RESOURCE_MANAGER).await;
    caller.token = answer.json()["access_token"].as_str().unwrap().to_owned();
    caller
}

/// Reads something; `path` starts behind the host.
async fn read(caller: &Caller, path: &str) -> Answer {
    let url = format!("{}{path}", caller.tenant.arm_endpoint());
    Answer::to(caller.http.get(url).bearer_auth(&caller.token)).await
}

async fn read_user_assigned(caller: &Caller) -> Answer {
    read(caller, &format!("{ORDERS_IDENTITY_RESOURCE_ID}{VERSION}")).await
}

async fn read_system_assigned(caller: &Caller) -> Answer {
    read(caller, &format!("{BILLING_FUNCTION_RESOURCE_ID}{EXTENSION}{VERSION}")).await
}

#[tokio::test]
async fn a_request_without_a_token_or_with_one_for_another_audience_is_unauthorized() {
    let caller = Caller::in_contoso().await;
    let url = format!("{}{ORDERS_IDENTITY_RESOURCE_ID}{VERSION}", caller.tenant.arm_endpoint());
    let answer = Answer::to(caller.http.get(&url)).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["code"], "AuthenticationFailed");
    let answer = Answer::to(caller.http.get(&url).bearer_auth("a.b.c")).await;
    assert_eq!(answer.json()["error"]["code"], "InvalidAuthenticationToken");
    read_user_assigned(&caller).await.assert_is(401, "../arm/error-wrong-audience.json");
}

#[tokio::test]
async fn a_token_for_azure_resource_manager_opens_nothing_at_microsoft_graph() {
    let caller = caller().await;
    let answer = caller.get(&format!("/servicePrincipals/{ORDERS_IDENTITY}")).await;
    assert_eq!(answer.status, 401);
    assert!(answer.text.contains("Invalid audience"), "{}", answer.text);
}

#[tokio::test]
async fn reads_in_a_forbidden_scope_are_denied() {
    let caller = caller().await;
    let group = format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-billing");
    caller.tenant.set_arm_forbidden(&group, true);
    let answer = read_system_assigned(&caller).await;
    answer.assert_is(403, "../arm/error-authorization-failed.json");
    assert_eq!(read_user_assigned(&caller).await.status, 200);
    caller.tenant.set_arm_forbidden(&group, false);
    assert_eq!(read_system_assigned(&caller).await.status, 200);
}

#[tokio::test]
async fn a_resource_that_does_not_exist_or_has_no_identity_is_not_found() {
    let caller = caller().await;
    let absent = ORDERS_IDENTITY_RESOURCE_ID.replace("id-orders", "id-nobody");
    let answer = read(&caller, &format!("{absent}{VERSION}")).await;
    answer.assert_is(404, "../arm/error-resource-not-found.json");
    for resource in [
        BILLING_FUNCTION_RESOURCE_ID.replace("func-billing", "func-plain"),
        // A user-assigned identity has no system-assigned one.
        ORDERS_IDENTITY_RESOURCE_ID.to_owned(),
    ] {
        let answer = read(&caller, &format!("{resource}{EXTENSION}{VERSION}")).await;
        assert_eq!(answer.status, 404, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_request_needs_a_supported_version() {
    let caller = caller().await;
    for (query, code) in [
        ("", "MissingApiVersionParameter"),
        ("?api-version=2015-08-01", "InvalidApiVersionParameter"),
    ] {
        let answer = read(&caller, &format!("{ORDERS_IDENTITY_RESOURCE_ID}{query}")).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["code"], code);
    }
}

#[tokio::test]
async fn identities_of_both_kinds_have_the_format_of_azure_resource_manager() {
    let caller = caller().await;
    read_user_assigned(&caller).await.assert_is(200, "../arm/user-assigned-identity.json");
    let answer = read_system_assigned(&caller).await;
    answer.assert_is(200, "../arm/system-assigned-identity.json");
    assert_eq!(answer.header("x-ms-correlation-request-id").len(), NOBODY.len());
    assert_eq!(caller.tenant.count(Route::ReadArmIdentity), 2);
    assert_eq!(caller.tenant.count(Route::Other), 0);
}

#[tokio::test]
async fn the_case_of_an_id_does_not_matter() {
    let caller = caller().await;
    for resource in [
        ORDERS_IDENTITY_RESOURCE_ID.replace("resourcegroups", "resourceGroups"),
        ORDERS_IDENTITY_RESOURCE_ID.to_uppercase(),
    ] {
        let answer = read(&caller, &format!("{resource}{VERSION}")).await;
        assert_eq!(answer.json()["properties"]["principalId"], ORDERS_IDENTITY);
    }
}

#[tokio::test]
async fn an_identity_that_microsoft_graph_does_not_know_yet_is_known_here() {
    let caller = caller().await;
    let resource = ORDERS_IDENTITY_RESOURCE_ID.replace("id-orders", "id-young");
    let young = ServicePrincipal::user_assigned(NOBODY, NOBODY, "id-young", &resource);
    caller.tenant.add_replicating_service_principal(young);
    let answer = read(&caller, &format!("{resource}{VERSION}")).await;
    assert_eq!(answer.json()["properties"]["principalId"], NOBODY);
}

#[tokio::test]
async fn a_created_identity_is_known_at_once_and_has_an_event() {
    let caller = caller().await;
    let forever = Duration::from_secs(3600);
    let resource = ORDERS_IDENTITY_RESOURCE_ID.replace("id-orders", "id-new");
    let created = caller.tenant.create_user_assigned_identity(&resource, forever);
    let answer = read(&caller, &format!("{resource}{VERSION}")).await;
    assert_eq!(answer.json()["properties"]["principalId"], created.object_id);

    let known = payload::read("../event-grid/user-assigned-identity-written.json");
    let known = known.replace("id-orders", "id-new");
    let mut known: serde_json::Value = serde_json::from_str(&known).unwrap();
    let (known, mut event) = (known[0].take(), created.event);
    for own in OF_THIS_EVENT {
        let length = |event: &serde_json::Value| event.pointer(own).unwrap().to_string().len();
        assert_eq!(length(&event), length(&known), "{own}");
        *event.pointer_mut(own).unwrap() = known.pointer(own).unwrap().clone();
    }
    assert_eq!(event, known);
}

#[tokio::test]
async fn a_fault_has_the_format_of_azure_resource_manager() {
    let caller = caller().await;
    let message = "The request is being throttled as the limit has been reached for operation \
                   'GetIdentity'. Please try again after '23' seconds.";
    let fault = Fault::error(429, "TooManyRequests", message).retry_after("23");
    caller.tenant.answer_next(Route::ReadArmIdentity, fault);
    let answer = read_user_assigned(&caller).await;
    answer.assert_is(429, "../arm/error-too-many-requests.json");
    assert_eq!(answer.header("retry-after"), "23");
    assert_eq!(read_user_assigned(&caller).await.status, 200);
}

/// Lists the role assignments of a principal on a scope.
async fn azure_roles(caller: &Caller, principal: &str, scope: &str) -> Answer {
    let list = format!("{scope}/providers/Microsoft.Authorization/roleAssignments");
    let filter = format!("$filter=atScope()%20and%20assignedTo('{principal}')");
    read(caller, &format!("{list}?api-version=2022-04-01&{filter}")).await
}

#[tokio::test]
async fn an_azure_role_on_a_subscription_counts_for_the_scopes_in_it() {
    let caller = caller().await;
    let subscription = format!("/subscriptions/{SUBSCRIPTION_ID}");
    for scope in [&subscription, &format!("{subscription}/resourceGroups/rg-orders-dev")] {
        let found = azure_roles(&caller, BROKER_IDENTITY, scope).await.json();
        let [one] = &found["value"].as_array().unwrap()[..] else { panic!("{found}") };
        let role = one["properties"]["roleDefinitionId"].as_str().unwrap();
        assert!(role.ends_with("/acdd72a7-3385-48ef-bd42-f606fba81ae7"), "{role}");
        assert_eq!(one["properties"]["scope"], subscription.as_str());
    }
    for (principal, scope) in
        [(ORDERS_IDENTITY, &subscription), (BROKER_IDENTITY, &format!("{subscription}0"))]
    {
        let found = azure_roles(&caller, principal, scope).await.json();
        assert_eq!(found["value"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn role_assignments_are_listed_of_one_principal_and_in_a_known_version() {
    let caller = caller().await;
    let list = format!(
        "/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleAssignments"
    );
    for query in ["?api-version=2022-04-01", "?api-version=2015-07-01&$filter=atScope()", ""] {
        let answer = read(&caller, &format!("{list}{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}
