//! The record of accepted writes.

use std::time::Duration;

use tenant_emulator::{
    AcceptedWrite, Fault, QuotaModel, Route, WriteKind, WriteQuota,
    contoso::{ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY},
};

use crate::caller::{Answer, Caller, assignment, assignments_path};

const CLIENT_REQUEST_ID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/// Kind, principal and role of each write.
fn brief(writes: &[AcceptedWrite]) -> Vec<(WriteKind, &str, &str)> {
    writes.iter().map(|one| (one.kind, &*one.principal_id, &*one.app_role_id)).collect()
}

#[tokio::test]
async fn a_refused_write_is_not_an_accepted_write() {
    let caller = Caller::in_contoso().await;
    caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_API).await;
    caller.unassign(ORDERS_IDENTITY, "whatever").await;
    caller.tenant.answer_next(Route::CreateAssignment, Fault::error(504, "UnknownError", ""));
    caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    let quota = WriteQuota { writes: 0, period: Duration::MAX, model: QuotaModel::FixedWindow };
    caller.tenant.set_write_quota(Some(quota));
    caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    assert_eq!(caller.tenant.accepted_writes(), []);
}

#[tokio::test]
async fn accepted_writes_are_recorded_in_their_order_with_and_without_requests() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_ADMIN).unwrap();
    caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    caller.unassign(REPORTS_IDENTITY, &id).await;
    caller.tenant.revoke(&caller.tenant.assignments_of(ORDERS_IDENTITY)[0].id);
    caller.tenant.revoke(&id);
    let writes = caller.tenant.accepted_writes();
    let expected = [
        (WriteKind::Created, REPORTS_IDENTITY, ORDERS_ADMIN),
        (WriteKind::Created, ORDERS_IDENTITY, ORDERS_READ),
        (WriteKind::Deleted, REPORTS_IDENTITY, ORDERS_ADMIN),
        (WriteKind::Deleted, ORDERS_IDENTITY, ORDERS_READ),
    ];
    assert_eq!(brief(&writes), expected);
    assert!(writes.iter().all(|write| write.resource_id == ORDERS_API));
    assert!(writes.is_sorted_by_key(|write| write.at));
}

#[tokio::test]
async fn a_write_whose_response_was_a_fault_is_recorded_with_its_request() {
    let caller = Caller::in_contoso().await;
    let timeout = Fault::error(504, "UnknownError", "").after_the_effect();
    caller.tenant.answer_next(Route::CreateAssignment, timeout);
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let request = caller.post_request(&assignments_path(ORDERS_IDENTITY), &body);
    let answer = Answer::to(request.header("client-request-id", CLIENT_REQUEST_ID)).await;
    assert_eq!(answer.status, 504);
    let writes = caller.tenant.accepted_writes();
    assert_eq!(brief(&writes), [(WriteKind::Created, ORDERS_IDENTITY, ORDERS_READ)]);
    assert_eq!(writes[0].client_request_id.as_deref(), Some(CLIENT_REQUEST_ID));
}
