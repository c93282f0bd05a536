//! The handler is killed at each step of a request that needs approval, and a new one starts. The request is
//! neither lost nor carried out twice.

use storage_emulator::TableOperationKind as Kind;
use tenant_emulator::{WriteKind, contoso::ORDERS_IDENTITY};

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, FINISH},
        cases::{CASES, Case, Moment, after, before, in_each_moment, world},
    },
    record::intents::{AUDIT, ENDS, INTENTS},
    world::World,
};

/// The steps of asking: the row, the event, the row of the record.
const ASKING: [Moment; 6] = [
    before(APPROVALS, Kind::Insert, 1),
    after(APPROVALS, Kind::Insert, 1),
    before(APPROVALS, Kind::Replace, 1),
    after(APPROVALS, Kind::Replace, 1),
    before(AUDIT, Kind::Insert, 1),
    after(AUDIT, Kind::Insert, 1),
];

async fn is_kept(case: Case, moment: Moment) {
    let mut world = world().await;
    let rule = moment.hold(&world);
    case.send(&world).await;
    world.kill_at(rule).await;
    let id = case.id(&world).await;
    let shown = world.shown_to(ANNA, &id).await.success(200);
    assert!(world.tenant_is_unchanged());
    let decided = case.approve(&world, &shown).await;
    assert_eq!(decided["state"], "done", "{case:?} {moment:?}: {decided}");
    case.assert_carried_out(&world, &format!("{case:?} {moment:?}")).await;
}

#[tokio::test]
async fn a_request_whose_handler_dies_while_it_asks_waits_once() {
    in_each_moment(&ASKING, async |moment| is_kept(Case::One, moment).await).await;
}

#[tokio::test]
async fn a_request_for_two_approvals_whose_handler_dies_while_it_asks_waits_once() {
    in_each_moment(&ASKING, async |moment| is_kept(Case::Two, moment).await).await;
}

#[tokio::test]
async fn a_call_whose_handler_dies_while_it_asks_waits_once() {
    in_each_moment(&ASKING, async |moment| is_kept(Case::Http, moment).await).await;
}

/// The steps of the last approval: its row, and the row of the request.
const DECIDING: [Moment; 4] = [
    before(AUDIT, Kind::Insert, 1),
    after(AUDIT, Kind::Insert, 1),
    before(APPROVALS, Kind::Replace, 1),
    after(APPROVALS, Kind::Replace, 1),
];

/// The steps of the work that follows: the end, the intent, the write, its row, the end of the request, and
/// its result and events.
const CARRYING_OUT: [Moment; 10] = [
    before(INTENTS, Kind::Upsert, 1),
    after(INTENTS, Kind::Upsert, 1),
    before(AUDIT, Kind::Insert, 2),
    after(AUDIT, Kind::Insert, 2),
    before(INTENTS, Kind::Delete, 1),
    after(INTENTS, Kind::Delete, 1),
    before(APPROVALS, Kind::Replace, 2),
    after(APPROVALS, Kind::Replace, 2),
    before(APPROVALS, Kind::Replace, 3),
    after(APPROVALS, Kind::Replace, 3),
];

/// The last approver decides, the handler dies, and the approver repeats the call.
async fn is_carried_out(case: Case, moment: Moment) {
    let mut world = world().await;
    let shown = case.waiting(&world).await;
    case.approve_but_for_the_last(&world, &shown).await;
    let rule = moment.hold(&world);
    world.begin_to_decide(ANNA, &shown, "approve");
    world.kill_at(rule).await;
    world.decide(ANNA, &shown, "approve").await.success(200);
    case.assert_carried_out(&world, &format!("{case:?} {moment:?}")).await;
    world.decide(ANNA, &shown, "approve").await.success(200);
    assert_eq!(world.accepted().len(), 1);
}

#[tokio::test]
async fn an_approval_whose_handler_dies_counts_once() {
    for case in CASES {
        in_each_moment(&DECIDING, async |moment| is_carried_out(case, moment).await).await;
    }
}

