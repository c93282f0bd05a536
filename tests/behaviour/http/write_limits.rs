//! A rule that limits the writes of callers in an hour.

use serde_json::Value;

use crate::http::caller::{ask, policy, setup};

/// The policy of the other tests, with a limit.
fn limited(limit: u32) -> String {
    let mut policy: Value = serde_json::from_str(&policy()).unwrap();
    policy["allow"][0]["maxWritesPerHour"] = limit.into();
    policy.to_string()
}

#[tokio::test]
async fn a_call_beyond_the_limit_is_answered_429_with_the_seconds_to_wait() {
    let mut setup = setup().await;
    setup.policy = Some(limited(1));
    let world = setup.start().await;
    world.post(&ask(&["Orders.Read"])).await.success(201);
    let answer = world.post(&ask(&["Orders.Write"])).await;
    let problem = answer.problem(429, "rate-limited");
    assert_eq!(problem["roles"][0]["code"], "rateLimited", "{problem}");
    assert!(problem["roles"][0]["notBefore"].is_string(), "{problem}");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((3000..=3661).contains(&seconds), "{seconds}");
    // What is held needs no write.
    world.post(&ask(&["Orders.Read"])).await.success(200);
}

#[tokio::test]
async fn a_call_that_no_time_can_help_is_answered_403() {
    let mut setup = setup().await;
    setup.policy = Some(limited(1));
    let world = setup.start().await;
    let answer = world.post(&ask(&["Orders.Read", "Orders.Write"])).await;
    let problem = answer.problem(403, "denied");
    assert_eq!(problem["roles"][0]["code"], "rateLimited", "{problem}");
    assert_eq!(answer.header("retry-after"), "");
    assert!(world.tenant_is_unchanged());
}
