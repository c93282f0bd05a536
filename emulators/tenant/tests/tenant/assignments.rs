//! Creating assignments.

use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::{Value, json};
use tenant_emulator::{
    AssignmentError, DEFAULT_ACCESS,
    contoso::{
        CALENDAR_API, CALENDAR_API_APP_ID, MICROSOFT_GRAPH, ORDERS_ADMIN, ORDERS_API,
        ORDERS_APPROVE, ORDERS_ARCHIVE, ORDERS_HANDHELD_SCANNER, ORDERS_IDENTITY,
        ORDERS_IDENTITY_CLIENT_ID, ORDERS_READ, REPORTS_IDENTITY, USER_READ_ALL, contoso,
    },
};

use crate::{
    caller::{Answer, Caller, NOBODY, assignment, assignments_path},
    payload,
};

/// Far longer than any test: a request that waits for it never answers.
const NEVER: Duration = Duration::from_secs(3600);

async fn post_to_orders_identity(caller: &Caller, body: &Value) -> Answer {
    caller.post(&assignments_path(ORDERS_IDENTITY), body).await
}

#[tokio::test]
async fn a_role_that_is_held_already_is_refused_as_a_bad_request() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    answer.assert_is(400, "error-permission-already-exists.json");
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.iter().map(|one| &one.id).collect::<Vec<_>>(), [&id]);
}

#[tokio::test]
async fn default_access_that_is_held_already_is_refused_with_an_error_of_its_own() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(ORDERS_IDENTITY, CALENDAR_API, DEFAULT_ACCESS).await;
    assert_eq!(answer.status, 201);
    let answer = caller.assign(ORDERS_IDENTITY, CALENDAR_API, DEFAULT_ACCESS).await;
    answer.assert_is(400, "error-entitlement-grant-already-exists.json");
}

#[tokio::test]
async fn an_unknown_principal_in_the_url_is_not_found() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(NOBODY, ORDERS_API, ORDERS_READ).await;
    answer.assert_is(404, "error-resource-not-found.json");
}

#[tokio::test]
async fn an_unknown_application_id_in_the_url_is_not_found() {
    let caller = Caller::in_contoso().await;
    let path = format!("/servicePrincipals(appId='{NOBODY}')/appRoleAssignments");
    let answer = caller.post(&path, &assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)).await;
    answer.assert_is(404, "error-resource-not-found.json");
}

#[tokio::test]
async fn a_client_id_in_the_place_of_an_object_id_is_not_found() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(ORDERS_IDENTITY_CLIENT_ID, ORDERS_API, ORDERS_READ).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["error"]["code"], "Request_ResourceNotFound");
}

#[tokio::test]
async fn an_unknown_principal_in_the_body_is_no_valid_reference() {
    let caller = Caller::in_contoso().await;
    let body = assignment(NOBODY, ORDERS_API, ORDERS_READ);
    let answer = post_to_orders_identity(&caller, &body).await;
    answer.assert_is(400, "error-not-a-valid-reference-update.json");
}

#[tokio::test]
async fn an_unknown_api_in_the_body_is_a_bad_request() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(ORDERS_IDENTITY, NOBODY, ORDERS_READ).await;
    answer.assert_is(400, "error-resource-id-not-found.json");
}

#[tokio::test]
async fn a_role_of_another_api_is_not_found_on_the_application() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, USER_READ_ALL).await;
    answer.assert_is(400, "error-permission-not-found-on-application.json");
}

#[tokio::test]
async fn default_access_is_not_found_on_an_application_that_has_roles() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, DEFAULT_ACCESS).await;
    answer.assert_is(400, "error-permission-not-found-on-application.json");
}

#[tokio::test]
async fn a_disabled_role_and_a_role_for_users_are_not_found_on_the_application() {
    let caller = Caller::in_contoso().await;
    for role in [ORDERS_ARCHIVE, ORDERS_APPROVE] {
        let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, role).await;
        answer.assert_is(400, "error-permission-not-found-on-application.json");
    }
}

#[tokio::test]
async fn a_role_is_not_found_on_an_application_that_has_none() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(ORDERS_IDENTITY, CALENDAR_API, ORDERS_READ).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["error"]["message"],
        format!("Permission being assigned was not found on application '{CALENDAR_API_APP_ID}'.")
    );
}

#[tokio::test]
async fn an_object_id_in_the_url_that_is_no_guid_is_an_invalid_identifier() {
    let caller = Caller::in_contoso().await;
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let answer = caller.post(&assignments_path("id-orders"), &body).await;
    answer.assert_is(400, "error-invalid-object-identifier.json");
}

#[tokio::test]
async fn an_id_in_the_body_that_is_no_guid_cannot_be_converted() {
    let caller = Caller::in_contoso().await;
    let body = assignment("id-orders", ORDERS_API, ORDERS_READ);
    let answer = post_to_orders_identity(&caller, &body).await;
    answer.assert_is(400, "error-cannot-convert-literal.json");
    let body = json!({ "principalId": 7, "resourceId": ORDERS_API, "appRoleId": ORDERS_READ });
    let answer = post_to_orders_identity(&caller, &body).await;
    answer.assert_is(400, "error-cannot-convert-primitive-value.json");
}