#[tokio::test]
async fn the_first_of_two_approvals_counts_once_although_its_handler_dies() {
    in_each_moment(&DECIDING, async |moment| {
        let mut world = world().await;
        let shown = Case::Two.waiting(&world).await;
        let rule = moment.hold(&world);
        world.begin_to_decide(BEN, &shown, "approve");
        world.kill_at(rule).await;
        assert!(world.tenant_is_unchanged());
        let decided = world.decide(BEN, &shown, "approve").await.success(200);
        assert_eq!(decided["state"], "pending", "{moment:?}: {decided}");
        assert_eq!(decided["decisions"].as_array().unwrap().len(), 1, "{moment:?}");
        world.decide(ANNA, &shown, "approve").await.success(200);
        Case::Two.assert_carried_out(&world, &format!("{moment:?}")).await;
    })
    .await;
}

#[tokio::test]
async fn an_approved_request_whose_handler_dies_is_carried_out_once() {
    in_each_moment(&CARRYING_OUT, async |moment| is_carried_out(Case::One, moment).await).await;
}

#[tokio::test]
async fn a_request_with_two_approvals_whose_handler_dies_is_carried_out_once() {
    in_each_moment(&CARRYING_OUT, async |moment| is_carried_out(Case::Two, moment).await).await;
}

#[tokio::test]
async fn an_approved_call_whose_handler_dies_is_carried_out_once() {
    in_each_moment(&CARRYING_OUT, async |moment| is_carried_out(Case::Http, moment).await).await;
}

#[tokio::test]
async fn the_end_of_an_approved_assignment_survives_the_death_of_its_handler() {
    for moment in [before(ENDS, Kind::Insert, 1), after(ENDS, Kind::Insert, 1)] {
        is_carried_out(Case::One, moment).await;
    }
    let mut world = world().await;
    let shown = Case::One.waiting(&world).await;
    let rule = before(ENDS, Kind::Replace, 1).hold(&world);
    world.begin_to_decide(ANNA, &shown, "approve");
    world.kill_at(rule).await;
    Case::One.assert_carried_out(&world, "the end is not bound").await;
    let result = world.approval_row().await;
    assert!(crate::record::intents::text(&result, "result").contains("endDateTime"));
    assert_eq!(world.rows_of(ENDS).await.len(), 1);
}

#[tokio::test]
async fn a_write_that_was_on_its_way_when_the_handler_died_happens_once() {
    for case in CASES {
        let mut world = world().await;
        let shown = case.waiting(&world).await;
        case.approve_but_for_the_last(&world, &shown).await;
        world.approve_up_to_the_held_write(&shown).await;
        world.host.stop_and_keep_log().await;
        world.tenant.hold_writes(false);
        world.restart_host().await;
        case.assert_carried_out(&world, &format!("{case:?}")).await;
    }
}

#[tokio::test]
async fn the_timer_that_dies_while_it_carries_a_request_out_is_followed_by_another() {
    // The first request of the timer to the row takes its turn.
    let moments = [
        before(APPROVALS, Kind::Replace, 1),
        after(APPROVALS, Kind::Replace, 1),
        before(INTENTS, Kind::Upsert, 1),
        after(INTENTS, Kind::Upsert, 1),
        before(AUDIT, Kind::Insert, 1),
        after(AUDIT, Kind::Insert, 1),
        before(APPROVALS, Kind::Replace, 2),
        after(APPROVALS, Kind::Replace, 2),
    ];
    in_each_moment(&moments, async |moment| {
        let mut world = world().await;
        let shown = Case::One.waiting(&world).await;
        let rule = after(APPROVALS, Kind::Replace, 1).hold(&world);
        world.begin_to_decide(ANNA, &shown, "approve");
        world.kill_at(rule).await;
        world.an_hour_passes().await;
        let rule = moment.hold(&world);
        world.fire(FINISH).await;
        world.kill_at(rule).await;
        Case::One.assert_carried_out(&world, &format!("{moment:?}")).await;
    })
    .await;
}

/// The steps of a denial: its row, the state, the row of the result, the end of the request.
const DENYING: [Moment; 9] = [
    before(AUDIT, Kind::Insert, 1),
    after(AUDIT, Kind::Insert, 1),
    before(APPROVALS, Kind::Replace, 1),
    after(APPROVALS, Kind::Replace, 1),
    before(AUDIT, Kind::Insert, 2),
    after(AUDIT, Kind::Insert, 2),
    before(APPROVALS, Kind::Replace, 2),
    after(APPROVALS, Kind::Replace, 2),
    before(APPROVALS, Kind::Replace, 3),
];

