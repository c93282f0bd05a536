//! Repeats of a request: they are served together, and cost no writes.

use std::time::Duration;

use serde_json::Value;
use tenant_emulator::{
    Fault, Route,
    contoso::{
        ORDERS_API, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, ORDERS_WRITE,
        REPORTS_IDENTITY,
    },
};

use crate::world::{Setup, TIMEOUT, World, request_by_names, role, statuses, valid_request};

/// The latency of Microsoft Graph at which repeats were measured in production.
const LATENCY: Duration = Duration::from_millis(150);

const REPEATS: usize = 60;

/// Long enough for all repeats to arrive during one read, even on a busy machine.
const LONG_LATENCY: Duration = Duration::from_millis(1500);

/// More repeats than messages are in flight at once.
const MANY_REPEATS: usize = 300;

/// A list that lags for longer than a test.
const LAG: Duration = TIMEOUT;

/// The deadlines of deliveries are long enough for hundreds of rows in one storage emulator.
async fn world() -> World {
    Setup::new().await.with_wide_policy().with_setting("PACE_FACTOR", "1").start().await
}

fn revoke() -> String {
    request_by_names("revoke", ORDERS_IDENTITY, &["Orders.Read"])
}

/// Sends a request many times, and returns the results. Each must come from the first delivery.
async fn repeat(world: &World, message: &str, times: usize) -> Vec<Value> {
    for _ in 0..times {
        world.requests.send(message).await.unwrap();
    }
    let results = world.next_results(times).await;
    for result in &results {
        assert_eq!(result["attempt"], 1, "{result}");
    }
    results
}

/// The number of results whose only role has this status.
fn count(results: &[Value], status: &str) -> usize {
    results.iter().filter(|result| role(result)["status"] == status).count()
}

/// The numbers of requests to Microsoft Graph so far.
fn reads(world: &World) -> usize {
    let reads = [Route::ReadServicePrincipal, Route::ListAssignments, Route::ReadAssignment];
    reads.map(|route| world.tenant.count(route)).iter().sum()
}

fn writes(world: &World) -> usize {
    let writes = [Route::CreateAssignment, Route::DeleteAssignment];
    writes.map(|route| world.tenant.count(route)).iter().sum()
}

#[tokio::test]
async fn repeats_of_a_request_make_one_write_and_share_reads() {
    let world = world().await;
    world.tenant.set_latency(LONG_LATENCY);
    let results = repeat(&world, &valid_request(), MANY_REPEATS).await;
    assert_eq!(count(&results, "assigned"), 1);
    assert_eq!(count(&results, "alreadyAssigned"), MANY_REPEATS - 1);
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert!(results.iter().all(|result| role(result)["assignmentId"] == held[0].id.as_str()));
    assert_eq!(writes(&world), 1);
    assert!(reads(&world) < MANY_REPEATS / 2, "{}", reads(&world));
}

#[tokio::test]
async fn a_repeat_for_an_idle_identity_costs_a_read_of_the_assignment_and_no_write() {
    let world = world().await;
    world.result_of(&valid_request()).await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "alreadyAssigned", "{result}");
    let routes = [Route::CreateAssignment, Route::ReadAssignment, Route::ListAssignments];
    assert_eq!(routes.map(|route| world.tenant.count(route)), [1, 1, 0]);
}

#[tokio::test]
async fn what_a_dry_run_has_shown_is_not_written() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let dry_run = serde_json::json!({
        "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": ["Orders.Read"], "dryRun": true,
    });
    for request in [dry_run.to_string(), valid_request()] {
        let result = world.result_of(&request).await;
        assert_eq!(role(&result)["status"], "alreadyAssigned", "{result}");
    }
    assert_eq!(writes(&world), 0);
}

#[tokio::test]
async fn an_assignment_by_another_client_costs_one_refused_write() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    world.tenant.set_latency(LATENCY);
    let results = repeat(&world, &valid_request(), REPEATS).await;
    assert_eq!(count(&results, "alreadyAssigned"), REPEATS);
    assert_eq!(writes(&world), 1);
}

#[tokio::test]
async fn a_role_that_another_client_has_just_revoked_is_assigned_again_even_if_lists_lag() {
    for lag in [Duration::ZERO, LAG] {
        let world = world().await;
        world.tenant.set_list_lag(lag);
        repeat(&world, &valid_request(), 2).await;
        let before = world.tenant.assignments_of(ORDERS_IDENTITY);
        assert!(world.tenant.revoke(&before[0].id));
        world.tenant.set_latency(LATENCY);
        let results = repeat(&world, &valid_request(), REPEATS).await;
        assert_eq!(count(&results, "assigned"), 1, "{lag:?}");
        assert_eq!(count(&results, "alreadyAssigned"), REPEATS - 1, "{lag:?}");
        let held = world.tenant.assignments_of(ORDERS_IDENTITY);
        assert_eq!(held.len(), 1, "{lag:?}");
        assert!(results.iter().all(|result| role(result)["assignmentId"] == held[0].id.as_str()));
        assert_eq!(writes(&world), 2, "{lag:?}");
    }
}

