//! Limits of Microsoft Graph: the broker obeys `Retry-After` and stays below a configured quota.

use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;
use tenant_emulator::{
    Fault, QuotaModel, Route, Tenant, WriteQuota,
    contoso::{ORDERS_API, ORDERS_READ, managed_identities},
};

use crate::world::{Setup, World, request, role, valid_request};

/// More requests than two quotas of the tests below allow.
const CROWD: usize = 50;

fn throttled() -> Fault {
    Fault::error(429, "TooManyRequests", "Please retry again later.")
}

/// Requests for `size` different identities.
fn crowd(tenant: &Tenant, size: usize) -> Vec<String> {
    let identities = managed_identities(size);
    for identity in &identities {
        tenant.add_service_principal(identity.clone());
    }
    identities.iter().map(|identity| request(&identity.id, ORDERS_API, ORDERS_READ)).collect()
}

async fn send(world: &World, messages: &[String]) {
    for message in messages {
        world.requests.send(message).await.unwrap();
    }
}

fn in_two_seconds() -> String {
    let moment = SystemTime::now() + Duration::from_secs(2);
    httpdate::fmt_http_date(moment)
}

#[tokio::test]
async fn after_a_429_no_write_is_made_before_retry_after_in_seconds_or_as_a_date() {
    // A date has whole seconds, so two seconds from now may be only a little more than one.
    let forms: [(fn() -> String, u64); 3] =
        [(|| "1".to_owned(), 1000), (|| "0.7".to_owned(), 700), (in_two_seconds, 1000)];
    for (retry_after, least) in forms {
        // A delivery may take 25 seconds, so it can wait for two even if the machine is slow.
        let setup = Setup::new().await.with_wide_policy().with_setting("PACE_FACTOR", "0.5");
        let world = setup.start().await;
        let messages = crowd(&world.tenant, 12);
        let (began, retry_after) = (Instant::now(), retry_after());
        world.tenant.answer_next(Route::CreateAssignment, throttled().retry_after(&retry_after));
        send(&world, &messages[..1]).await;
        world.log_line("trying again").await;
        send(&world, &messages[1..]).await;
        for result in world.next_results(12).await {
            assert_eq!(role(&result)["status"], "assigned", "{result}");
        }
        let allowed = began + Duration::from_millis(least);
        let writes = world.tenant.accepted_writes();
        assert!(writes.iter().all(|write| write.at >= allowed), "{retry_after}");
        assert_eq!(world.tenant.count(Route::CreateAssignment), 13);
    }
}

#[tokio::test]
async fn a_429_without_retry_after_is_retried_with_backoff() {
    let world = World::start().await;
    for _ in 0..4 {
        world.tenant.answer_next(Route::CreateAssignment, throttled());
    }
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    // 0.5 + 1 + 2 + 4 seconds, scaled to a twentieth.
    assert!(result["durationMs"].as_u64().unwrap() >= 375, "{result}");
}

#[tokio::test]
async fn a_throttle_longer_than_a_delivery_is_waited_out_by_later_deliveries() {
    // A delivery may take twelve seconds, and a probe is sent after twelve.
    let world = Setup::new().await.with_setting("PACE_FACTOR", "0.2").start().await;
    world.tenant.answer_next(Route::CreateAssignment, throttled().retry_after("13"));
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert!(result["attempt"].as_u64().unwrap() > 1);
    assert_eq!(world.tenant.count(Route::CreateAssignment), 2);
}

#[tokio::test]
async fn reads_are_throttled_separately_from_writes() {
    let world = Setup::new().await.with_setting("PACE_FACTOR", "0.5").start().await;
    world.tenant.answer_next(Route::ReadServicePrincipal, throttled().retry_after("0.3"));
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["attempt"], 1);
    assert!(result["durationMs"].as_u64().unwrap() >= 300, "{result}");
}

#[tokio::test]
async fn a_configured_quota_is_not_exceeded_for_any_way_of_counting() {
    for model in
        [QuotaModel::FixedWindow, QuotaModel::TokenBucket, QuotaModel::TokenBucketChargingRefusals]
    {
        // A delivery may wait for 30 seconds, and the crowd needs two if the machine is fast.
        let setup = Setup::new().await.with_wide_policy().with_setting("PACE_FACTOR", "0.5");
        let setup = setup.with_setting("GRAPH_WRITE_QUOTA", "20/1");
        let quota = WriteQuota { writes: 20, period: Duration::from_secs(1), model };
        setup.tenant.set_write_quota(Some(quota));
        let messages = crowd(&setup.tenant, CROWD);
        let world = setup.start().await;
        send(&world, &messages).await;
        for result in world.next_results(CROWD).await {
            assert_eq!(role(&result)["status"], "assigned", "{result}");
            assert_eq!(result["attempt"], 1);
        }
        assert_eq!(world.tenant.quota_refusals(), 0, "{model:?}");
    }
}

#[tokio::test]
async fn an_unconfigured_quota_loses_no_request() {
    let models =
        [QuotaModel::FixedWindow, QuotaModel::TokenBucket, QuotaModel::TokenBucketChargingRefusals];
    join_all(models.map(async |model| {
        let setup = Setup::new().await.with_wide_policy();
        // A quota small enough that a busy machine exceeds it too.
        let quota = WriteQuota { writes: 5, period: Duration::from_secs(1), model };
        setup.tenant.set_write_quota(Some(quota));
        let messages = crowd(&setup.tenant, CROWD);
        let world = setup.start().await;
        send(&world, &messages).await;
        for result in world.next_results(CROWD).await {
            let status = role(&result)["status"].as_str().unwrap();
            assert!(["assigned", "alreadyAssigned"].contains(&status), "{result}");
        }
        assert!(world.tenant.quota_refusals() > 0, "{model:?}");
        assert!(world.messages(&world.failed).await.is_empty());
        assert!(world.messages(&world.poison).await.is_empty());
    }))
    .await;
}
