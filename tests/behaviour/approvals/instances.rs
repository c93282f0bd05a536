//! Two instances of the app, and a new version of it, in the middle of an approval.

use std::process::Command;

use functions_host_emulator::FunctionsHost;
use reqwest::Method;
use serde_json::{Value, json};
use storage_emulator::TableOperationKind as Kind;

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, CHRIS, FINISH, policy_of, rules, token_of},
        cases::{CASES, Case, after, before, world},
    },
    http::caller::{Answer, send},
    record::intents::{AUDIT, INTENTS, fire_at},
    world::{TIMEOUT, World, http_client},
};

/// A person approves at an instance.
async fn approve_at(host: &FunctionsHost, person: &str, shown: &Value) -> Answer {
    decide_at(host, person, shown, "approve").await
}

/// A person decides at an instance. `decision` is `approve` or `deny`.
pub(crate) async fn decide_at(
    host: &FunctionsHost,
    person: &str,
    shown: &Value,
    decision: &str,
) -> Answer {
    let id = shown["approvalId"].as_str().unwrap();
    let url = host.http_url().join(&format!("api/app-role-approvals/{id}")).unwrap();
    let body = json!({ "decision": decision, "digest": shown["digest"] });
    let call = http_client().request(Method::POST, url).bearer_auth(token_of(person));
    send(call.json(&body)).await
}

/// Starts the timer of an instance, and waits until its run is over.
async fn finish_at(host: &FunctionsHost) {
    let before = host.invocations().len();
    fire_at(host, FINISH).await;
    host.wait_for_invocations(before + 1, TIMEOUT).await.unwrap();
}

#[tokio::test]
async fn two_approvals_at_two_instances_at_once_are_one_write() {
    let world = world().await;
    let other = world.another_host().await;
    let shown = Case::Two.waiting(&world).await;
    let (anna, ben) =
        tokio::join!(approve_at(&world.host, ANNA, &shown), approve_at(&other, BEN, &shown));
    anna.success(200);
    ben.success(200);
    Case::Two.assert_carried_out(&world, "two instances").await;
}

#[tokio::test]
async fn an_approval_that_is_counted_after_another_one_is_kept() {
    let world = world().await;
    let other = world.another_host().await;
    let shown = Case::Two.waiting(&world).await;
    // The first instance has read the row and recorded the approval, but has not counted it.
    let rule = before(APPROVALS, Kind::Replace, 1).hold(&world);
    let (anna, ben) = tokio::join!(approve_at(&world.host, ANNA, &shown), async {
        rule.wait_for_hits(1).await;
        let ben = approve_at(&other, BEN, &shown).await;
        rule.release();
        ben
    });
    assert_eq!(ben.success(200)["state"], "pending");
    assert_eq!(anna.success(200)["state"], "done");
    Case::Two.assert_carried_out(&world, "one after the other").await;
}

#[tokio::test]
async fn one_approval_too_many_is_refused_and_changes_nothing() {
    let world = world().await;
    let other = world.another_host().await;
    let shown = Case::Two.waiting(&world).await;
    approve_at(&world.host, BEN, &shown).await.success(200);
    let rule = before(APPROVALS, Kind::Replace, 1).hold(&world);
    let (chris, anna) = tokio::join!(approve_at(&world.host, CHRIS, &shown), async {
        rule.wait_for_hits(1).await;
        let anna = approve_at(&other, ANNA, &shown).await;
        rule.release();
        anna
    });
    assert_eq!(anna.success(200)["state"], "done");
    chris.problem(409, "already-decided");
    assert_eq!(world.accepted().len(), 1);
    world.finished_later().await;
    world.assert_ended(("done", &Case::Two.requester()), "one too many").await;
}

#[tokio::test]
async fn the_timers_of_two_instances_carry_a_request_out_once() {
    for case in CASES {
        let mut world = world().await;
        let shown = case.waiting(&world).await;
        case.approve_but_for_the_last(&world, &shown).await;
        let rule = after(APPROVALS, Kind::Replace, 1).hold(&world);
        world.begin_to_decide(ANNA, &shown, "approve");
        world.kill_at(rule).await;
        let other = world.another_host().await;
        world.an_hour_passes().await;
        tokio::join!(finish_at(&world.host), finish_at(&other));
        assert_eq!(world.accepted().len(), 1, "{case:?}");
        case.assert_carried_out(&world, &format!("{case:?}")).await;
    }
}

