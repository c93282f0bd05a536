//! Outages of what approvals need: tables, Microsoft Graph, queues, the policy, or the permission to write.

use futures_util::future::join_all;
use serde_json::Value;
use storage_emulator::{TableFault, TableOperationKind as Kind, TableRule, Trouble};
use tenant_emulator::{Fault, Route};
use time::Duration;

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, FINISH, policy_of, rules, setup, sync_request},
        cases::{self, CASES, Case, after},
    },
    http::caller::TEAM_KEY,
    record::{
        intents::{AUDIT, INTENTS, text},
        table_faults::in_every_way,
    },
    world::{Setup, World, role},
};

/// A world whose message is not given up during an outage.
async fn world() -> World {
    patient(setup().await).start().await
}

fn patient(setup: Setup) -> Setup {
    setup.with_deliveries(1000)
}

/// How often work is tried during an outage.
const TRIES: usize = 3;

#[tokio::test]
async fn without_its_row_a_request_gets_no_answer_and_waits_once_the_table_is_back() {
    in_every_way(async |fault| {
        let world = world().await;
        let away = world.tables.add(TableRule::new(fault).table(APPROVALS));
        Case::One.send(&world).await;
        for number in 1..=TRIES {
            world.host.wait_for_invocations(number, crate::world::TIMEOUT).await.unwrap();
        }
        assert!(world.messages(&world.results).await.is_empty(), "{fault:?}");
        assert!(world.rows_of(AUDIT).await.is_empty(), "{fault:?}");
        away.discard();
        let id = Case::One.id(&world).await;
        let shown = world.shown_to(ANNA, &id).await.success(200);
        assert!(world.tenant_is_unchanged());
        Case::One.approve(&world, &shown).await;
        Case::One.assert_carried_out(&world, &format!("{fault:?}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_request_whose_row_cannot_be_stored_on_its_last_delivery_is_kept_with_the_reason() {
    let world = setup().await.with_deliveries(1).start().await;
    let refused = TableFault::Error { status: 503, code: "ServerBusy" };
    let away = world.tables.add(TableRule::new(refused).table(APPROVALS));
    let result = world.result_of(&sync_request().to_string()).await;
    assert_eq!(role(&result)["status"], "failed", "{result}");
    assert_eq!(role(&result)["code"], "recordUnavailable");
    let failed = world.wait_for_messages(&world.failed).await.remove(0);
    assert!(failed["reason"].as_str().unwrap().contains("record"), "{failed}");
    away.discard();
    assert!(world.waiting_for(ANNA).await.is_empty());
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_call_gets_no_answer_without_its_row() {
    in_every_way(async |fault| {
        join_all([APPROVALS, AUDIT].map(async |table| {
            let world = world().await;
            let away = world.tables.add(TableRule::new(fault).table(table));
            for _ in 0..2 {
                let answer = world.post(&sync_request()).await;
                assert_eq!(answer.status, 503, "{fault:?} {table} {answer:?}");
                answer.problem(503, "record-unavailable");
            }
            away.discard();
            let shown = Case::Http.waiting(&world).await;
            Case::Http.approve(&world, &shown).await;
            Case::Http.assert_carried_out(&world, &format!("{fault:?} {table}")).await;
        }))
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_approver_is_told_that_the_record_is_away_and_may_repeat() {
    in_every_way(async |fault| {
        let steps = [(APPROVALS, Kind::Replace), (AUDIT, Kind::Insert)];
        join_all(steps.map(async |(table, kind)| {
            let world = world().await;
            let shown = Case::Two.waiting(&world).await;
            Case::Two.approve_but_for_the_last(&world, &shown).await;
            let away = world.tables.add(TableRule::new(fault).table(table).kind(kind));
            for _ in 0..2 {
                let answer = world.decide(ANNA, &shown, "approve").await;
                // A decision counts even if its answer was lost, and cannot be taken back.
                if !(fault == TableFault::AnswerLost && answer.status == 200) {
                    answer.problem(503, "record-unavailable");
                }
            }
            assert!(world.tenant_is_unchanged(), "{fault:?} {table}");
            away.discard();
            world.decide(ANNA, &shown, "approve").await.success(200);
            Case::Two.assert_carried_out(&world, &format!("{fault:?} {table}")).await;
        }))
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_approved_request_waits_for_the_tables_that_it_is_carried_out_with() {
    in_every_way(async |fault| {
        let steps =
            [(INTENTS, Kind::Upsert, 1), (AUDIT, Kind::Insert, 2), (APPROVALS, Kind::Replace, 2)];
        join_all(steps.map(async |(table, kind, number)| {
            let world = world().await;
            let shown = Case::One.waiting(&world).await;
            let rule = TableRule::new(fault).table(table).kind(kind).from(number);
            let away = world.tables.add(rule);
            let decided = world.decide(ANNA, &shown, "approve").await.success(200);
            let is_done = decided["state"] == "done";
            let case = format!("{fault:?} {table}: {decided}");
            assert!(!is_done || fault == TableFault::AnswerLost, "{case}");
            for _ in 0..2 {
                world.an_hour_passes().await;
                world.finish_approvals().await;
            }
            away.discard();
            Case::One.assert_carried_out(&world, &case).await;
        }))
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_timer_says_that_the_table_of_approvals_cannot_be_read() {
    let mut world = world().await;
    let shown = Case::One.waiting(&world).await;
    // Shorter time limits, because each try takes all of its time.
    world.restart_with_setting("PACE_FACTOR", "0.05").await;
    let away = world.tables.add(TableRule::new(TableFault::ConnectionClosed).table(APPROVALS));
    world.finish_approvals().await;
    world.event("approvals.failed").await;
    world.decide(ANNA, &shown, "approve").await.problem(503, "record-unavailable");
    away.discard();
    world.decide(ANNA, &shown, "approve").await.success(200);
    Case::One.assert_carried_out(&world, "the table was away").await;
}

/// Lets an approver approve, while Microsoft Graph cannot carry it out.
async fn approved_without_graph(world: &World, case: Case, fault: &Fault) -> Value {
    let shown = case.waiting(world).await;
    case.approve_but_for_the_last(world, &shown).await;
    world.tenant.answer_every(Route::CreateAssignment, fault.clone());
    let decided = world.decide(ANNA, &shown, "approve").await.success(200);
    assert_eq!(decided["state"], "approved", "{decided}");
    decided
}

async fn is_late_and_then_carried_out(case: Case, fault: &Fault) {
    let mut world = world().await;
    let shown = approved_without_graph(&world, case, fault).await;
    // Shorter time limits, because each try takes all of its time.
    world.restart_with_setting("PACE_FACTOR", "0.05").await;
    for _ in 0..2 {
        world.an_hour_passes().await;
        world.run_settling().await;
        world.finish_approvals().await;
    }
    let late = world.event("approval.late").await;
    assert_eq!(late["approval_id"], shown["approvalId"], "{late}");
    assert_eq!(late["level"], "ERROR", "{late}");
    world.tenant.clear_faults(Route::CreateAssignment);
    world.restart_with_setting("PACE_FACTOR", "0.2").await;
    case.assert_carried_out(&world, &format!("{fault:?} {case:?}")).await;
}

#[tokio::test]
async fn an_approved_request_is_late_while_graph_is_away_and_carried_out_once_it_is_back() {
    let busy = Fault::error(503, "serviceNotAvailable", "busy");
    let throttled = Fault::error(429, "tooManyRequests", "slow down").retry_after("120");
    for fault in [busy, throttled] {
        join_all(CASES.map(|case| is_late_and_then_carried_out(case, &fault))).await;
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_made_once() {
    for case in CASES {
        let world = world().await;
        let shown = case.waiting(&world).await;
        case.approve_but_for_the_last(&world, &shown).await;
        let lost = Fault::connection_closed().after_the_effect();
        world.tenant.answer_every(Route::CreateAssignment, lost);
        world.decide(ANNA, &shown, "approve").await.success(200);
        world.tenant.clear_faults(Route::CreateAssignment);
        case.assert_carried_out(&world, &format!("{case:?}")).await;
    }
}

#[tokio::test]
async fn an_approver_repeats_while_graph_cannot_be_read() {
    let world = world().await;
    let shown = Case::One.waiting(&world).await;
    let away = Fault::error(503, "serviceNotAvailable", "busy");
    world.tenant.answer_every(Route::ReadServicePrincipal, away.clone());
    world.tenant.answer_every(Route::ListServicePrincipals, away);
    world.decide(ANNA, &shown, "approve").await.problem(503, "unavailable");
    world.tenant.clear_faults(Route::ReadServicePrincipal);
    world.tenant.clear_faults(Route::ListServicePrincipals);
    assert_eq!(world.waiting_for(ANNA).await.len(), 1);
    world.decide(ANNA, &shown, "approve").await.success(200);
    Case::One.assert_carried_out(&world, "graph was away").await;
}

/// A request that was approved but whose handler died before carrying it out. No handler runs.
async fn approved(case: Case) -> World {
    let mut world = cases::world().await;
    let shown = case.waiting(&world).await;
    case.approve_but_for_the_last(&world, &shown).await;
    let rule = after(APPROVALS, Kind::Replace, 1).hold(&world);
    world.begin_to_decide(ANNA, &shown, "approve");
    rule.wait_for_hits(1).await;
    world.host.stop_and_keep_log().await;
    rule.discard();
    world
}

#[tokio::test]
async fn an_approval_that_could_not_be_used_for_a_day_is_not_used_any_more() {
    for case in CASES {
        let mut world = approved(case).await;
        world.time_passes(Duration::DAY).await;
        world.restart_host().await;
        world.finished_later().await;
        let requester = case.requester();
        let result = world.assert_ended(("refused", &requester), &format!("{case:?}")).await;
        assert_eq!(result["roles"][0]["status"], "expired", "{result}");
        assert_eq!(result["roles"][0]["code"], "approvalExpired", "{result}");
        assert!(world.tenant_is_unchanged(), "{case:?}");
    }
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_once_the_queues_are_back() {
    for case in CASES {
        let mut setup = patient(setup().await);
        setup.with_proxy = true;
        let world = setup.start().await;
        let shown = case.waiting(&world).await;
        case.approve_but_for_the_last(&world, &shown).await;
        world.proxy.set_trouble(Some(Trouble { refuse: 1.0, reset: 1.0 }));
        let decided = world.decide(ANNA, &shown, "approve").await.success(200);
        assert_eq!(decided["state"], "done", "{decided}");
        world.event("event.not_sent").await;
        world.fire(FINISH).await;
        world.proxy.set_trouble(None);
        case.assert_carried_out(&world, &format!("{case:?}")).await;
    }
}

#[tokio::test]
async fn a_request_waits_although_its_event_cannot_be_sent() {
    let mut setup = patient(setup().await);
    setup.with_proxy = true;
    let world = setup.start().await;
    world.proxy.set_trouble(Some(Trouble { refuse: 1.0, reset: 1.0 }));
    let shown = Case::Http.waiting(&world).await;
    assert!(text(&world.approval_row().await, "unsentEvents").contains("ApprovalRequested"));
    world.proxy.set_trouble(None);
    Case::Http.approve(&world, &shown).await;
    Case::Http.assert_carried_out(&world, "the event was late").await;
}

#[tokio::test]
async fn nothing_that_waits_is_refused_because_the_policy_cannot_be_read() {
    for case in CASES {
        let mut world = world().await;
        let shown = case.waiting(&world).await;
        case.approve_but_for_the_last(&world, &shown).await;
        world.restart_with_policy("no policy").await;
        world.decide(ANNA, &shown, "approve").await.problem(503, "unavailable");
        world
            .shown_to(ANNA, shown["approvalId"].as_str().unwrap())
            .await
            .problem(503, "unavailable");
        world.an_hour_passes().await;
        world.finish_approvals().await;
        assert_eq!(text(&world.approval_row().await, "state"), "pending", "{case:?}");
        world.restart_with_policy(&policy_of(&rules())).await;
        world.decide(ANNA, &shown, "approve").await.success(200);
        case.assert_carried_out(&world, &format!("{case:?}")).await;
    }
}

async fn waits_for_a_setting((name, value): (&str, &str), case: Case) {
    let mut world = approved(case).await;
    let options = &world.options().environment;
    let before = options.iter().rev().find(|(setting, _)| setting == name);
    let before = before.map_or("enforce".to_owned(), |(_, value)| value.clone());
    world.restart_with_setting(name, value).await;
    for _ in 0..2 {
        world.an_hour_passes().await;
        world.finish_approvals().await;
    }
    let row = world.approval_row().await;
    assert_eq!(text(&row, "state"), "approved", "{name} {value} {case:?}");
    assert!(world.tenant_is_unchanged(), "{name} {value} {case:?}");
    world.event("approval.late").await;
    world.restart_with_setting(name, &before).await;
    case.assert_carried_out(&world, &format!("{name} {value} {case:?}")).await;
}

#[tokio::test]
async fn an_approved_request_waits_until_the_policy_can_be_read_and_the_broker_may_write() {
    for setting in
        [("POLICY_FILE", "/absent"), ("BROKER_MODE", "paused"), ("BROKER_MODE", "report")]
    {
        join_all(CASES.map(|case| waits_for_a_setting(setting, case))).await;
    }
}

#[tokio::test]
async fn a_paused_broker_takes_no_decision() {
    let mut world = world().await;
    let shown = Case::One.waiting(&world).await;
    world.restart_with_setting("BROKER_MODE", "paused").await;
    world.decide(ANNA, &shown, "approve").await.problem(503, "paused");
    assert!(world.tenant_is_unchanged());
    world.restart_with_setting("BROKER_MODE", "enforce").await;
    world.decide(ANNA, &shown, "approve").await.success(200);
    Case::One.assert_carried_out(&world, "paused").await;
}

#[tokio::test]
async fn a_call_that_is_repeated_while_it_is_carried_out_does_not_ask_again() {
    let world = world().await;
    let busy = Fault::error(503, "serviceNotAvailable", "busy");
    let decided = approved_without_graph(&world, Case::Http, &busy).await;
    let call = world.call(reqwest::Method::POST, "").header("x-functions-key", TEAM_KEY);
    let repeated = crate::http::caller::send(call.json(&sync_request())).await.success(202);
    assert_eq!(repeated["approvalId"], decided["approvalId"], "{repeated}");
    world.tenant.clear_faults(Route::CreateAssignment);
    Case::Http.assert_carried_out(&world, "repeated").await;
}