async fn is_denied(case: Case, moment: Moment) {
    let mut world = world().await;
    let shown = case.waiting(&world).await;
    let rule = moment.hold(&world);
    world.begin_to_decide(ANNA, &shown, "deny");
    world.kill_at(rule).await;
    world.decide(ANNA, &shown, "deny").await.success(200);
    world.finished_later().await;
    let name = format!("{case:?} {moment:?}");
    let result = world.assert_ended(("denied", &case.requester()), &name).await;
    assert_eq!(result["roles"][0]["code"], "approvalDenied", "{name}: {result}");
    world.decide(BEN, &shown, "approve").await.problem(409, "already-decided");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_denial_whose_handler_dies_is_final_and_reported_once() {
    for case in CASES {
        in_each_moment(&DENYING, async |moment| is_denied(case, moment).await).await;
    }
}

#[tokio::test]
async fn the_expiry_of_a_request_is_reported_once_even_if_the_handler_dies() {
    let moments = [
        before(APPROVALS, Kind::Replace, 1),
        after(APPROVALS, Kind::Replace, 1),
        before(AUDIT, Kind::Insert, 1),
        after(AUDIT, Kind::Insert, 1),
        before(APPROVALS, Kind::Replace, 2),
        after(APPROVALS, Kind::Replace, 2),
        before(APPROVALS, Kind::Replace, 3),
    ];
    for case in CASES {
        in_each_moment(&moments, async |moment| {
            let mut world = world().await;
            let shown = case.waiting(&world).await;
            world.approvals_expire().await;
            let rule = moment.hold(&world);
            world.fire(FINISH).await;
            world.kill_at(rule).await;
            world.finished_later().await;
            let name = format!("{case:?} {moment:?}");
            let result = world.assert_ended(("expired", &case.requester()), &name).await;
            assert_eq!(result["roles"][0]["code"], "approvalExpired", "{name}: {result}");
            world.decide(ANNA, &shown, "approve").await.problem(409, "already-decided");
            assert!(world.tenant_is_unchanged());
        })
        .await;
    }
}

/// Removes by hand the roles that the request has assigned.
fn remove_by_hand(world: &World) {
    let [held] = world.tenant.assignments_of(ORDERS_IDENTITY).try_into().unwrap();
    assert!(world.tenant.revoke(&held.id));
}

#[tokio::test]
async fn an_assignment_that_an_operator_removes_after_the_handler_died_is_not_granted_again() {
    let moments = [
        // The write is settled before it is removed, because its row is missing.
        (before(AUDIT, Kind::Insert, 2), true),
        (after(AUDIT, Kind::Insert, 2), false),
        (before(INTENTS, Kind::Delete, 1), false),
        (before(APPROVALS, Kind::Replace, 2), false),
        (after(APPROVALS, Kind::Replace, 2), false),
    ];
    for (moment, settles_before) in moments {
        let mut world = world().await;
        let shown = Case::One.waiting(&world).await;
        let rule = moment.hold(&world);
        world.begin_to_decide(ANNA, &shown, "approve");
        world.kill_at(rule).await;
        if settles_before {
            world.an_hour_passes().await;
            world.settle_all().await;
        }
        remove_by_hand(&world);
        world.finished_later().await;
        for _ in 0..2 {
            world.an_hour_passes().await;
            world.finish_approvals().await;
        }
        world.decide(ANNA, &shown, "approve").await.success(200);
        assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty(), "{moment:?}");
        let created = world.accepted().into_iter().filter(|one| one.kind == WriteKind::Created);
        assert_eq!(created.count(), 1, "{moment:?}");
        let row = world.approval_row().await;
        assert_eq!(crate::record::intents::text(&row, "state"), "done", "{moment:?}");
        let result = crate::record::intents::text(&row, "result");
        assert!(result.contains(&format!("http:{ANNA}")), "{moment:?}: {result}");
    }
}