#[tokio::test]
async fn what_the_broker_has_just_revoked_is_assigned_again_even_if_lists_lag() {
    for lag in [Duration::ZERO, LAG] {
        let world = world().await;
        world.tenant.set_list_lag(lag);
        for _ in 0..3 {
            let results = repeat(&world, &valid_request(), REPEATS / 3).await;
            assert_eq!(count(&results, "assigned"), 1, "{lag:?}");
            assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
            let results = repeat(&world, &revoke(), REPEATS / 3).await;
            assert_eq!(count(&results, "revoked"), 1, "{lag:?}");
            assert_eq!(count(&results, "alreadyRevoked"), REPEATS / 3 - 1, "{lag:?}");
            assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
        }
        assert_eq!(writes(&world), 6, "{lag:?}");
    }
}

#[tokio::test]
async fn repeats_while_lists_lag_are_answered_by_their_first_delivery() {
    let world = world().await;
    world.tenant.set_list_lag(LAG);
    world.tenant.set_latency(LATENCY);
    let results = repeat(&world, &valid_request(), REPEATS).await;
    assert_eq!(count(&results, "assigned"), 1);
    assert_eq!(writes(&world), 1);
}

#[tokio::test]
async fn the_one_role_that_is_missing_is_written_once() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    world.tenant.set_latency(LATENCY);
    let both = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read", "Orders.Write"]);
    let results = repeat(&world, &both, REPEATS).await;
    let assigned = results.iter().filter(|result| statuses(result)[1] == "assigned");
    assert_eq!(assigned.count(), 1);
    assert!(results.iter().all(|result| statuses(result)[0] == "alreadyAssigned"));
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    let roles: Vec<_> = held.iter().map(|one| one.app_role_id.as_str()).collect();
    assert_eq!(roles, [ORDERS_READ, ORDERS_WRITE]);
    assert!(writes(&world) <= 2, "{}", writes(&world));
}

#[tokio::test]
async fn repeats_of_a_revocation_make_one_write() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    world.tenant.set_latency(LATENCY);
    let results = repeat(&world, &revoke(), REPEATS).await;
    assert_eq!(count(&results, "revoked"), 1);
    assert_eq!(count(&results, "alreadyRevoked"), REPEATS - 1);
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    assert_eq!(writes(&world), 1);
}

#[tokio::test]
async fn a_revocation_removes_an_assignment_that_replaced_the_brokers() {
    let world = world().await;
    world.result_of(&valid_request()).await;
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert!(world.tenant.revoke(&held[0].id));
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let result = world.result_of(&revoke()).await;
    assert_eq!(role(&result)["status"], "revoked", "{result}");
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn a_final_refusal_answers_the_repeats_that_wait() {
    let setup = Setup::new().await.with_wide_policy().with_setting("PACE_FACTOR", "1");
    let world = setup.with_deliveries(1).start().await;
    let text = "Permission being assigned was not found on application 'orders'";
    let refused = Fault::error(400, "Request_BadRequest", text);
    world.tenant.answer_every(Route::CreateAssignment, refused);
    world.tenant.set_latency(LONG_LATENCY);
    let results = repeat(&world, &valid_request(), REPEATS).await;
    assert!(results.iter().all(|result| role(result)["code"] == "roleNotFound"));
    assert!(writes(&world) < REPEATS / 3, "{}", writes(&world));
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn repeats_after_a_write_that_fails_for_a_while_lose_nothing() {
    let world = world().await;
    let unavailable = Fault::error(503, "ServiceUnavailable", "");
    for _ in 0..2 {
        world.tenant.answer_next(Route::CreateAssignment, unavailable.clone());
    }
    let lost = Fault::connection_closed().after_the_effect();
    world.tenant.answer_next(Route::CreateAssignment, lost);
    world.tenant.set_latency(LATENCY / 10);
    let results = repeat(&world, &valid_request(), REPEATS).await;
    assert_eq!(count(&results, "assigned"), 1);
    assert_eq!(count(&results, "alreadyAssigned"), REPEATS - 1);
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    assert_eq!(writes(&world), 3);
}

#[tokio::test]
async fn repeats_that_name_an_unknown_api_share_the_search() {
    let world = world().await;
    world.tenant.set_latency(LONG_LATENCY);
    let unknown = serde_json::json!({
        "principal": ORDERS_IDENTITY, "api": "nobody's API", "roles": ["Orders.Read"],
    });
    let results = repeat(&world, &unknown.to_string(), REPEATS).await;
    assert_eq!(count(&results, "notFound"), REPEATS);
    let searches = world.tenant.count(Route::ListServicePrincipals);
    assert!(searches < REPEATS / 3, "{searches}");
}

#[tokio::test]
async fn repeats_for_an_identity_that_is_not_confirmed_share_the_question() {
    let world = world().await;
    world.tenant.set_arm_identity(ORDERS_IDENTITY_RESOURCE_ID, Some(REPORTS_IDENTITY));
    world.tenant.set_latency(LONG_LATENCY);
    let results = repeat(&world, &valid_request(), REPEATS).await;
    assert_eq!(count(&results, "denied"), REPEATS);
    let questions = world.tenant.count(Route::ReadArmIdentity);
    assert!(questions < REPEATS / 3, "{questions}");
    assert_eq!(writes(&world), 0);
}
