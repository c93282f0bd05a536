//! A redelivery does not contradict what an earlier delivery has written.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{Setup, World, request_by_names, role, statuses};

/// A policy without rules.
const EMPTY_POLICY: &str = r#"{ "version": 1, "allow": [] }"#;

/// A world in which a failed message comes back late enough for the host to be replaced.
async fn setup() -> Setup {
    let visibility = "AzureFunctionsJobHost__extensions__queues__visibilityTimeout";
    let mut setup = Setup::new().await.with_wide_policy().with_setting(visibility, "00:00:05");
    // The host may stop before it gives the message back.
    setup.message_lease = Some(std::time::Duration::from_secs(5));
    setup
}

fn unavailable() -> Fault {
    Fault::error(503, "ServiceUnavailable", "")
}

fn two_roles() -> String {
    request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read", "Orders.Write"])
}

/// Sends a request for two roles. The first delivery assigns the first role and cannot assign the second.
async fn send_and_assign_the_first_role(world: &World, message: &str) {
    world.tenant.answer_next(Route::CreateAssignment, unavailable().after_the_effect());
    world.tenant.answer_every(Route::CreateAssignment, unavailable());
    world.requests.send(message).await.unwrap();
    world.log_line("\"status\":\"assigned\"").await;
    world.log_line("request.not_yet").await;
}

/// Asserts that only the first role is held, and that result and audit rows say so.
async fn assert_first_role_reported(world: &World, second: &str) -> Value {
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["alreadyAssigned", second], "{result}");
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].app_role_id, ORDERS_READ);
    assert_eq!(result["roles"][0]["assignmentId"], held[0].id);
    assert_eq!(result["principal"]["objectId"], ORDERS_IDENTITY);
    // The newest rows come first. The first delivery has recorded what it wrote.
    let rows = world.audit_rows(3).await;
    let recorded: Vec<_> =
        rows.iter().map(|row| row.properties["status"].as_str().unwrap()).collect();
    assert_eq!(recorded, ["alreadyAssigned", second, "assigned"], "{rows:#?}");
    result
}

#[tokio::test]
async fn a_role_that_was_assigned_before_the_request_expired_is_not_reported_as_expired() {
    let world = Setup::new().await.with_wide_policy().start().await;
    let mut request: Value = serde_json::from_str(&two_roles()).unwrap();
    let limit = OffsetDateTime::now_utc() + Duration::seconds(2);
    request["notAfter"] = json!(limit.format(&Rfc3339).unwrap());
    send_and_assign_the_first_role(&world, &request.to_string()).await;
    assert_first_role_reported(&world, "expired").await;
}

#[tokio::test]
async fn a_role_that_was_assigned_before_the_policy_lost_its_rule_is_not_reported_as_denied() {
    let mut world = setup().await.start().await;
    send_and_assign_the_first_role(&world, &two_roles()).await;
    world.restart_with_policy(EMPTY_POLICY).await;
    assert_first_role_reported(&world, "denied").await;
}

#[tokio::test]
async fn a_role_that_was_assigned_before_the_broker_was_paused_is_not_reported_as_failed() {
    let mut world = setup().await.with_deliveries(2).start().await;
    send_and_assign_the_first_role(&world, &two_roles()).await;
    world.restart_with_setting("BROKER_MODE", "paused").await;
    let result = assert_first_role_reported(&world, "failed").await;
    assert_eq!(result["roles"][1]["code"], "paused");
    assert_eq!(world.wait_for_messages(&world.failed).await.len(), 1);
}

#[tokio::test]
async fn a_role_that_was_assigned_before_throttling_began_is_not_reported_as_failed() {
    let world = Setup::new().await.with_wide_policy().with_deliveries(2).start().await;
    send_and_assign_the_first_role(&world, &two_roles()).await;
    world.tenant.clear_faults(Route::CreateAssignment);
    let throttled = Fault::error(429, "TooManyRequests", "").retry_after("60");
    world.tenant.answer_every(Route::CreateAssignment, throttled);
    assert_first_role_reported(&world, "failed").await;
}

#[tokio::test]
async fn a_last_delivery_that_cannot_read_what_is_held_reports_no_role_as_failed() {
    let throttled = || Fault::error(429, "TooManyRequests", "").retry_after("60");
    for (fault, route, code) in [
        (throttled(), Route::ListAssignments, "throttled"),
        (unavailable(), Route::ListAssignments, "graphUnavailable"),
        (throttled(), Route::ReadServicePrincipal, "throttled"),
    ] {
        let mut world = setup().await.with_deliveries(2).start().await;
        send_and_assign_the_first_role(&world, &two_roles()).await;
        // A new process remembers neither the principal nor the API.
        world.restart_with_setting("RUST_LOG", "info").await;
        world.tenant.answer_every(route, fault);
        let result = world.next_results(1).await.remove(0);
        assert_eq!(statuses(&result), ["unknown", "unknown"], "{route:?}: {result}");
        for role in result["roles"].as_array().unwrap() {
            assert_eq!(role["code"], code, "{result}");
            assert!(role["message"].as_str().unwrap().contains("earlier delivery"), "{result}");
        }
        assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
        assert_eq!(world.wait_for_messages(&world.failed).await.len(), 1);
    }
}