#[tokio::test]
async fn a_body_with_a_property_missing_null_or_unknown_is_invalid() {
    let caller = Caller::in_contoso().await;
    let valid = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let (mut lacking, mut null, mut stray) = (valid.clone(), valid.clone(), valid);
    lacking.as_object_mut().unwrap().remove("appRoleId");
    null["appRoleId"] = Value::Null;
    stray["reason"] = json!("because");
    for body in [lacking, null, stray] {
        let answer = post_to_orders_identity(&caller, &body).await;
        answer.assert_is(400, "error-invalid-properties.json");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_or_not_declared_as_json_is_unreadable() {
    let caller = Caller::in_contoso().await;
    let request = || {
        let url = caller.url(&assignments_path(ORDERS_IDENTITY));
        caller.http.post(url).bearer_auth(&caller.token)
    };
    let valid = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).to_string();
    let broken = request().header("content-type", "application/json").body("{");
    Answer::to(broken).await.assert_is(400, "error-unreadable-payload.json");
    let undeclared = request().body(valid);
    Answer::to(undeclared).await.assert_is(400, "error-unreadable-payload.json");
}

#[tokio::test]
async fn the_second_of_two_overlapping_writes_to_a_principal_is_a_conflict() {
    let caller = Caller::in_contoso().await;
    caller.tenant.set_latency(NEVER);
    let one = Box::pin(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ));
    let other = Box::pin(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN));
    let (Either::Left((answer, _)) | Either::Right((answer, _))) = select(one, other).await;
    answer.assert_is(409, "error-concurrency-violation.json");
}

#[tokio::test]
async fn writes_that_follow_each_other_are_no_conflict() {
    let caller = Caller::in_contoso().await;
    for role in [ORDERS_READ, ORDERS_ADMIN] {
        assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, role).await.status, 201);
    }
}

#[tokio::test]
async fn overlapping_writes_to_different_principals_are_no_conflict() {
    let caller = Caller::in_contoso().await;
    caller.tenant.set_latency(Duration::from_millis(1));
    let (one, other) = tokio::join!(
        caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ),
        caller.assign(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ),
    );
    assert_eq!([one.status, other.status], [201, 201]);
}

#[tokio::test]
async fn a_new_assignment_is_answered_as_microsoft_graph_answers_it() {
    let caller = Caller::in_contoso().await;
    let body = serde_json::from_str(&payload::read("create-assignment-request.json")).unwrap();
    let answer = post_to_orders_identity(&caller, &body).await;
    answer.assert_is(201, "create-assignment-response.json");

    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].id, answer.json()["id"]);
    assert_eq!(held[0].resource_id, MICROSOFT_GRAPH);
    assert_eq!(held[0].app_role_id, USER_READ_ALL);
}

#[tokio::test]
async fn default_access_is_given_where_an_application_has_no_roles() {
    let caller = Caller::in_contoso().await;
    let answer = caller.assign(ORDERS_IDENTITY, CALENDAR_API, DEFAULT_ACCESS).await;
    assert_eq!(answer.status, 201);
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!((held[0].resource_id.as_str(), held.len()), (CALENDAR_API, 1));
    assert_eq!(held[0].app_role_id, DEFAULT_ACCESS);
}

#[test]
fn a_role_without_a_value_is_given_by_its_id_and_shows_in_no_token() {
    let mut directory = contoso();
    let role = ORDERS_HANDHELD_SCANNER;
    directory.assign(ORDERS_IDENTITY, ORDERS_API, role).unwrap();
    let api = directory.service_principal(ORDERS_API).unwrap();
    assert_eq!(directory.assignments_of(ORDERS_IDENTITY)[0].app_role_id, role);
    assert!(directory.role_values(ORDERS_IDENTITY, api).is_empty());
}

#[tokio::test]
async fn the_url_may_name_the_principal_by_its_client_id() {
    let caller = Caller::in_contoso().await;
    let path =
        format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')/appRoleAssignments");
    let body = assignment(ORDERS_IDENTITY, MICROSOFT_GRAPH, USER_READ_ALL);
    let answer = caller.post(&path, &body).await;
    answer.assert_is(201, "create-assignment-response.json");
}

#[tokio::test]
async fn the_principal_in_the_body_gets_the_role() {
    let caller = Caller::in_contoso().await;
    let body = assignment(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ);
    assert_eq!(post_to_orders_identity(&caller, &body).await.status, 201);
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    assert_eq!(caller.tenant.assignments_of(REPORTS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn upper_case_ids_name_the_same_objects() {
    let caller = Caller::in_contoso().await;
    let principal = ORDERS_IDENTITY.to_uppercase();
    let answer = caller.assign(&principal, &ORDERS_API.to_uppercase(), ORDERS_READ).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["principalId"], ORDERS_IDENTITY);
}

#[tokio::test]
async fn a_grant_without_a_request_obeys_the_same_rules() {
    let caller = Caller::in_contoso().await;
    let unknown = caller.tenant.grant(NOBODY, ORDERS_API, "Orders.Read");
    assert_eq!(unknown, Err(AssignmentError::UnknownPrincipal(NOBODY.to_owned())));
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "orders.read").unwrap();
    assert!(caller.tenant.revoke(&id));
    assert!(!caller.tenant.revoke(&id));
}
