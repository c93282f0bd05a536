//! The handler is killed between two steps of a grant with an end, or of the end itself. A new one starts
//! in between, as in an upgrade.

use std::time::Duration;

use storage_emulator::{TableFault, TableOperationKind, TableRule};
use tenant_emulator::{Fault, Route};

use crate::{
    ends::end_world::{hours, read_for, revoke},
    record::intents::{AUDIT, ENDS, INTENTS},
    world::{Setup, World, statuses},
};

/// A world whose message comes back after this time, if its handler was killed.
async fn world(lease: Duration) -> World {
    let mut setup = Setup::new().await.with_wide_policy();
    setup.message_lease = Some(lease);
    let world = setup.start().await;
    world.account.table(ENDS).create_if_missing().await.unwrap();
    world
}

const NEVER: Duration = Duration::from_secs(300);
const SOON: Duration = Duration::from_secs(4);

/// Kills the handler once a request to a table reaches a rule, and starts a new one.
async fn interrupt(world: &mut World, message: &str, rule: TableRule) {
    let rule = world.tables.add(rule);
    world.requests.send(message).await.unwrap();
    rule.wait_for_hits(1).await;
    world.host.stop_and_keep_log().await;
    rule.discard();
    world.restart_host().await;
}

fn before_the_write() -> TableRule {
    TableRule::new(TableFault::AnswerHeld).table(ENDS).kind(TableOperationKind::Insert)
}

fn after_the_write() -> TableRule {
    TableRule::new(TableFault::Held).table(ENDS).kind(TableOperationKind::Replace)
}

fn before_the_row() -> TableRule {
    TableRule::new(TableFault::Held).table(AUDIT)
}

#[tokio::test]
async fn a_replica_that_does_not_know_the_principal_makes_no_end_forgotten() {
    let mut world = world(NEVER).await;
    // The handler dies before the row names what it has made, so only a list can show it.
    interrupt(&mut world, &read_for(Some(8)), after_the_write()).await;
    let unknown = Fault::error(404, "Request_ResourceNotFound", "Resource 'x' does not exist.");
    world.tenant.answer_every(Route::ListAssignments, unknown);
    world.end_all().await;
    assert!(world.held().is_some());
    assert_eq!(world.end_rows().await.len(), 1);
    world.tenant.clear_faults(Route::ListAssignments);
    world.run_ends_until_done().await;
    assert!(world.held().is_none());
}

#[tokio::test]
async fn a_grant_whose_handler_died_ends_although_its_message_never_comes_back() {
    for (rule, is_written) in
        [(before_the_write(), false), (after_the_write(), true), (before_the_row(), true)]
    {
        let mut world = world(NEVER).await;
        interrupt(&mut world, &read_for(Some(8)), rule.clone()).await;
        assert_eq!(world.held().is_some(), is_written, "{rule:?}");
        assert_eq!(world.end_rows().await.len(), 1, "{rule:?}");
        world.end_all().await;
        assert!(world.held().is_none() && world.end_rows().await.is_empty(), "{rule:?}");
    }
}

#[tokio::test]
async fn a_message_that_comes_back_keeps_the_end_of_its_first_delivery() {
    for rule in [before_the_write(), after_the_write(), before_the_row()] {
        let mut world = world(SOON).await;
        interrupt(&mut world, &read_for(Some(8)), rule.clone()).await;
        let before = world.end_rows().await;
        let result = world.next_results(1).await.remove(0);
        assert_eq!(hours(&result), Some(8), "{rule:?}: {result}");
        let after = world.end_rows().await;
        assert_eq!((before.len(), after.len()), (1, 1), "{rule:?}");
        let end = |rows: &[storage_emulator::Entity]| rows[0].properties["endDateTime"].clone();
        assert_eq!(end(&before), end(&after), "{rule:?}");
        world.end_all().await;
        assert!(world.held().is_none(), "{rule:?}");
        world.run_ends_until_done().await;
    }
}

#[tokio::test]
async fn what_others_make_after_a_cut_write_stays() {
    let mut world = world(NEVER).await;
    interrupt(&mut world, &read_for(Some(8)), before_the_write()).await;
    world.let_ends_pass().await;
    let by_hand = world.create_by_hand();
    world.run_ends().await;
    assert_eq!(world.held().map(|one| one.id), Some(by_hand));
    assert!(world.end_rows().await.is_empty());
    world.event("end.not_ours").await;
}

#[tokio::test]
async fn an_end_whose_handler_died_between_its_steps_happens() {
    let kinds = |fault, table| TableRule::new(fault).table(table);
    for (rule, is_removed) in [
        (kinds(TableFault::AnswerHeld, ENDS).kind(TableOperationKind::Replace), false),
        (kinds(TableFault::AnswerHeld, INTENTS).kind(TableOperationKind::Upsert), false),
        (kinds(TableFault::Held, AUDIT), true),
        (kinds(TableFault::Held, ENDS).kind(TableOperationKind::Delete), true),
    ] {
        let mut world = world(NEVER).await;
        world.result_of(&read_for(Some(8))).await;
        world.let_ends_pass().await;
        let active = world.tables.add(rule.clone());
        world.fire("EndAssignments").await;
        active.wait_for_hits(1).await;
        assert_eq!(world.held().is_none(), is_removed, "{rule:?}");
        world.host.stop_and_keep_log().await;
        active.discard();
        world.restart_host().await;
        world.run_ends_until_done().await;
        assert!(world.held().is_none(), "{rule:?}");
        world.restart_to_settle().await;
        world.settle_all().await;
        world.assert_on_record().await;
    }
}

#[tokio::test]
async fn a_revocation_whose_handler_died_leaves_no_end_for_what_is_made_later() {
    let mut world = world(NEVER).await;
    world.result_of(&read_for(Some(8))).await;
    let rule = TableRule::new(TableFault::Held).table(ENDS).kind(TableOperationKind::Delete);
    interrupt(&mut world, &revoke(), rule).await;
    assert!(world.held().is_none());
    let result = world.result_of(&read_for(None)).await;
    assert_eq!(statuses(&result), ["assigned"]);
    world.end_all().await;
    assert!(world.held().is_some());
}
