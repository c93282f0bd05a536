//! Writes with wrong or lost answers: the result states what the tenant holds.

use serde_json::Value;
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, ORDERS_WRITE},
};

use crate::world::{Setup, TIMEOUT, World, request_by_names, role, statuses, valid_request};

fn revoke() -> String {
    request_by_names("revoke", ORDERS_IDENTITY, &["Orders.Read"])
}

/// Answers that do not say whether the write happened.
fn ambiguous_answers() -> Vec<Fault> {
    let mut faults: Vec<_> = [500, 502, 503, 504]
        .map(|status| Fault::error(status, "UnknownError", ""))
        .into_iter()
        .collect();
    faults.push(Fault::connection_closed());
    faults.push(forbidden());
    faults
}

fn forbidden() -> Fault {
    let text = "Insufficient privileges to complete the operation.";
    Fault::error(403, "Authorization_RequestDenied", text)
}

#[tokio::test]
async fn an_assignment_that_succeeded_despite_an_error_is_found_and_reported_as_assigned() {
    let world = World::start().await;
    for fault in ambiguous_answers() {
        world.tenant.answer_next(Route::CreateAssignment, fault.clone().after_the_effect());
        let result = world.result_of(&valid_request()).await;
        let held = world.tenant.assignments_of(ORDERS_IDENTITY);
        assert_eq!(held.len(), 1, "{fault:?}");
        assert_eq!(role(&result)["status"], "assigned", "{fault:?}: {result}");
        assert_eq!(role(&result)["assignmentId"], held[0].id);
        assert_eq!(result["attempt"], 1);
        assert!(world.tenant.revoke(&held[0].id));
    }
}

#[tokio::test]
async fn a_revocation_that_succeeded_despite_an_error_is_reported_as_revoked() {
    let world = Setup::new().await.with_wide_policy().start().await;
    for fault in ambiguous_answers() {
        world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
        world.tenant.answer_next(Route::DeleteAssignment, fault.clone().after_the_effect());
        let result = world.result_of(&revoke()).await;
        assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
        assert_eq!(role(&result)["status"], "revoked", "{fault:?}: {result}");
        assert_eq!(result["attempt"], 1);
    }
}

#[tokio::test]
async fn a_revocation_that_did_not_happen_is_retried() {
    let world = Setup::new().await.with_wide_policy().start().await;
    for status in [409, 429, 500, 504] {
        world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
        let code = if status == 409 { "Directory_ConcurrencyViolation" } else { "UnknownError" };
        world.tenant.answer_next(Route::DeleteAssignment, Fault::error(status, code, ""));
        let result = world.result_of(&revoke()).await;
        assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
        assert_eq!(role(&result)["status"], "revoked", "{status}: {result}");
    }
}

#[tokio::test]
async fn a_403_that_hides_no_assignment_is_a_failure() {
    let world = Setup::new().await.with_wide_policy().with_deliveries(1).start().await;
    world.tenant.answer_every(Route::CreateAssignment, forbidden());
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["code"], "forbidden", "{result}");
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    world.tenant.answer_every(Route::DeleteAssignment, forbidden());
    let result = world.result_of(&revoke()).await;
    assert_eq!(role(&result)["code"], "forbidden", "{result}");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn a_role_that_was_just_assigned_and_is_not_listed_yet_is_revoked() {
    let world = Setup::new().await.with_wide_policy().start().await;
    world.tenant.set_list_lag(TIMEOUT);
    world.result_of(&valid_request()).await;
    let result = world.result_of(&revoke()).await;
    assert_eq!(role(&result)["status"], "revoked", "{result}");
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn an_assignment_that_exists_and_is_not_listed_yet_is_found_by_a_later_delivery() {
    let world = World::start().await;
    world.tenant.hold_back_assignments(true);
    let id = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    world.requests.send(&valid_request()).await.unwrap();
    world.host.wait_for_invocations(1, TIMEOUT).await.unwrap();
    world.tenant.hold_back_assignments(false);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "alreadyAssigned", "{result}");
    assert_eq!(role(&result)["assignmentId"], id);
}

#[tokio::test]
async fn an_assignment_that_is_never_listed_is_reported_as_held_and_delays_no_other_role() {
    let world = Setup::new().await.with_wide_policy().with_deliveries(1).start().await;
    world.tenant.hold_back_assignments(true);
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let result = world
        .result_of(&request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read", "Orders.Write"]))
        .await;
    assert_eq!(statuses(&result), ["alreadyAssigned", "assigned"], "{result}");
    assert_eq!(result["roles"][0]["assignmentId"], Value::Null);
    assert!(result["roles"][0]["message"].as_str().unwrap().contains("does not list it yet"));
    assert!(world.messages(&world.failed).await.is_empty());
}

#[tokio::test]
async fn an_identity_that_one_replica_does_not_know_is_read_from_another() {
    let world = World::start().await;
    for fault in [
        Fault::error(400, "Request_BadRequest", "Not a valid reference update."),
        Fault::error(404, "Request_ResourceNotFound", "Resource 'x' does not exist"),
        Fault::error(400, "Request_BadRequest", "").detail("NoBackingApplicationObject", ""),
    ] {
        world.tenant.answer_next(Route::CreateAssignment, fault.clone());
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["status"], "assigned", "{fault:?}: {result}");
        assert_eq!(result["attempt"], 1);
        let id = role(&result)["assignmentId"].as_str().unwrap();
        assert!(world.tenant.revoke(id));
    }
}

#[tokio::test]
async fn writes_to_one_identity_are_made_one_at_a_time() {
    let setup = Setup::new().await.with_wide_policy().with_setting("PACE_FACTOR", "0.3");
    let world = setup.start().await;
    world.tenant.set_latency(std::time::Duration::from_millis(20));
    const TIMES: usize = 6;
    for _ in 0..TIMES {
        for action in ["assign", "revoke"] {
            for value in ["Orders.Read", "Orders.Write"] {
                world
                    .requests
                    .send(&request_by_names(action, ORDERS_IDENTITY, &[value]))
                    .await
                    .unwrap();
            }
        }
    }
    let results = world.next_results(4 * TIMES).await;
    assert!(results.iter().all(|result| result["attempt"] == 1));
    let conflicts = world.tenant.requests().iter().filter(|one| one.status == Some(409)).count();
    assert_eq!(conflicts, 0);
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert!(held.iter().all(|one| [ORDERS_READ, ORDERS_WRITE].contains(&one.app_role_id.as_str())));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_all_concurrent_requests() {
    let world = Setup::new().await.with_wide_policy().with_deliveries(1).start().await;
    world.log_line("sign_in.done").await;
    let before = world.tenant.count(Route::IssueToken);
    let refused = Fault::error(401, "InvalidAuthenticationToken", "Lifetime validation failed.");
    for route in [Route::ReadServicePrincipal, Route::ListServicePrincipals] {
        world.tenant.answer_every(route, refused.clone());
    }
    for _ in 0..20 {
        world.requests.send(&valid_request()).await.unwrap();
    }
    for result in world.next_results(20).await {
        assert_eq!(role(&result)["code"], "tokenRefused", "{result}");
    }
    assert_eq!(world.tenant.count(Route::IssueToken), before + 1);
}
