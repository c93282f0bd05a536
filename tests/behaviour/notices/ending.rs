//! Events about assignments that end soon.

use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_IDENTITY, ORDERS_READ};

use crate::{
    ends::end_world::{read_for, request, revoke, world},
    notices::notice_queue::ids,
    world::World,
};

fn read_for_minutes(minutes: u32) -> String {
    request("assign", &["Orders.Read"], &json!({ "duration": format!("PT{minutes}M") }))
}

impl World {
    /// The events about ends that come soon.
    async fn ending(&self) -> Vec<Value> {
        let mut notices = self.notices().await;
        notices.retain(|notice| notice["type"] == "AppRoleBroker.AssignmentEnding");
        notices
    }
}

#[tokio::test]
async fn an_end_that_comes_soon_is_announced_once_with_what_ends() {
    let world = world().await;
    let granted = world.result_of(&read_for_minutes(10)).await;
    for _ in 0..3 {
        world.run_ends().await;
    }
    let [ending] = world.ending().await.try_into().unwrap();
    assert_eq!(ending["subject"], ORDERS_IDENTITY);
    let data = &ending["data"];
    assert_eq!(data["requestId"], "INC-1");
    assert_eq!(data["requester"], "queue:app-role-requests");
    assert_eq!(data["principalDisplayName"], "id-orders");
    let expected = json!([{
        "appRoleId": ORDERS_READ, "appRoleValue": "Orders.Read", "rule": "all workloads",
        "endDateTime": granted["roles"][0]["endDateTime"],
    }]);
    assert_eq!(data["roles"], expected);
    assert!(world.held().is_some());
}

#[tokio::test]
async fn an_end_that_is_far_away_or_gone_is_not_announced() {
    let world = world().await;
    world.result_of(&read_for(Some(8))).await;
    world.run_ends().await;
    world.result_of(&revoke()).await;
    world.result_of(&read_for_minutes(10)).await;
    world.result_of(&revoke()).await;
    world.run_ends().await;
    assert!(world.ending().await.is_empty());
    assert!(world.end_rows().await.is_empty());
}

#[tokio::test]
async fn an_announced_end_that_moved_is_announced_again() {
    let world = world().await;
    world.result_of(&read_for_minutes(8)).await;
    world.run_ends().await;
    let extended = world.result_of(&read_for_minutes(12)).await;
    assert_eq!(extended["roles"][0]["status"], "alreadyAssigned");
    world.run_ends().await;
    world.run_ends().await;
    let ending = world.ending().await;
    assert_eq!(ending.len(), 2);
    assert_ne!(ids(&ending)[0], ids(&ending)[1]);
    let moved = &ending[1]["data"]["roles"][0]["endDateTime"];
    assert_eq!(*moved, extended["roles"][0]["endDateTime"]);
    world.end_all().await;
    assert!(world.held().is_none());
    assert!(world.end_rows().await.is_empty());
}

#[tokio::test]
async fn nothing_is_announced_while_the_broker_is_paused() {
    let mut world = world().await;
    world.result_of(&read_for_minutes(10)).await;
    world.restart_with_setting("BROKER_MODE", "paused").await;
    world.run_ends().await;
    assert!(world.ending().await.is_empty());
    world.restart_with_setting("BROKER_MODE", "enforce").await;
    world.run_ends().await;
    assert_eq!(world.ending().await.len(), 1);
}