#[tokio::test]
async fn a_denied_redelivery_says_nothing_about_roles_that_were_held_before() {
    let mut world = setup().await.start().await;
    let id = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    assert!(world.tenant.backdate(&id, std::time::Duration::from_secs(3600)));
    world.tenant.answer_every(Route::CreateAssignment, unavailable());
    world.requests.send(&two_roles()).await.unwrap();
    world.log_line("request.not_yet").await;
    world.restart_with_policy(EMPTY_POLICY).await;
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["denied", "denied"], "{result}");
}

/// Sends a request whose first delivery was taken from the queue, as a reader of the queue can.
async fn send_as_redelivery(world: &mut World, message: &str) {
    world.host.stop_and_keep_log().await;
    world.requests.send(message).await.unwrap();
    let taken = world.requests.receive(1, std::time::Duration::from_secs(1)).await.unwrap();
    assert_eq!(taken.len(), 1);
    world.restart_host().await;
}

#[tokio::test]
async fn a_redelivery_that_the_policy_refuses_is_told_nothing_about_the_tenant() {
    let elsewhere = r#"{ "version": 1, "allow": [{ "name": "elsewhere", "requesters":
        ["queue:app-role-requests"], "principals": ["/subscriptions/22222222-2222-4222-8222-222222222222"],
        "api": "api://orders", "roles": ["*"], "actions": ["assign", "revoke"] }] }"#;
    let (past, no_end) = (json!({ "notAfter": "2020-01-01T00:00:00Z" }), json!({}));
    let past_end = json!({ "endDateTime": "2020-01-01T00:00:00Z" });
    for (policy, action, more, expected) in [
        (EMPTY_POLICY, "assign", &no_end, "denied"),
        (EMPTY_POLICY, "assign", &past, "denied"),
        (EMPTY_POLICY, "assign", &past_end, "denied"),
        (EMPTY_POLICY, "revoke", &no_end, "denied"),
        (elsewhere, "assign", &no_end, "denied"),
        (elsewhere, "assign", &past, "expired"),
        (elsewhere, "assign", &past_end, "expired"),
        (elsewhere, "revoke", &past, "expired"),
    ] {
        let mut setup = Setup::new().await;
        setup.policy = Some(policy.to_owned());
        let mut world = setup.start().await;
        if action == "assign" {
            world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
        }
        let request = request_by_names(action, "id-orders", &["Orders.Read"]);
        let mut request: Value = serde_json::from_str(&request).unwrap();
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        send_as_redelivery(&mut world, &request.to_string()).await;
        let result = world.next_results(1).await.remove(0);
        assert_eq!(statuses(&result), [expected], "{request}: {result}");
        // The second gate denies a principal that it was shown.
        let is_shown = policy == elsewhere && expected == "denied";
        assert_eq!(result["principal"]["objectId"].is_string(), is_shown, "{request}: {result}");
        assert!(role(&result)["assignmentId"].is_null(), "{request}: {result}");
    }
}

#[tokio::test]
async fn a_revocation_that_was_made_before_the_policy_lost_its_rule_is_not_reported_as_denied() {
    let mut world = setup().await.start().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    // The removal takes place, and the delivery never learns of it.
    world.tenant.answer_every(Route::DeleteAssignment, unavailable().after_the_effect());
    let request = request_by_names("revoke", ORDERS_IDENTITY, &["Orders.Read"]);
    world
        .tenant
        .answer_next(Route::DeleteAssignment, Fault::connection_closed().after_the_effect());
    world.requests.send(&request).await.unwrap();
    world.log_line("request.not_yet").await;
    world.restart_with_policy(EMPTY_POLICY).await;
    let result = world.next_results(1).await.remove(0);
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    assert_eq!(role(&result)["status"], "alreadyRevoked", "{result}");
}

#[tokio::test]
async fn a_redelivery_does_not_write_what_is_held_already() {
    let world = Setup::new().await.with_wide_policy().start().await;
    send_and_assign_the_first_role(&world, &two_roles()).await;
    let before = world.tenant.count(Route::CreateAssignment);
    world.tenant.clear_faults(Route::CreateAssignment);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["alreadyAssigned", "assigned"], "{result}");
    assert!(result["roles"][0]["rule"].is_string(), "{result}");
    let after = world.tenant.count(Route::CreateAssignment);
    assert!(after - before <= 2, "{before} {after}");
}

#[tokio::test]
async fn a_write_without_an_answer_on_the_last_delivery_is_unknown() {
    let world = Setup::new().await.with_deliveries(1).start().await;
    world.tenant.answer_every(Route::CreateAssignment, unavailable().after_the_effect());
    world.tenant.answer_every(Route::ListAssignments, unavailable());
    let request = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read"]);
    let result = world.result_of(&request).await;
    assert_eq!(role(&result)["status"], "unknown", "{result}");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    assert_eq!(world.wait_for_messages(&world.failed).await.len(), 1);
    let rows = world.audit_rows(1).await;
    assert_eq!(rows[0].properties["status"].as_str(), Some("unknown"));
}
