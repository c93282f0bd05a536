//! Passing faults of the look at the table, and of the sign-in before it, do not stop a grant.

use std::time::{Duration, Instant};

use serde_json::Value;
use tenant_emulator::{Fault, Route};

use crate::world::{Setup, World, role, valid_request};

async fn setup() -> Setup {
    Setup::new().await.with_identity_based_storage()
}

/// The status of the only role, and the delivery that was answered.
fn status_and_attempt(result: &Value) -> (&str, u64) {
    (role(result)["status"].as_str().unwrap(), result["attempt"].as_u64().unwrap())
}

#[tokio::test]
async fn a_refused_token_or_a_passing_fault_of_the_table_does_not_stop_the_grant() {
    for fault in [
        Fault::error(401, "InvalidAuthenticationInfo", "Server failed to authenticate"),
        Fault::error(408, "RequestTimeout", ""),
        Fault::error(425, "", ""),
        Fault::error(429, "TooManyRequests", "").retry_after("0.1"),
        Fault::error(500, "InternalError", ""),
        Fault::error(503, "ServerBusy", ""),
        Fault::error(509, "", ""),
        Fault::connection_closed(),
    ] {
        let world = setup().await.start().await;
        world.tenant.answer_next(Route::QueryEntities, fault.clone());
        let result = world.result_of(&valid_request()).await;
        assert_eq!(status_and_attempt(&result), ("assigned", 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_revoked_storage_token_is_renewed_and_health_stays_well() {
    let world = setup().await.with_setting("PACE_FACTOR", "1").start().await;
    let revoked = || Fault::error(401, "InvalidAuthenticationInfo", "The token is revoked.");
    world.tenant.answer_next(Route::QueryEntities, revoked());
    world.tenant.answer_next(Route::ReadQueueMetadata, revoked());
    let result = world.result_of(&valid_request()).await;
    assert_eq!(status_and_attempt(&result), ("assigned", 1), "{result}");
    let (status, health) = world.health().await;
    assert_eq!(status, 200, "{health}");
    world.log_line("token.renewed").await;
}

#[tokio::test]
async fn a_failed_look_at_the_table_is_forgotten_within_seconds() {
    let world = setup().await.with_setting("PACE_FACTOR", "1").start().await;
    let refused = Fault::error(403, "AuthorizationPermissionMismatch", "no");
    world.tenant.answer_every(Route::QueryEntities, refused);
    world.requests.send(&valid_request()).await.unwrap();
    world.log_line("record.unavailable").await;
    world.tenant.clear_faults(Route::QueryEntities);
    let fixed = Instant::now();
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    // Health remembers its findings for 30 s. The rest is room for a busy machine.
    assert!(fixed.elapsed() < Duration::from_secs(20), "{:?}", fixed.elapsed());
}

#[tokio::test]
async fn while_storage_is_down_many_requests_cause_few_looks_at_it() {
    const REQUESTS: usize = 40;
    let world = setup().await.with_setting("PACE_FACTOR", "1").start().await;
    let refused = Fault::error(403, "AuthorizationPermissionMismatch", "no");
    world.tenant.answer_every(Route::QueryEntities, refused);
    for _ in 0..REQUESTS {
        world.requests.send(&valid_request()).await.unwrap();
    }
    let finished = world.host.wait_for_invocations(REQUESTS, crate::world::TIMEOUT).await;
    finished.unwrap();
    let looks = world.tenant.count(Route::QueryEntities);
    assert!(looks <= REQUESTS / 2, "{looks} looks at the table");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_passing_fault_of_the_identity_endpoint_does_not_stop_the_grant() {
    for status in [404, 408, 410, 425, 429, 500, 503, 509] {
        let world = World::start().await;
        // The token from the start is thrown away, so that the grant needs another one.
        let refused = Fault::error(401, "InvalidAuthenticationToken", "Access token is invalid.");
        world.tenant.answer_next(Route::ReadServicePrincipal, refused);
        world.tenant.answer_next(Route::IssueToken, Fault::error(status, "", "not now"));
        let result = world.result_of(&valid_request()).await;
        assert_eq!(status_and_attempt(&result), ("assigned", 1), "{status}");
    }
}

#[tokio::test]
async fn an_identity_endpoint_that_is_updated_for_a_minute_is_waited_for() {
    let setup = setup().await;
    setup.tenant.answer_every(Route::IssueToken, Fault::error(410, "", "going through updates"));
    let world = setup.start().await;
    world.requests.send(&valid_request()).await.unwrap();
    world.log_line("request.not_yet").await;
    world.tenant.clear_faults(Route::IssueToken);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
}
