//! A denial and the last approval at the same time. The denial is recorded before it is counted, and the
//! approval is counted between the two. The answers, the event and the result agree.

use serde_json::{Value, json};
use storage_emulator::TableOperationKind as Kind;
use tenant_emulator::contoso::ORDERS_IDENTITY;

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN},
        cases::{Case, after, before, world},
        instances::{decide_at, other_policy},
    },
    record::intents::{AUDIT, text},
    world::World,
};

impl World {
    /// Asserts that the only request ended by Ben's denial, and that everyone was told so.
    async fn assert_denied_by_ben(&self, case: &str) {
        self.finished_later().await;
        let result = self.assert_ended(("denied", &Case::One.requester()), case).await;
        assert_eq!(result["roles"][0]["code"], "approvalDenied", "{case}: {result}");
        assert!(self.tenant_is_unchanged(), "{case}");
        let events = self.events_by_id().await;
        let is_decision = |event: &&Value| event["type"] == "AppRoleBroker.ApprovalDecided";
        let decided = events.values().find(is_decision).unwrap();
        assert_eq!(decided["data"]["approvers"], json!([format!("http:{BEN}")]), "{case}");
    }

    /// Lets Ben deny, and kills the handler after it has recorded the denial and before it counts.
    async fn ben_denies_and_the_handler_dies(&mut self, shown: &Value) {
        let rule = before(APPROVALS, Kind::Replace, 1).hold(self);
        self.begin_to_decide(BEN, shown, "deny");
        self.kill_at(rule).await;
    }
}

#[tokio::test]
async fn a_denial_that_is_counted_after_the_last_approval_ends_the_request_and_its_approver_is_told()
 {
    let world = world().await;
    let other = world.another_host().await;
    let shown = Case::One.waiting(&world).await;
    let rule = before(APPROVALS, Kind::Replace, 1).hold(&world);
    let (ben, anna) = tokio::join!(decide_at(&world.host, BEN, &shown, "deny"), async {
        rule.wait_for_hits(1).await;
        let anna = decide_at(&other, ANNA, &shown, "approve").await;
        rule.release();
        anna
    });
    for answer in [anna.success(200), ben.success(200)] {
        assert_eq!(answer["state"], "denied", "{answer:#}");
        let decisions = answer["decisions"].as_array().unwrap();
        let is_bens = |one: &&Value| one["approver"] == format!("http:{BEN}");
        let bens: Vec<_> = decisions.iter().filter(is_bens).collect();
        assert!(matches!(bens[..], [one] if one["decision"] == "deny"), "{answer:#}");
    }
    world.assert_denied_by_ben("counted late").await;
}

#[tokio::test]
async fn a_repeated_denial_ends_a_request_that_was_approved_meanwhile_and_not_carried_out() {
    let mut world = world().await;
    let shown = Case::One.waiting(&world).await;
    world.ben_denies_and_the_handler_dies(&shown).await;
    let rule = after(APPROVALS, Kind::Replace, 1).hold(&world);
    world.begin_to_decide(ANNA, &shown, "approve");
    world.kill_at(rule).await;
    // For all that is known, the handler of the approval is still writing.
    world.decide(BEN, &shown, "deny").await.problem(503, "unavailable");
    world.an_hour_passes().await;
    let denied = world.decide(BEN, &shown, "deny").await.success(200);
    assert_eq!(denied["state"], "denied", "{denied:#}");
    world.assert_denied_by_ben("repeated").await;
    world.decide(BEN, &shown, "deny").await.success(200);
    world.decide(ANNA, &shown, "approve").await.success(200);
}

#[tokio::test]
async fn a_denial_that_is_recorded_after_the_write_changes_nothing_even_if_the_handler_dies() {
    let mut world = world().await;
    // Longer time limits: the denial must be recorded late, and yet in time.
    world.restart_with_setting("PACE_FACTOR", "0.5").await;
    let other = world.another_host().await;
    let shown = Case::One.waiting(&world).await;
    let record = before(AUDIT, Kind::Insert, 1).hold(&world);
    let end = before(APPROVALS, Kind::Replace, 2).hold(&world);
    let (ben, ()) = tokio::join!(decide_at(&other, BEN, &shown, "deny"), async {
        record.wait_for_hits(1).await;
        world.begin_to_decide(ANNA, &shown, "approve");
        end.wait_for_hits(1).await;
        record.release();
        world.kill_at(end).await;
    });
    assert_eq!(ben.status, 503, "{ben:?}");
    let rows = world.rows_of(AUDIT).await;
    assert!(rows.iter().any(|row| text(row, "status") == "approvalDenied"), "{rows:#?}");
    world.an_hour_passes().await;
    let problem = world.decide(BEN, &shown, "deny").await.problem(409, "already-decided");
    assert_eq!(problem["approval"]["state"], "done", "{problem:#}");
    Case::One.assert_carried_out(&world, "denied after the write").await;
}

#[tokio::test]
async fn a_denial_of_what_the_request_meant_before_does_not_end_it() {
    let mut world = world().await;
    let shown = Case::One.waiting(&world).await;
    world.ben_denies_and_the_handler_dies(&shown).await;
    world.restart_with_policy(&other_policy()).await;
    world.decide(BEN, &shown, "deny").await.problem(409, "approval-changed");
    let id = shown["approvalId"].as_str().unwrap();
    let renewed = world.shown_to(ANNA, id).await.success(200);
    let decided = world.decide(ANNA, &renewed, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}
