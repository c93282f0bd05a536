//! An approval is used only once, whatever its row says afterwards.

use serde_json::Value;
use storage_emulator::Entity;
use tenant_emulator::{
    Route,
    contoso::{MICROSOFT_GRAPH, ORDERS_IDENTITY},
};

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, FINISH, setup, sync_request},
        hostile_world::{set, set_approved},
    },
    record::intents::text,
    world::World,
};

/// Makes a finished row wait for decisions again.
fn set_pending(row: &mut Entity) {
    set_approved(row);
    set(row, "state", "pending");
    set(row, "decisions", "[]");
    row.properties.remove("approvedAt");
}

impl World {
    /// Removes by hand what the identity holds.
    fn remove_all_by_hand(&self) {
        for assignment in self.tenant.assignments_of(ORDERS_IDENTITY) {
            assert!(self.tenant.revoke(&assignment.id));
        }
    }

    /// Changes the row of a request, as a person who can write to the table.
    async fn change_row(&self, shown: &Value, change: fn(&mut Entity)) {
        let mut row = self.row_of(shown["approvalId"].as_str().unwrap()).await;
        change(&mut row);
        self.forge(APPROVALS, &row).await;
    }

    /// Returns a world in which Anna has approved a request, and its write was removed by hand.
    async fn with_a_removed_grant() -> (Self, Value) {
        let world = setup().await.start().await;
        let shown = world.waiting_request(&sync_request()).await;
        world.decide(ANNA, &shown, "approve").await.success(200);
        world.remove_all_by_hand();
        (world, shown)
    }

    /// Asserts that the identity holds nothing, that this many writes were sent, and that the request ended.
    async fn assert_not_done_again(&self, shown: &Value, writes: usize) {
        assert!(self.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
        assert_eq!(self.tenant.count(Route::CreateAssignment), writes);
        let now = self.shown_to(ANNA, shown["approvalId"].as_str().unwrap()).await.success(200);
        assert_eq!(now["state"], "done", "{now:#}");
        assert_eq!(now["result"]["roles"][0]["status"], "notAttempted", "{now:#}");
        let message = now["result"]["roles"][0]["message"].as_str().unwrap();
        assert!(message.contains("an approval is used once"), "{message}");
    }
}

#[tokio::test]
async fn a_request_that_was_carried_out_is_not_carried_out_again_because_of_its_row() {
    let (world, shown) = World::with_a_removed_grant().await;
    world.an_hour_passes().await;
    world.change_row(&shown, set_approved).await;
    world.run_timer(FINISH).await;
    world.assert_not_done_again(&shown, 1).await;
}

#[tokio::test]
async fn a_request_that_was_carried_out_cannot_be_approved_again() {
    let (world, shown) = World::with_a_removed_grant().await;
    world.an_hour_passes().await;
    world.change_row(&shown, set_pending).await;
    for person in [BEN, ANNA] {
        let answer = world.decide(person, &shown, "approve").await;
        assert!([200, 409].contains(&answer.status), "{answer:?}");
    }
    world.run_timer(FINISH).await;
    world.assert_not_done_again(&shown, 1).await;
}

#[tokio::test]
async fn an_approval_for_a_role_that_was_held_already_is_used_as_well() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&sync_request()).await;
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "Directory.ReadWrite.All").unwrap();
    let decided = world.decide(ANNA, &shown, "approve").await.success(200);
    assert_eq!(decided["result"]["roles"][0]["status"], "alreadyAssigned", "{decided:#}");
    let writes = world.tenant.count(Route::CreateAssignment);
    world.remove_all_by_hand();
    world.change_row(&shown, set_approved).await;
    world.run_timer(FINISH).await;
    world.assert_not_done_again(&shown, writes).await;
}

#[tokio::test]
async fn nothing_is_done_again_while_lists_may_not_show_what_was_done() {
    let (world, shown) = World::with_a_removed_grant().await;
    world.change_row(&shown, set_approved).await;
    world.run_timer(FINISH).await;
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
    let row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
    assert_eq!(text(&row, "state"), "approved");
}
