//! A removal is claimed by at most one row, and a removal by hand by none.

use std::time::Duration;

use storage_emulator::{TableFault, TableOperationKind, TableRule};
use tenant_emulator::{Fault, Route, contoso::ORDERS_IDENTITY};

use crate::{
    ends::end_world::{END, read_for, revoke, world},
    http::caller::setup as http_setup,
    record::intents::{AUDIT, INTENTS, text},
    world::{Setup, TIMEOUT, World, statuses},
};

/// Answers to a removal that do not tell whether it happened. It did not.
fn lost() -> [Fault; 3] {
    [
        Fault::error(500, "UnknownError", ""),
        Fault::error(504, "UnknownError", ""),
        Fault::connection_closed(),
    ]
}

/// An assignment with an end that has come. It was removed by hand.
async fn removed_by_hand_before_its_end() -> World {
    let world = world().await;
    world.result_of(&read_for(Some(8))).await;
    world.remove_by_hand();
    world.let_ends_pass().await;
    world
}

/// An assignment that was removed by hand, and that lists still show.
async fn removed_by_hand_and_still_listed() -> World {
    let world = Setup::new().await.with_wide_policy().start().await;
    world.create_by_hand();
    world.tenant.set_list_lag(TIMEOUT);
    world.remove_by_hand();
    world
}

/// The statuses of the rows that name the removal of a role.
async fn removals(world: &World) -> Vec<String> {
    let rows = world.rows_of(AUDIT).await;
    let removals = rows.iter().filter(|row| text(row, "action") == "revoke");
    removals.map(|row| text(row, "status").to_owned()).collect()
}

/// Leaves an intent of another invocation to remove what `id-orders` holds.
async fn leave_removal(world: &World, assignment: &str, number: u32, age: time::Duration) {
    let invocation = format!("c0a70500-0000-4000-8000-00000000e{number:03}");
    let (row_key, audit_row_key) =
        (format!("{invocation}-00"), format!("251000000000000-{invocation}-00"));
    let changes = [
        ("action", Some("revoke")),
        ("assignmentId", Some(assignment)),
        ("RowKey", Some(row_key.as_str())),
        ("auditRowKey", Some(audit_row_key.as_str())),
    ];
    world.leave_intent(&changes, age).await;
}

#[tokio::test]
async fn an_end_whose_first_answer_was_lost_does_not_claim_a_removal_by_hand() {
    for fault in lost() {
        let world = removed_by_hand_before_its_end().await;
        world.tenant.answer_next(Route::DeleteAssignment, fault.clone());
        world.run_ends_until_done().await;
        assert_eq!(removals(&world).await, ["alreadyRevoked"], "{fault:?}");
        world.assert_on_record().await;
    }
}

#[tokio::test]
async fn an_end_whose_handler_died_before_its_write_does_not_claim_a_removal_by_hand() {
    let mut world = removed_by_hand_before_its_end().await;
    let intent = TableRule::new(TableFault::AnswerHeld).table(INTENTS);
    let intent = world.tables.add(intent.kind(TableOperationKind::Upsert));
    world.fire(END).await;
    intent.wait_for_hits(1).await;
    world.host.stop_and_keep_log().await;
    intent.discard();
    world.restart_host().await;
    world.run_ends_until_done().await;
    world.restart_to_settle().await;
    world.settle_all().await;
    world.assert_on_record().await;
    let mut removals = removals(&world).await;
    removals.sort();
    assert_eq!(removals, ["alreadyRevoked", "notWritten"]);
}

#[tokio::test]
async fn a_revocation_whose_first_answer_was_lost_does_not_claim_a_removal_by_hand() {
    for fault in lost() {
        let world = removed_by_hand_and_still_listed().await;
        world.tenant.answer_next(Route::DeleteAssignment, fault.clone());
        let result = world.result_of(&revoke()).await;
        assert_eq!(statuses(&result), ["alreadyRevoked"], "{fault:?}: {result}");
        world.assert_on_record().await;
    }
}

#[tokio::test]
async fn a_revocation_whose_handler_died_before_its_write_does_not_claim_a_removal_by_hand() {
    let mut setup = Setup::new().await.with_wide_policy();
    setup.message_lease = Some(Duration::from_secs(300));
    let mut world = setup.start().await;
    world.account.table(INTENTS).create_if_missing().await.unwrap();
    world.create_by_hand();
    world.tenant.set_list_lag(TIMEOUT);
    world.remove_by_hand();
    let intent = TableRule::new(TableFault::AnswerHeld).table(INTENTS);
    let intent = world.tables.add(intent.kind(TableOperationKind::Upsert));
    world.requests.send(&revoke()).await.unwrap();
    intent.wait_for_hits(1).await;
    world.host.stop_and_keep_log().await;
    intent.discard();
    world.tenant.set_list_lag(Duration::ZERO);
    world.restart_to_settle().await;
    world.settle_all().await;
    world.assert_on_record().await;
    assert_eq!(removals(&world).await, ["notWritten"]);
}

#[tokio::test]
async fn a_replica_that_does_not_know_the_principal_keeps_no_removal_from_the_record() {
    let text = format!("Resource '{ORDERS_IDENTITY}' does not exist or one of its queried ...");
    let world = Setup::new().await.with_wide_policy().start().await;
    world.create_by_hand();
    let unknown = Fault::error(404, "Request_ResourceNotFound", &text);
    world.tenant.answer_next(Route::ReadAssignment, unknown);
    let lost = Fault::error(504, "UnknownError", "").after_the_effect();
    world.tenant.answer_next(Route::DeleteAssignment, lost);
    let result = world.result_of(&revoke()).await;
    assert_eq!(statuses(&result), ["revoked"], "{result}");
    world.assert_on_record().await;
}

#[tokio::test]
async fn of_two_removals_without_an_answer_one_is_claimed() {
    let mut world = http_setup().await.start().await;
    let id = world.create_by_hand();
    // Another invocation is removing the same assignment.
    leave_removal(&world, &id, 1, time::Duration::ZERO).await;
    let lost = Fault::error(504, "UnknownError", "").after_the_effect();
    world.tenant.answer_next(Route::DeleteAssignment, lost);
    let problem = world.post(&serde_json::from_str(&revoke()).unwrap()).await;
    let problem = problem.problem(503, "unavailable");
    assert_eq!(statuses(&problem), ["unknown"], "{problem}");
    assert!(world.held().is_none());
    world.tenant.clear_faults(Route::DeleteAssignment);
    world.restart_to_settle().await;
    world.settle_all().await;
    world.assert_on_record().await;
}

#[tokio::test]
async fn a_removal_is_not_settled_while_another_one_of_the_same_assignment_is_under_way() {
    let world = Setup::new().await.with_wide_policy().start().await;
    let id = world.create_by_hand();
    world.remove_by_hand();
    // Intents are due after 30 seconds here.
    leave_removal(&world, &id, 1, time::Duration::seconds(40)).await;
    leave_removal(&world, &id, 2, time::Duration::ZERO).await;
    world.run_settling().await;
    assert_eq!((world.intents().await.len(), removals(&world).await.len()), (2, 0));
}
