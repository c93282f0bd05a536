//! Deleting assignments.

use std::time::Duration;

use futures_util::future::{Either, select};
use tenant_emulator::{
    Fault, Route,
    contoso::{
        ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, ORDERS_READ,
        REPORTS_IDENTITY,
    },
};
use uuid::Uuid;

use crate::caller::{Caller, NOBODY, assignments_path};

/// Far longer than any test: a request that waits for it never answers.
const NEVER: Duration = Duration::from_secs(3600);

/// A caller, and the id of an assignment that `id-orders` holds.
async fn caller_and_assignment() -> (Caller, String) {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    (caller, id)
}

#[tokio::test]
async fn an_unknown_assignment_is_a_bad_request_rather_than_not_found() {
    let (caller, id) = caller_and_assignment().await;
    for unknown in ["whatever", NOBODY, &id.to_lowercase(), &id[1..]] {
        let answer = caller.unassign(ORDERS_IDENTITY, unknown).await;
        answer.assert_is(400, "error-entitlement-grant-not-found.json");
    }
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn an_assignment_that_was_deleted_already_is_unknown() {
    let (caller, id) = caller_and_assignment().await;
    assert_eq!(caller.unassign(ORDERS_IDENTITY, &id).await.status, 204);
    let answer = caller.unassign(ORDERS_IDENTITY, &id).await;
    answer.assert_is(400, "error-entitlement-grant-not-found.json");
}

#[tokio::test]
async fn an_assignment_of_another_principal_is_unknown() {
    let (caller, id) = caller_and_assignment().await;
    let answer = caller.unassign(REPORTS_IDENTITY, &id).await;
    answer.assert_is(400, "error-entitlement-grant-not-found.json");
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn an_unknown_principal_is_not_found() {
    let (caller, id) = caller_and_assignment().await;
    let answer = caller.unassign(NOBODY, &id).await;
    answer.assert_is(404, "error-resource-not-found.json");
}

#[tokio::test]
async fn an_object_id_that_is_no_guid_is_an_invalid_identifier() {
    let (caller, id) = caller_and_assignment().await;
    let answer = caller.unassign("id-orders", &id).await;
    answer.assert_is(400, "error-invalid-object-identifier.json");
}

#[tokio::test]
async fn deleting_while_another_write_to_the_principal_is_under_way_is_a_conflict() {
    let (caller, id) = caller_and_assignment().await;
    caller.tenant.set_latency(NEVER);
    let create = Box::pin(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN));
    let delete = Box::pin(caller.unassign(ORDERS_IDENTITY, &id));
    let (Either::Left((answer, _)) | Either::Right((answer, _))) = select(create, delete).await;
    answer.assert_is(409, "error-concurrency-violation.json");
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn a_fault_after_the_effect_hides_a_deletion_that_took_place() {
    let (caller, id) = caller_and_assignment().await;
    let timeout = Fault::error(504, "UnknownError", "").after_the_effect();
    caller.tenant.answer_next(Route::DeleteAssignment, timeout);
    assert_eq!(caller.unassign(ORDERS_IDENTITY, &id).await.status, 504);
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    let answer = caller.unassign(ORDERS_IDENTITY, &id).await;
    answer.assert_is(400, "error-entitlement-grant-not-found.json");
}

#[tokio::test]
async fn deleting_an_assignment_is_answered_without_a_body() {
    let (caller, id) = caller_and_assignment().await;
    let answer = caller.unassign(ORDERS_IDENTITY, &id).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    assert!(Uuid::try_parse(answer.header("request-id")).is_ok());
    assert_eq!(answer.header("client-request-id"), answer.header("request-id"));
    assert!(!answer.headers.contains_key("content-type"));
}

#[tokio::test]
async fn only_the_assignment_in_the_url_is_deleted() {
    let (caller, id) = caller_and_assignment().await;
    let other = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN).unwrap();
    assert_eq!(caller.unassign(ORDERS_IDENTITY, &id).await.status, 204);
    let list = caller.get(&assignments_path(ORDERS_IDENTITY)).await.json();
    let listed: Vec<_> = list["value"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(listed, [&other]);
}

#[tokio::test]
async fn the_url_may_name_the_principal_by_its_client_id() {
    let (caller, id) = caller_and_assignment().await;
    let principal = format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')");
    let answer = caller.delete(&format!("{principal}/appRoleAssignments/{id}")).await;
    assert_eq!(answer.status, 204);
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn a_role_that_was_taken_away_can_be_given_again() {
    let (caller, id) = caller_and_assignment().await;
    caller.unassign(ORDERS_IDENTITY, &id).await;
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    assert_eq!(answer.status, 201);
    assert_ne!(answer.json()["id"], id);
}
