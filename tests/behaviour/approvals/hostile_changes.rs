//! Changes of the policy while a request waits, and after it was approved.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{BILLING_FUNCTION, ORDERS_API_APP_ID},
};
use time::Duration;

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, CHRIS, policy_of, rules, setup, sync_request},
        hostile_world::{set_time, write_request_named},
    },
    record::intents::text,
    world::World,
};

/// A change of a policy: its name, the change, and the result.
type Change = (&'static str, fn(&mut Value), &'static str);

/// The rule for writers, which needs two approvals.
fn writers(policy: &mut Value) -> &mut Value {
    &mut policy["allow"][1]
}

/// The rule for privileged roles, which needs one approval.
fn sync(policy: &mut Value) -> &mut Value {
    &mut policy["allow"][0]
}

fn set_approvers(rule: &mut Value, persons: &[&str]) {
    rule["approval"]["by"] = persons.iter().map(|id| json!(format!("http:{id}"))).collect();
}

/// Changes between the first approval and the second, with the problem in the answer to the second
/// approver.
fn between_two_approvals() -> Vec<Change> {
    vec![
        (
            "Ben is no approver",
            |policy| set_approvers(writers(policy), &[ANNA, CHRIS]),
            "not-found",
        ),
        (
            "Anna is no approver",
            |policy| set_approvers(writers(policy), &[BEN, CHRIS]),
            "approval-changed",
        ),
        (
            "three must approve",
            |policy| writers(policy)["approval"]["count"] = json!(3),
            "approval-changed",
        ),
        (
            "one must approve",
            |policy| writers(policy)["approval"]["count"] = json!(1),
            "approval-changed",
        ),
        (
            "less time",
            |policy| writers(policy)["approval"]["within"] = json!("PT5M"),
            "approval-changed",
        ),
        ("a limit", |policy| writers(policy)["maxDuration"] = json!("PT8H"), "approval-changed"),
    ]
}

/// The same, for changes after which this approver can no longer complete the request.
fn without_a_second_approval() -> Vec<Change> {
    vec![
        (
            "the rule is removed",
            |policy| {
                policy["allow"].as_array_mut().unwrap().remove(1);
            },
            "not-found",
        ),
        (
            "the rule has another name",
            |policy| writers(policy)["name"] = json!("writers"),
            "not-found",
        ),
        (
            "the rule has expired",
            |policy| writers(policy)["expires"] = json!("2020-01-01"),
            "not-found",
        ),
        (
            "another role",
            |policy| writers(policy)["roles"] = json!(["Orders.Archive"]),
            "already-decided",
        ),
        (
            "another action",
            |policy| writers(policy)["actions"] = json!(["revoke"]),
            "already-decided",
        ),
        (
            "another principal",
            |policy| writers(policy)["principals"] = json!([BILLING_FUNCTION]),
            "already-decided",
        ),
        (
            "another requester",
            |policy| writers(policy)["requesters"] = json!([format!("http:{CHRIS}")]),
            "already-decided",
        ),
        (
            "a protected API",
            |policy| policy["protected"] = json!([ORDERS_API_APP_ID]),
            "already-decided",
        ),
    ]
}

/// Changes between the last approval and the write, with the state in which the request remains.
fn before_the_write() -> Vec<Change> {
    vec![
        ("Anna is no approver", |policy| set_approvers(sync(policy), &[BEN]), "pending"),
        ("two must approve", |policy| sync(policy)["approval"]["count"] = json!(2), "pending"),
        ("less time", |policy| sync(policy)["maxDuration"] = json!("PT1H"), "pending"),
        ("the rule has another name", |policy| sync(policy)["name"] = json!("sync"), "pending"),
        (
            "the rule is removed",
            |policy| {
                policy["allow"].as_array_mut().unwrap().remove(0);
            },
            "refused",
        ),
        ("the rule has expired", |policy| sync(policy)["expires"] = json!("2020-01-01"), "refused"),
        (
            "another role",
            |policy| sync(policy)["roles"] = json!(["Application.ReadWrite.All"]),
            "refused",
        ),
    ]
}

/// The policy of tests with a change.
fn changed(change: fn(&mut Value)) -> String {
    let mut policy: Value = serde_json::from_str(&policy_of(&rules())).unwrap();
    change(&mut policy);
    policy.to_string()
}