#[tokio::test]
async fn a_timer_leaves_a_request_alone_that_another_instance_carries_out() {
    for (table, kind, number) in [(INTENTS, Kind::Upsert, 1), (AUDIT, Kind::Insert, 2)] {
        let world = world().await;
        let other = world.another_host().await;
        let shown = Case::One.waiting(&world).await;
        let rule = before(table, kind, number).hold(&world);
        let (anna, ()) = tokio::join!(approve_at(&world.host, ANNA, &shown), async {
            rule.wait_for_hits(1).await;
            finish_at(&other).await;
            rule.release();
        });
        assert_eq!(anna.success(200)["state"], "done", "{table}");
        Case::One.assert_carried_out(&world, table).await;
    }
}

/// Tells the handler to stop, as the platform does.
fn stop(world: &World) {
    let process = world.host.worker_process_id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
}

#[tokio::test]
async fn a_handler_that_is_told_to_stop_finishes_what_it_carries_out() {
    for case in CASES {
        let mut world = world().await;
        let shown = case.waiting(&world).await;
        case.approve_but_for_the_last(&world, &shown).await;
        world.approve_up_to_the_held_write(&shown).await;
        stop(&world);
        world.tenant.hold_writes(false);
        world.log_line("handler.stopped").await;
        world.host.stop_and_keep_log().await;
        world.restart_host().await;
        case.assert_carried_out(&world, &format!("{case:?}")).await;
    }
}

/// A policy that means the same for the requests of these tests, in another file.
pub(crate) fn other_policy() -> String {
    policy_of(&rules()).replacen("\"version\"", " \"version\"", 1)
}

#[tokio::test]
async fn a_new_policy_asks_the_approvers_anew_and_the_request_is_carried_out_once() {
    for case in CASES {
        let mut world = world().await;
        let shown = case.waiting(&world).await;
        world.restart_with_policy(&other_policy()).await;
        let problem = world.decide(ANNA, &shown, "approve").await.problem(409, "approval-changed");
        let again = &problem["approval"];
        assert_eq!(again["approvalId"], shown["approvalId"]);
        assert_ne!(again["digest"], shown["digest"]);
        assert!(world.tenant_is_unchanged());
        case.approve(&world, again).await;
        let row = world.finished_later().await;
        assert_eq!(crate::record::intents::text(&row, "state"), "done", "{case:?}");
        assert_eq!(world.accepted().len(), 1, "{case:?}");
    }
}

#[tokio::test]
async fn what_was_written_under_an_old_policy_is_answered_under_a_new_one() {
    let without_approval = {
        let mut rules = rules();
        rules.iter_mut().for_each(|rule| drop(rule.as_object_mut().unwrap().remove("approval")));
        policy_of(&rules)
    };
    let denies = policy_of(&rules()[2..]);
    for policy in [other_policy(), without_approval, denies] {
        for case in CASES {
            let mut world = world().await;
            let shown = case.waiting(&world).await;
            case.approve_but_for_the_last(&world, &shown).await;
            let rule = before(APPROVALS, Kind::Replace, 2).hold(&world);
            world.begin_to_decide(ANNA, &shown, "approve");
            rule.wait_for_hits(1).await;
            world.host.stop_and_keep_log().await;
            rule.discard();
            world.restart_with_policy(&policy).await;
            world.finished_later().await;
            let result =
                world.assert_ended(("done", &case.requester()), &format!("{case:?}")).await;
            assert_eq!(result["roles"][0]["status"], "alreadyAssigned", "{case:?}: {result}");
            assert_eq!(world.accepted().len(), 1, "{case:?}");
        }
    }
}

#[tokio::test]
async fn a_message_that_comes_back_under_another_policy_still_waits() {
    let denies = policy_of(&rules()[2..]);
    let mut world = world().await;
    let rule = before(AUDIT, Kind::Insert, 1).hold(&world);
    Case::One.send(&world).await;
    rule.wait_for_hits(1).await;
    world.host.stop_and_keep_log().await;
    rule.discard();
    world.restart_with_policy(&denies).await;
    Case::One.id(&world).await;
    world.restart_with_policy(&policy_of(&rules())).await;
    let id = world.approval_row().await.partition_key;
    let shown = world.shown_to(ANNA, &id).await.success(200);
    Case::One.approve(&world, &shown).await;
    Case::One.assert_carried_out(&world, "the policy came back").await;
}
