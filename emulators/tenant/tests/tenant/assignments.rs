//! Creating assignments.

use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::Value;
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

#[tokio::test]
async fn a_role_or_default_access_that_is_held_already_is_refused() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    answer.assert_is(400, "error-permission-already-exists.json");
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.iter().map(|one| &one.id).collect::<Vec<_>>(), [&id]);
    assert_eq!(caller.assign(ORDERS_IDENTITY, CALENDAR_API, DEFAULT_ACCESS).await.status, 201);
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!((&*held[1].resource_id, &*held[1].app_role_id), (CALENDAR_API, DEFAULT_ACCESS));
    let answer = caller.assign(ORDERS_IDENTITY, CALENDAR_API, DEFAULT_ACCESS).await;
    answer.assert_is(400, "error-entitlement-grant-already-exists.json");
}

#[tokio::test]
async fn a_principal_in_the_url_that_is_unknown_or_no_guid_is_refused() {
    let caller = Caller::in_contoso().await;
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    for (principal, status, payload_file) in [
        (format!("/{NOBODY}"), 404, "error-resource-not-found.json"),
        (format!("(appId='{NOBODY}')"), 404, "error-resource-not-found.json"),
        ("/id-orders".to_owned(), 400, "error-invalid-object-identifier.json"),
    ] {
        let path = format!("/servicePrincipals{principal}/appRoleAssignments");
        caller.post(&path, &body).await.assert_is(status, payload_file);
    }
    let client_id = caller.assign(ORDERS_IDENTITY_CLIENT_ID, ORDERS_API, ORDERS_READ).await;
    assert_eq!(client_id.status, 404);
}

#[tokio::test]
async fn a_body_that_names_no_assignable_role_of_an_api_and_a_principal_is_refused() {
    let caller = Caller::in_contoso().await;
    let not_on_api = "error-permission-not-found-on-application.json";
    let valid = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let with = |name: &str, value: Value| {
        let mut body = valid.clone();
        body[name] = value;
        body
    };
    let mut lacking = valid.clone();
    lacking.as_object_mut().unwrap().remove("appRoleId");
    for (body, payload_file) in [
        (with("principalId", NOBODY.into()), "error-not-a-valid-reference-update.json"),
        (with("resourceId", NOBODY.into()), "error-resource-id-not-found.json"),
        (with("appRoleId", USER_READ_ALL.into()), not_on_api),
        (with("appRoleId", DEFAULT_ACCESS.into()), not_on_api),
        (with("appRoleId", ORDERS_ARCHIVE.into()), not_on_api),
        (with("appRoleId", ORDERS_APPROVE.into()), not_on_api),
        (with("principalId", "id-orders".into()), "error-cannot-convert-literal.json"),
        (with("principalId", 7.into()), "error-cannot-convert-primitive-value.json"),
        (with("appRoleId", Value::Null), "error-invalid-properties.json"),
        (with("reason", "because".into()), "error-invalid-properties.json"),
        (lacking, "error-invalid-properties.json"),
    ] {
        let answer = caller.post(&assignments_path(ORDERS_IDENTITY), &body).await;
        answer.assert_is(400, payload_file);
    }
    let answer = caller.assign(ORDERS_IDENTITY, CALENDAR_API, ORDERS_READ).await.json();
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.ends_with(&format!("on application '{CALENDAR_API_APP_ID}'.")), "{message}");
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
    let answer = caller.post(&assignments_path(ORDERS_IDENTITY), &body).await;
    answer.assert_is(201, "create-assignment-response.json");

    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].id, answer.json()["id"]);
    assert_eq!(held[0].resource_id, MICROSOFT_GRAPH);
    assert_eq!(held[0].app_role_id, USER_READ_ALL);
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
async fn ids_in_other_forms_name_the_same_objects_and_the_principal_in_the_body_gets_the_role() {
    let caller = Caller::in_contoso().await;
    let path =
        format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')/appRoleAssignments");
    let api = ORDERS_API.to_uppercase();
    let body = assignment(&REPORTS_IDENTITY.to_uppercase(), &api, ORDERS_READ);
    let answer = caller.post(&path, &body).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["principalId"]),
        (201, &REPORTS_IDENTITY.into())
    );
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    assert_eq!(caller.tenant.assignments_of(REPORTS_IDENTITY).len(), 1);
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
