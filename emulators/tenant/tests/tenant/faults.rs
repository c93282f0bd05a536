//! Faults that have no cause in the tenant's state.

use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ},
};

use crate::caller::{Caller, assignment, assignments_path};

fn throttled() -> Fault {
    Fault::error(429, "TooManyRequests", "Please retry again later.")
}

#[tokio::test]
async fn a_fault_is_answered_once_and_changes_nothing() {
    let caller = Caller::in_contoso().await;
    caller.tenant.answer_next(Route::CreateAssignment, throttled().retry_after("7"));
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    answer.assert_is(429, "error-too-many-requests.json");
    assert_eq!(answer.header("retry-after"), "7");
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn faults_of_a_route_are_answered_in_their_order() {
    let caller = Caller::in_contoso().await;
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    let unavailable = Fault::error(503, "ServiceUnavailable", "Service Unavailable");
    caller.tenant.answer_next(Route::ListAssignments, unavailable.retry_after(date));
    caller.tenant.answer_next(Route::ListAssignments, Fault::error(504, "UnknownError", ""));
    let answer = caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, date));
    let answer = caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["error"]["message"], "");
    assert_eq!(caller.get(&assignments_path(ORDERS_IDENTITY)).await.status, 200);
}

#[tokio::test]
async fn a_fault_concerns_its_own_route_only() {
    let caller = Caller::in_contoso().await;
    caller.tenant.answer_every(Route::CreateAssignment, throttled());
    assert_eq!(caller.get(&assignments_path(ORDERS_IDENTITY)).await.status, 200);
    for _ in 0..2 {
        let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
        assert_eq!(answer.status, 429);
    }
}

#[tokio::test]
async fn a_fault_after_the_effect_hides_a_write_that_took_place() {
    let caller = Caller::in_contoso().await;
    let timeout = Fault::error(504, "UnknownError", "").after_the_effect();
    caller.tenant.answer_next(Route::CreateAssignment, timeout);
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    assert_eq!(answer.status, 504);
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    answer.assert_is(400, "error-permission-already-exists.json");
}

#[tokio::test]
async fn a_connection_can_be_closed_before_and_after_the_effect() {
    let caller = Caller::in_contoso().await;
    let path = assignments_path(ORDERS_IDENTITY);
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let faults =
        [(Fault::connection_closed(), 0), (Fault::connection_closed().after_the_effect(), 1)];
    for (fault, held_afterwards) in faults {
        caller.tenant.answer_next(Route::CreateAssignment, fault);
        let error = caller.post_request(&path, &body).send().await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), held_afterwards);
    }
    assert_eq!(caller.get(&path).await.status, 200);
}

#[tokio::test]
async fn an_error_can_have_details() {
    let caller = Caller::in_contoso().await;
    let detail = "The service principal has no backing application object.";
    let young = Fault::error(400, "Request_BadRequest", "One or more properties are invalid.")
        .detail("NoBackingApplicationObject", detail);
    caller.tenant.answer_next(Route::ListAssignments, young);
    let answer = caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    answer.assert_is(400, "error-with-details.json");
}
