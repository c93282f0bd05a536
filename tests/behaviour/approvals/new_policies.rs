//! A new policy while requests wait.

use reqwest::Method;
use serde_json::{Value, json};
use tenant_emulator::contoso::ORDERS_IDENTITY;

use crate::{
    approvals::approval_world::{
        ANNA, DANA, FINISH, policy_of, rules, setup, sync_request, token_of, write_request,
    },
    http::caller::{TEAM_KEY, send},
    world::{World, role, statuses},
};

/// Deploys the policy with a change, and runs the timer.
async fn deploy(world: &mut World, change: impl FnOnce(&mut Vec<Value>)) {
    let mut changed = rules();
    change(&mut changed);
    world.restart_with_policy(&policy_of(&changed)).await;
    world.run_timer(FINISH).await;
}

#[tokio::test]
async fn the_timer_asks_the_approvers_anew_under_a_new_policy() {
    let mut world = setup().await.start().await;
    let before = world.waiting_request(&write_request()).await;
    world.decide(ANNA, &before, "approve").await.success(200);
    deploy(&mut world, |rules| rules[1]["approval"]["count"] = json!(1)).await;
    let after = world.waiting_for(ANNA).await.remove(0);
    assert_eq!(after["approvalId"], before["approvalId"]);
    assert_ne!(after["digest"], before["digest"]);
    assert_eq!(after["decisions"], json!([]));
    assert!(world.tenant_is_unchanged());
    let decided = world.decide(ANNA, &after, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
}

#[tokio::test]
async fn a_request_that_the_new_policy_denies_ends_with_a_result() {
    let mut world = setup().await.start().await;
    world.waiting_request(&sync_request()).await;
    deploy(&mut world, |rules| rules[0]["roles"] = json!(["Application.ReadWrite.All"])).await;
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["denied"], "{result}");
    assert_eq!(role(&result)["code"], "noRuleForRole");
    assert!(world.waiting_for(ANNA).await.is_empty());
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_request_that_needs_no_approval_any_more_is_carried_out() {
    let mut world = setup().await.start().await;
    let shown = world.waiting_request(&write_request()).await;
    world.decide(ANNA, &shown, "approve").await.success(200);
    deploy(&mut world, |rules| drop(rules[1].as_object_mut().unwrap().remove("approval"))).await;
    world.run_timer(FINISH).await;
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["assigned"], "{result}");
    assert_eq!(role(&result)["approvedBy"], "policy");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn a_request_that_too_few_may_approve_is_denied_at_once() {
    let mut only_dana = rules();
    only_dana[0]["approval"]["by"] = json!([format!("http:{DANA}")]);
    let mut setup = setup().await;
    setup.policy = Some(policy_of(&only_dana));
    let world = setup.start().await;
    let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
    let call = call.bearer_auth(token_of(DANA)).json(&sync_request());
    let problem = send(call).await.problem(403, "denied");
    assert_eq!(problem["roles"][0]["code"], "noApprover", "{problem}");
    assert!(problem.get("approvalId").is_none(), "{problem}");
    assert!(world.waiting_for(DANA).await.is_empty());
    assert!(world.tenant_is_unchanged());
}
