//! The quota for writes, and what answers say of it and of their cost.

use std::time::Duration;

use tenant_emulator::{
    Fault, QuotaModel, Route, WriteQuota,
    contoso::{
        BROKER_IDENTITY_CLIENT_ID, ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ,
        ORDERS_WRITE, TENANT_ID,
    },
};

use crate::caller::{Answer, Caller, NOBODY, assignment, assignments_path, until};

const HOUR: Duration = Duration::from_hours(1);

/// How many seconds a test may have taken on a busy machine.
const SLOWNESS: u64 = 60;

/// A caller whose tenant accepts this many writes in an hour.
async fn limited_to(writes: u32, model: QuotaModel) -> Caller {
    let caller = Caller::in_contoso().await;
    caller.tenant.set_write_quota(Some(WriteQuota { writes, period: HOUR, model }));
    caller
}

/// A write that costs as much as any, and always comes too late.
async fn useless_write(caller: &Caller) -> Answer {
    caller.unassign(ORDERS_IDENTITY, "whatever").await
}

#[tokio::test]
async fn a_write_beyond_the_quota_is_refused_and_changes_nothing() {
    let caller = limited_to(2, QuotaModel::FixedWindow).await;
    let created = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.json();
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_WRITE).await.status, 201);
    let id = created["id"].as_str().unwrap();
    let create = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_ADMIN).await;
    for answer in [create, caller.unassign(ORDERS_IDENTITY, id).await] {
        answer.assert_is(429, "error-too-many-requests.json");
        let scope = format!("Tenant_Application/Write/{BROKER_IDENTITY_CLIENT_ID}/{TENANT_ID}");
        assert_eq!(answer.header("x-ms-throttle-scope"), scope);
        assert_eq!(answer.header("x-ms-throttle-information"), "WriteLimitExceeded");
    }
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 2);
    assert_eq!(caller.tenant.quota_refusals(), 2);
}

#[tokio::test]
async fn a_refused_write_has_a_retry_after_in_whole_seconds() {
    for (model, waits) in [
        (QuotaModel::FixedWindow, [3600, 3600]),
        (QuotaModel::TokenBucket, [1200, 1200]),
        (QuotaModel::TokenBucketChargingRefusals, [2400, 3600]),
    ] {
        let caller = limited_to(3, model).await;
        for _ in 0..3 {
            assert_eq!(useless_write(&caller).await.status, 400, "{model:?}");
        }
        for wait in waits {
            let refused = useless_write(&caller).await;
            assert_eq!(refused.status, 429, "{model:?}");
            let told: u64 = refused.header("retry-after").parse().unwrap();
            assert!((wait - SLOWNESS..=wait).contains(&told), "{model:?}: {told} s");
        }
    }
}

#[tokio::test]
async fn a_quota_recovers_by_itself() {
    for model in [QuotaModel::FixedWindow, QuotaModel::TokenBucket] {
        let caller = Caller::in_contoso().await;
        let period = Duration::from_millis(300);
        caller.tenant.set_write_quota(Some(WriteQuota { writes: 1, period, model }));
        useless_write(&caller).await;
        until(async || {
            let answer = useless_write(&caller).await;
            answer.status != 429 || {
                assert_eq!(answer.header("retry-after"), "1");
                false
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_write_that_fails_for_another_reason_has_been_charged() {
    let caller = limited_to(2, QuotaModel::TokenBucket).await;
    let path = assignments_path(ORDERS_IDENTITY);
    let unknown = assignment(NOBODY, ORDERS_API, ORDERS_READ);
    assert_eq!(caller.post(&path, &unknown).await.status, 400);
    let unavailable = Fault::error(503, "ServiceUnavailable", "Service Unavailable");
    caller.tenant.answer_next(Route::CreateAssignment, unavailable);
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 503);
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 429);
}

#[tokio::test]
async fn reads_and_callers_without_a_valid_token_are_not_charged() {
    let mut caller = limited_to(1, QuotaModel::TokenBucket).await;
    caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    caller.get(&format!("/servicePrincipals/{ORDERS_IDENTITY}")).await;
    let token = std::mem::replace(&mut caller.token, "not-a-token".to_owned());
    assert_eq!(useless_write(&caller).await.status, 401);
    caller.token = token;
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 201);
    assert_eq!(caller.get(&assignments_path(ORDERS_IDENTITY)).await.status, 200);
}

#[tokio::test]
async fn a_refused_write_uses_up_no_fault() {
    let caller = limited_to(0, QuotaModel::FixedWindow).await;
    caller.tenant.answer_next(Route::CreateAssignment, Fault::error(504, "UnknownError", ""));
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 429);
    caller.tenant.set_write_quota(None);
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 504);
    assert_eq!(caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await.status, 201);
}
