//! How long requests and rules let an assignment last, and rules that have expired.

use serde_json::{Value, json};
use tenant_emulator::{
    Route,
    contoso::{ORDERS_API_APP_ID, ORDERS_IDENTITY},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{Setup, World, role};

/// A world whose only rule has these fields in addition.
async fn world(more: &Value) -> World {
    let mut rule = json!({
        "name": "orders", "requesters": ["queue:app-role-requests"], "api": ORDERS_API_APP_ID,
        "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002"],
        "roles": ["Orders.Read"], "actions": ["assign", "revoke"],
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut setup = Setup::new().await;
    setup.policy = Some(json!({ "version": 1, "allow": [rule] }).to_string());
    setup.start().await
}

/// A request with these fields in addition.
fn request(more: &Value) -> String {
    let mut request =
        json!({ "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": ["Orders.Read"] });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request.to_string()
}

fn time(text: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(text.as_str().unwrap(), &Rfc3339).unwrap()
}

#[tokio::test]
async fn an_assignment_beyond_the_longest_duration_is_denied_with_what_is_allowed() {
    let world = world(&json!({ "maxDuration": "PT8H" })).await;
    let far = (OffsetDateTime::now_utc() + Duration::days(2)).format(&Rfc3339).unwrap();
    for end in [json!({ "duration": "PT8H1S" }), json!({ "endDateTime": far })] {
        let result = world.result_of(&request(&end)).await;
        let role = role(&result);
        assert_eq!((&role["status"], &role["code"]), (&json!("denied"), &json!("durationTooLong")));
        assert!(role["message"].as_str().unwrap().contains("PT8H at most"), "{result}");
        assert!(role.get("endDateTime").is_none(), "{result}");
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_dry_run_shows_the_end_that_the_assignment_would_get() {
    let world = world(&json!({ "maxDuration": "PT8H" })).await;
    for (end, duration) in [
        (json!({ "dryRun": true }), Duration::hours(8)),
        (json!({ "dryRun": true, "duration": "PT1H" }), Duration::hours(1)),
    ] {
        let result = world.result_of(&request(&end)).await;
        let role = role(&result);
        assert_eq!(role["status"], "wouldAssign", "{result}");
        let lasts = time(&role["endDateTime"]) - time(&result["startedAt"]);
        assert!(lasts <= duration && lasts > duration - Duration::SECOND, "{result}");
        assert_eq!(time(&role["tokensUntil"]), time(&role["endDateTime"]) + Duration::DAY);
    }
    let revoke = world.result_of(&request(&json!({ "dryRun": true, "action": "revoke" }))).await;
    assert!(role(&revoke).get("endDateTime").is_none(), "{revoke}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_end_that_has_passed_or_is_too_far_away_causes_no_look_up() {
    let world = world(&json!({})).await;
    for (end, status, text) in [
        ("2026-01-01T00:00:00Z", "expired", "endDateTime has passed"),
        ("9999-12-31T23:59:59Z", "invalid", "more than 365 days away"),
    ] {
        let result = world.result_of(&request(&json!({ "endDateTime": end }))).await;
        let role = role(&result);
        assert_eq!((&role["status"], &result["attempt"]), (&json!(status), &json!(1)), "{result}");
        assert!(role["message"].as_str().unwrap().contains(text), "{result}");
    }
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
}

#[tokio::test]
async fn a_malformed_end_is_refused_with_its_path() {
    let world = world(&json!({})).await;
    for (fields, path) in [
        (json!({ "duration": "P1M" }), "duration: years and months"),
        (json!({ "duration": "PT1H", "endDateTime": "2099-01-01T00:00:00Z" }), "endDateTime: "),
        (json!({ "action": "revoke", "duration": "PT1H" }), "duration: a request that revokes"),
    ] {
        let result = world.result_of(&request(&fields)).await;
        let role = role(&result);
        assert_eq!(role["status"], "invalid", "{result}");
        assert!(role["message"].as_str().unwrap().contains(path), "{result}");
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_rule_that_has_expired_allows_nothing_and_is_reported_at_the_start() {
    let world = world(&json!({ "expires": "2020-12-31" })).await;
    let warned = world.log_line("it expired on 2020-12-31").await;
    assert!(warned.contains("policy.warning") && warned.contains("orders"), "{warned}");
    for action in ["assign", "revoke"] {
        let result = world.result_of(&request(&json!({ "action": action }))).await;
        assert_eq!(role(&result)["code"], "noRuleForRequester", "{result}");
    }
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
    assert!(world.tenant_is_unchanged());
}
