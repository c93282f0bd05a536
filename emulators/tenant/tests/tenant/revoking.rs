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

use crate::caller::{Caller, NOBODY};

/// Far longer than any test: a request that waits for it never answers.
const NEVER: Duration = Duration::from_secs(3600);

/// A caller, and the id of an assignment that `id-orders` holds.
async fn caller_and_assignment() -> (Caller, String) {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    (caller, id)
}

#[tokio::test]
async fn an_assignment_that_the_principal_does_not_hold_is_a_bad_request_rather_than_not_found() {
    let (caller, id) = caller_and_assignment().await;
    let not_found = "error-entitlement-grant-not-found.json";
    for (principal, id, status, payload_file) in [
        (ORDERS_IDENTITY, "whatever", 400, not_found),
        (ORDERS_IDENTITY, NOBODY, 400, not_found),
        (ORDERS_IDENTITY, &id.to_lowercase(), 400, not_found),
        (REPORTS_IDENTITY, &id, 400, not_found),
        (NOBODY, &id, 404, "error-resource-not-found.json"),
        ("id-orders", &id, 400, "error-invalid-object-identifier.json"),
    ] {
        caller.unassign(principal, id).await.assert_is(status, payload_file);
    }
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
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
async fn only_the_assignment_in_the_url_is_deleted_and_can_be_created_again() {
    let (caller, id) = caller_and_assignment().await;
    let other = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN).unwrap();
    let principal = format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')");
    let answer = caller.delete(&format!("{principal}/appRoleAssignments/{id}")).await;
    assert_eq!(answer.status, 204);
    let held = caller.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.iter().map(|one| &one.id).collect::<Vec<_>>(), [&other]);
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    assert_eq!(answer.status, 201);
    assert_ne!(answer.json()["id"], id);
}