#[tokio::test]
async fn an_approval_of_another_policy_does_not_complete_one_of_this_policy() {
    let mut world = setup().await.start().await;
    for (name, change, problem) in
        between_two_approvals().into_iter().chain(without_a_second_approval())
    {
        let shown = world.waiting_request(&write_request_named(name)).await;
        world.decide(ANNA, &shown, "approve").await.success(200);
        world.restart_with_policy(&changed(change)).await;
        let status = if problem == "not-found" { 404 } else { 409 };
        let answer = world.decide(BEN, &shown, "approve").await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        let answer = answer.problem(status, problem);
        world.assert_none_granted(name).await;
        let row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
        let is_allowed = problem != "already-decided"
            && !["the rule is removed", "the rule has expired"].contains(&name);
        let state = if is_allowed { "pending" } else { "refused" };
        assert_eq!(text(&row, "state"), state, "{name}");
        if problem == "approval-changed" {
            assert_ne!(answer["approval"]["digest"], shown["digest"], "{name}");
            assert_eq!(answer["approval"]["decisions"], json!([]), "{name}");
        }
        world.restart_with_policy(&policy_of(&rules())).await;
    }
}

#[tokio::test]
async fn an_approver_whose_rule_was_changed_approves_anew() {
    let mut world = setup().await.start().await;
    let shown = world.waiting_request(&write_request_named("one of one")).await;
    world.decide(ANNA, &shown, "approve").await.success(200);
    let only_anna = changed(|policy| {
        set_approvers(writers(policy), &[ANNA]);
        writers(policy)["approval"]["count"] = json!(1);
    });
    world.restart_with_policy(&only_anna).await;
    let answer = world.decide(ANNA, &shown, "approve").await;
    let renewed = answer.problem(409, "approval-changed")["approval"].clone();
    assert!(world.tenant_is_unchanged());
    let decided = world.decide(ANNA, &renewed, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
}

impl World {
    /// A request with all approvals that it needs, which could not be written yet. No invocation works on it.
    async fn approved_and_held_back(&self, name: &str) -> Value {
        let mut request = sync_request();
        request["requestId"] = json!(name.replace(' ', "-"));
        let shown = self.waiting_request(&request).await;
        self.tenant.answer_every(Route::ListAssignments, Fault::error(503, "", ""));
        let decided = self.decide(ANNA, &shown, "approve").await.success(200);
        assert_eq!(decided["state"], "approved", "{name}: {decided:#}");
        let mut row = self.row_of(shown["approvalId"].as_str().unwrap()).await;
        set_time(&mut row, "carryOutUntil", Duration::hours(-1));
        self.forge(APPROVALS, &row).await;
        self.tenant.clear_faults(Route::ListAssignments);
        shown
    }
}

#[tokio::test]
async fn an_approved_request_is_judged_by_the_policy_at_the_time_of_its_write() {
    let mut world = setup().await.start().await;
    for (name, change, state) in before_the_write() {
        let shown = world.approved_and_held_back(name).await;
        world.restart_with_policy(&changed(change)).await;
        world.assert_none_granted(name).await;
        let row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
        assert_eq!(text(&row, "state"), state, "{name}: {row:#?}");
        world.restart_with_policy(&policy_of(&rules())).await;
    }
}

#[tokio::test]
async fn an_approved_request_is_not_carried_out_in_other_modes_and_not_lost() {
    let mut world = setup().await.start().await;
    let shown = world.approved_and_held_back("modes").await;
    for mode in ["paused", "report"] {
        world.restart_with_setting("BROKER_MODE", mode).await;
        world.assert_none_granted(mode).await;
        let mut row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
        assert_eq!(text(&row, "state"), "approved", "{mode}");
        set_time(&mut row, "carryOutUntil", Duration::hours(-1));
        world.forge(APPROVALS, &row).await;
    }
    world.restart_with_setting("BROKER_MODE", "enforce").await;
    world.run_timer(crate::approvals::approval_world::FINISH).await;
    let row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
    assert_eq!(text(&row, "state"), "done");
}

#[tokio::test]
async fn a_paused_broker_takes_no_decision() {
    let mut world = setup().await.start().await;
    let shown = world.waiting_request(&write_request_named("paused")).await;
    world.restart_with_setting("BROKER_MODE", "paused").await;
    for person in [ANNA, BEN] {
        world.decide(person, &shown, "approve").await.problem(503, "paused");
    }
    world.assert_none_granted("paused").await;
}
