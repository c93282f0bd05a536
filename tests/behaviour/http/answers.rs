//! Requests over HTTP: the answer to each, and what it changes.

use functions_host_emulator::Outcome;
use reqwest::Method;
use serde_json::{Value, json};
use tenant_emulator::{
    Route,
    contoso::{
        BATCH_B_IDENTITY, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY,
        ORDERS_IDENTITY_CLIENT_ID, ORDERS_READ, REPORTS_IDENTITY,
    },
};

use crate::{
    http::caller::{Answer, FUNCTION, TEAM, TEAM_KEY, ask, ask_for, send, setup},
    world::{TIMEOUT, World, new_identity, request, statuses},
};

const UNKNOWN: &str = "c0a70500-0000-4000-8000-00000000ffff";

async fn world() -> World {
    setup().await.start().await
}

/// Asserts that a body fits its committed schema.
fn assert_fits(body: &Value, schema: &str) {
    let file = format!("{}/schemas/{schema}.schema.json", crate::world::ROOT);
    let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(body).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}: {body}");
}

#[tokio::test]
async fn each_refusal_has_its_status_its_type_and_its_reason_and_changes_nothing() {
    let world = world().await;
    let expired = {
        let mut request = ask(&["Orders.Read"]);
        request["notAfter"] = json!("2026-01-01T00:00:00Z");
        request
    };
    let usual_mix_up = json!({ "principal": { "objectId": ORDERS_IDENTITY_CLIENT_ID }, "api": "api://orders", "roles": ["Orders.Read"] });
    for (request, status, name, text) in [
        (json!({ "principal": "x" }), 400, "invalid", "the field `api` is missing"),
        (json!([]), 400, "invalid", ""),
        (ask(&["Orders.Archive"]), 400, "invalid", "disabled"),
        (ask(&["Orders.Approve"]), 400, "invalid", "for users only"),
        (expired, 400, "expired", "notAfter has passed"),
        (ask(&["Orders.Admin"]), 403, "denied", "names the role Orders.Admin"),
        (ask_for(REPORTS_IDENTITY, &["Orders.Read"]), 403, "denied", "covers the principal"),
        (ask(&["Orders.Raed"]), 404, "not-found", "no app role"),
        (ask_for("id-nobody", &["Orders.Read"]), 404, "not-found", "display name"),
        (usual_mix_up, 404, "not-found", ORDERS_IDENTITY),
        (ask_for("id-batch", &["Orders.Read"]), 409, "ambiguous", "2 service principals"),
    ] {
        let problem = world.post(&request).await.problem(status, name);
        assert!(problem["detail"].as_str().unwrap().contains(text), "{request}: {problem}");
        assert_eq!(problem["requester"], format!("key:{TEAM}"), "{problem}");
        assert_eq!(problem["function"], FUNCTION);
        assert_fits(&problem, "problem");
        assert_fits(&problem, "result");
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_refusal_has_every_field_of_a_result() {
    let world = world().await;
    let problem =
        world.post(&ask_for("id-batch", &["Orders.Read"])).await.problem(409, "ambiguous");
    let candidates = problem["candidates"].as_array().unwrap();
    assert!(candidates.iter().any(|one| one["objectId"] == BATCH_B_IDENTITY), "{problem}");
    let problem = world.post(&ask(&["Orders.Raed"])).await.problem(404, "not-found");
    assert_eq!(problem["roles"][0]["suggestions"][0], "Orders.Read");
    assert_eq!(problem["principal"]["objectId"], ORDERS_IDENTITY);
    let instance = format!("urn:uuid:{}", problem["invocationId"].as_str().unwrap());
    assert_eq!(problem["instance"], instance);
}

#[tokio::test]
async fn one_refused_role_refuses_the_request_and_no_role_is_written() {
    let world = world().await;
    let request = ask(&["Orders.Read", "Orders.Raed", "Orders.Admin"]);
    let problem = world.post(&request).await.problem(403, "denied");
    assert_eq!(statuses(&problem), ["notAttempted", "notFound", "denied"], "{problem}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_request_that_no_rule_could_allow_causes_no_look_up_and_reveals_nothing() {
    let world = world().await;
    let mut revoke = ask(&["Orders.Read"]);
    revoke["api"] = json!("graph");
    let problem = world.post(&revoke).await.problem(403, "denied");
    assert_eq!(problem["roles"][0]["code"], "noRuleForRequester");
    assert!(problem.get("principal").is_none() && problem.get("api").is_none(), "{problem}");
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

#[tokio::test]
async fn a_new_assignment_is_201_with_a_location() {
    let world = world().await;
    let answer = world.post(&ask(&["Orders.Read"])).await;
    let result = answer.success(201);
    assert_fits(&result, "result");
    assert_eq!(statuses(&result), ["assigned"], "{result}");
    assert_eq!(result["attempt"], 1);
    assert!(result["effectiveBy"].is_string());
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!((held.len(), held[0].app_role_id.as_str()), (1, ORDERS_READ));
    assert_eq!(result["roles"][0]["assignmentId"], held[0].id);
    let location = answer.header("location");
    assert_eq!(location, format!("?principal={ORDERS_IDENTITY}&api={ORDERS_API_APP_ID}"));
    let seen = world.call(Method::GET, &location[1..]).header("x-functions-key", TEAM_KEY);
    assert_eq!(send(seen).await.success(200)["assignments"][0]["assignmentId"], held[0].id);
}

#[tokio::test]
async fn a_request_that_changes_nothing_or_revokes_is_200() {
    let world = world().await;
    let with = |field: &str, value: Value| {
        let mut request = ask(&["Orders.Write"]);
        request[field] = value;
        request
    };
    let (assign, revoke) = (ask(&["Orders.Write"]), with("action", json!("revoke")));
    for (request, status, expected) in [
        (with("dryRun", json!(true)), 200, "wouldAssign"),
        (revoke.clone(), 200, "alreadyRevoked"),
        (assign.clone(), 201, "assigned"),
        (assign.clone(), 200, "alreadyAssigned"),
        (revoke, 200, "revoked"),
    ] {
        let answer = world.post(&request).await;
        let result = answer.success(status);
        assert_eq!(statuses(&result), [expected], "{result}");
        assert_eq!(answer.headers.contains_key("location"), status == 201);
    }
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn one_new_assignment_among_old_ones_is_201() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let result = world.post(&ask(&["Orders.Read", "Orders.Write"])).await.success(201);
    assert_eq!(statuses(&result), ["alreadyAssigned", "assigned"]);
}

#[tokio::test]
async fn graphs_own_body_is_a_request_here_too() {
    let world = world().await;
    let body: Value =
        serde_json::from_str(&request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)).unwrap();
    assert_eq!(statuses(&world.post(&body).await.success(201)), ["assigned"]);
}

#[tokio::test]
async fn in_report_mode_the_caller_is_told_what_would_happen() {
    let world = setup().await.with_setting("BROKER_MODE", "report").start().await;
    let result = world.post(&ask(&["Orders.Read"])).await.success(200);
    assert_eq!((statuses(&result), &result["dryRun"]), (vec!["wouldAssign"], &json!(true)));
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_call_waits_for_an_identity_that_is_seconds_old() {
    let world = world().await;
    let request = ask_for(UNKNOWN, &["Orders.Read"]);
    let arrival = async {
        world.host.wait_for_log("wait for the principal", TIMEOUT).await.unwrap();
        world.tenant.add_service_principal(new_identity(UNKNOWN));
    };
    let (answer, ()) = futures_util::join!(world.post(&request), arrival);
    assert_eq!(statuses(&answer.success(201)), ["assigned"]);
}

#[tokio::test]
async fn every_answer_is_a_success_for_the_host_and_is_recorded() {
    let world = world().await;
    let answers: [Answer; 2] =
        [world.post(&ask(&["Orders.Read"])).await, world.post(&ask(&["Orders.Admin"])).await];
    for answer in answers {
        let id = answer.json()["invocationId"].as_str().unwrap().to_owned();
        let audit = format!("\"event\":\"audit\",\"invocation_id\":\"{id}\"");
        let line = world.log_line(&audit).await;
        assert!(line.contains(&format!("\"requester\":\"key:{TEAM}\"")), "{line}");
    }
    for invocation in world.host.invocations() {
        assert_eq!(
            (invocation.function.as_str(), invocation.outcome),
            (FUNCTION, Outcome::Succeeded)
        );
    }
}
