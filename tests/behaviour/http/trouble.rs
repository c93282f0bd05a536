//! Faults during a call over HTTP: the answer, and whether the caller should retry.

use std::time::Duration;

use tenant_emulator::{Fault, QuotaModel, Route, WriteQuota, contoso::ORDERS_IDENTITY};

use crate::{
    http::caller::{TEAM_KEY, ask, ask_for, send, setup},
    world::{World, statuses},
};

const UNKNOWN: &str = "c0a70500-0000-4000-8000-00000000ffff";

/// A world in which a caller waits two seconds.
async fn world() -> World {
    setup().await.with_setting("PACE_FACTOR", "0.1").start().await
}

fn fault(status: u16, code: &str) -> Fault {
    Fault::error(status, code, "")
}

#[tokio::test]
async fn a_permanent_refusal_by_graph_is_502() {
    for (fault, code) in [
        (
            Fault::error(403, "Directory_QuotaExceeded", "The directory object quota limit"),
            "directoryFull",
        ),
        (fault(403, "Authorization_RequestDenied"), "forbidden"),
        (fault(401, "InvalidAuthenticationToken"), "tokenRefused"),
        (fault(418, "Teapot"), "graphRefused"),
    ] {
        let world = world().await;
        world.tenant.answer_every(Route::CreateAssignment, fault);
        let answer = world.post(&ask(&["Orders.Read"])).await;
        let problem = answer.problem(502, "graph-refused");
        assert_eq!(problem["roles"][0]["code"], code, "{problem}");
        assert_eq!(statuses(&problem), ["failed"]);
        assert!(!answer.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn a_transient_fault_is_503_with_retry_after() {
    for (fault, code) in [
        (fault(429, "TooManyRequests").retry_after("60"), "throttled"),
        (fault(503, "ServiceUnavailable"), "graphUnavailable"),
        (fault(504, "UnknownError"), "graphUnavailable"),
        (Fault::connection_closed(), "graphUnavailable"),
    ] {
        let world = world().await;
        world.tenant.answer_every(Route::CreateAssignment, fault);
        let answer = world.post(&ask(&["Orders.Read"])).await;
        let problem = answer.problem(503, "unavailable");
        assert_eq!(problem["roles"][0]["code"], code, "{problem}");
        assert_eq!(answer.header("retry-after"), "30");
    }
}

#[tokio::test]
async fn after_a_partial_write_the_list_of_roles_says_what_was_written() {
    let world = world().await;
    let model = QuotaModel::FixedWindow;
    let quota = WriteQuota { writes: 1, period: Duration::from_secs(3600), model };
    world.tenant.set_write_quota(Some(quota));
    let problem =
        world.post(&ask(&["Orders.Read", "Orders.Write"])).await.problem(503, "unavailable");
    assert_eq!(statuses(&problem), ["assigned", "failed"], "{problem}");
    assert!(problem["effectiveBy"].is_string());
}

#[tokio::test]
async fn a_call_waits_for_graph_until_the_deadline() {
    let world = world().await;
    world.tenant.set_latency(Duration::from_secs(3600));
    let answer = world.post(&ask(&["Orders.Read"])).await;
    let problem = answer.problem(503, "unavailable");
    assert!(problem["durationMs"].as_u64().unwrap() >= 2000, "{problem}");
    assert!(world.tenant_is_unchanged());
    world.tenant.set_latency(Duration::ZERO);
    world.post(&ask(&["Orders.Read"])).await.success(201);
}

#[tokio::test]
async fn a_repeated_call_finds_the_assignment_of_a_call_whose_answer_was_lost() {
    let world = world().await;
    world
        .tenant
        .answer_every(Route::CreateAssignment, fault(504, "UnknownError").after_the_effect());
    world.tenant.answer_every(Route::ListAssignments, fault(503, "ServiceUnavailable"));
    world.post(&ask(&["Orders.Read"])).await.problem(503, "unavailable");
    world.tenant.clear_faults(Route::CreateAssignment);
    world.tenant.clear_faults(Route::ListAssignments);
    let result = world.post(&ask(&["Orders.Read"])).await.success(200);
    assert_eq!(statuses(&result), ["alreadyAssigned"], "{result}");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn an_id_that_stays_unknown_is_404() {
    let world = world().await;
    let problem = world.post(&ask_for(UNKNOWN, &["Orders.Read"])).await.problem(404, "not-found");
    assert_eq!(problem["roles"][0]["code"], "principalNotFound", "{problem}");
    world.log_line("wait for the principal").await;
}

#[tokio::test]
async fn an_identity_that_not_every_replica_of_graph_knows_is_503() {
    let world = world().await;
    world.tenant.answer_every(Route::CreateAssignment, fault(404, "Request_ResourceNotFound"));
    let problem = world.post(&ask(&["Orders.Read"])).await.problem(503, "unavailable");
    assert_eq!(problem["roles"][0]["code"], "principalNotFound", "{problem}");
}

#[tokio::test]
async fn a_paused_broker_says_so_to_known_requesters_and_makes_no_look_up() {
    let world = setup().await.with_setting("BROKER_MODE", "paused").start().await;
    for answer in [
        world.post(&ask(&["Orders.Read"])).await,
        world.look(ORDERS_IDENTITY, "api://orders").await,
        send(world.call(reqwest::Method::POST, "").header("x-functions-key", TEAM_KEY)).await,
    ] {
        answer.problem(503, "paused");
        assert_eq!(answer.header("retry-after"), "30");
    }
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

#[tokio::test]
async fn without_a_valid_policy_every_call_is_denied() {
    let mut setup = setup().await;
    setup.policy = Some("{".to_owned());
    let world = setup.start().await;
    for answer in [
        world.post(&ask(&["Orders.Read"])).await,
        world.look(ORDERS_IDENTITY, "api://orders").await,
    ] {
        let problem = answer.problem(403, "denied");
        assert_eq!(problem["roles"][0]["code"], "noPolicy", "{problem}");
        assert!(!answer.text.contains("policy.json"), "{problem}");
    }
}

#[tokio::test]
async fn a_write_that_graph_commits_without_an_answer_is_unknown_and_a_repeated_call_finds_it() {
    let world = world().await;
    for lost in [fault(504, "UnknownError"), fault(500, "UnknownError"), Fault::connection_closed()]
    {
        world.tenant.answer_every(Route::CreateAssignment, lost.after_the_effect());
        world.tenant.answer_every(Route::ListAssignments, fault(503, "ServiceUnavailable"));
        let answer = world.post(&ask(&["Orders.Read"])).await;
        let problem = answer.problem(503, "unavailable");
        assert_eq!(statuses(&problem), ["unknown"], "{problem}");
        assert!(answer.headers.contains_key("retry-after"));
        let held = world.tenant.assignments_of(ORDERS_IDENTITY);
        assert_eq!(held.len(), 1);
        world.tenant.clear_faults(Route::CreateAssignment);
        world.tenant.clear_faults(Route::ListAssignments);
        let again = world.post(&ask(&["Orders.Read"])).await;
        assert_eq!(again.status, 200);
        assert_eq!(statuses(&again.json()), ["alreadyAssigned"]);
        assert!(world.tenant.revoke(&held[0].id));
    }
}
