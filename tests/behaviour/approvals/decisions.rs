//! Decisions over HTTP, and what they answer.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_IDENTITY, ORDERS_WRITE},
};

use crate::{
    approvals::{
        approval_world::{ANNA, BEN},
        approver::{STRANGER, decision, id_of, policy, setup_with_approvers, world},
    },
    http::caller::TEAM,
    world::{World, statuses},
};

/// The ids of the roles that the identity holds.
fn held(world: &World) -> Vec<String> {
    let assignments = world.tenant.assignments_of(ORDERS_IDENTITY);
    assignments.into_iter().map(|one| one.app_role_id).collect()
}

#[tokio::test]
async fn a_digest_that_the_approver_was_not_shown_decides_nothing() {
    let world = world().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    for word in ["approve", "deny"] {
        let guessed = decision(word, &json!({ "digest": "0".repeat(64) }));
        let problem = world.decide_as(ANNA, id, &guessed).await.problem(409, "approval-changed");
        assert_eq!(problem["approval"], waits);
    }
    assert_eq!(world.shown_to(ANNA, id).await.success(200), waits);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_change_of_the_policy_makes_approvers_decide_again() {
    let mut world = world().await;
    let before = world.waiting().await;
    let id = id_of(&before).to_owned();
    let mut changed = policy(1);
    changed["allow"][0]["description"] = json!("what orders workloads read");
    world.restart_with_policy(&changed.to_string()).await;
    let answer = world.decide_as(ANNA, &id, &decision("approve", &before)).await;
    let problem = answer.problem(409, "approval-changed");
    let now = &problem["approval"];
    assert_ne!(now["digest"], before["digest"]);
    assert_ne!(now["subject"]["policySha256"], before["subject"]["policySha256"]);
    assert!(world.tenant_is_unchanged());
    let done = world.decide_as(ANNA, &id, &decision("approve", now)).await.success(200);
    assert_eq!(done["state"], "done");
    assert_eq!(held(&world), [ORDERS_WRITE]);
}

#[tokio::test]
async fn who_has_approved_cannot_deny_afterwards_and_a_repetition_counts_once() {
    let world = setup_with_approvers(2).await.start().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    for _ in 0..2 {
        let counted = world.decide_as(ANNA, id, &decision("approve", &waits)).await.success(200);
        assert_eq!(counted["state"], "pending");
        assert_eq!(counted["decisions"].as_array().unwrap().len(), 1, "{counted}");
        assert_eq!(counted["decisions"][0]["approver"], format!("http:{ANNA}"));
    }
    let problem =
        world.decide_as(ANNA, id, &decision("deny", &waits)).await.problem(409, "already-decided");
    assert_eq!(problem["approval"]["state"], "pending");
    assert!(world.tenant_is_unchanged());
    let done = world.decide_as(BEN, id, &decision("approve", &waits)).await.success(200);
    assert_eq!(done["state"], "done");
    assert_eq!(held(&world), [ORDERS_WRITE]);
}

#[tokio::test]
async fn one_denial_is_final() {
    let world = setup_with_approvers(2).await.start().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    let mut denial = decision("deny", &waits);
    denial["reason"] = json!("use the staging API");
    let denied = world.decide_as(ANNA, id, &denial).await.success(200);
    assert_eq!(denied["state"], "denied");
    assert_eq!(statuses(&denied["result"]), ["denied"]);
    let problem = world
        .decide_as(BEN, id, &decision("approve", &waits))
        .await
        .problem(409, "already-decided");
    assert_eq!(problem["approval"]["state"], "denied");
    let result = world.became_of(id).await.success(200);
    assert_eq!(
        (statuses(&result), &result["roles"][0]["code"]),
        (vec!["denied"], &json!("approvalDenied"))
    );
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_approver_sees_what_waits_and_what_the_digest_covers_and_the_approval_carries_it_out() {
    let world = world().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    assert_eq!(world.waiting_for(ANNA).await, std::slice::from_ref(&waits));
    assert_eq!(world.waiting_for(STRANGER).await, Vec::<Value>::new());
    let subject = &waits["subject"];
    assert_eq!(subject["requester"], format!("key:{TEAM}"));
    assert_eq!(subject["principalId"], ORDERS_IDENTITY);
    assert_eq!(subject["roles"][0]["id"], ORDERS_WRITE);
    assert_eq!(waits["roles"][0]["needed"], 1);
    let done = world.decide_as(ANNA, id, &decision("approve", &waits)).await.success(200);
    assert_eq!((&done["state"], &done["digest"]), (&json!("done"), &waits["digest"]));
    assert_eq!(statuses(&done["result"]), ["assigned"]);
    assert_eq!(done["result"]["roles"][0]["approvedBy"], format!("http:{ANNA}"));
    assert_eq!(held(&world), [ORDERS_WRITE]);
    assert_eq!(world.waiting_for(ANNA).await, Vec::<Value>::new());
    let again = world.decide_as(ANNA, id, &decision("approve", &waits)).await.success(200);
    assert_eq!(again["state"], "done");
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
}

#[tokio::test]
async fn a_paused_broker_takes_no_decision_and_shows_what_waits() {
    let mut world = world().await;
    let waits = world.waiting().await;
    world.restart_with_setting("BROKER_MODE", "paused").await;
    let answer = world.decide_as(ANNA, id_of(&waits), &decision("approve", &waits)).await;
    answer.problem(503, "paused");
    assert_eq!(world.waiting_for(ANNA).await, std::slice::from_ref(&waits));
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_approver_is_not_told_that_the_broker_is_paused_while_microsoft_graph_is_away() {
    let setup = setup_with_approvers(1).await.with_setting("PACE_FACTOR", "0.1");
    let world = setup.start().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    for route in [Route::ReadServicePrincipal, Route::ListServicePrincipals] {
        world.tenant.answer_every(route, Fault::error(503, "serviceNotAvailable", ""));
    }
    let answer = world.decide_as(ANNA, id, &decision("approve", &waits)).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "30");
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.shown_to(ANNA, id).await.success(200)["decisions"], json!([]));
}
