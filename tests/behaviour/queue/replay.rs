//! Failed requests and events that an operator replays.

use app_role_cli::{
    replay::{Limits, Replay, Tally},
    storage::{Account, Permissions},
};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ},
};

use serde_json::json;
use time::Duration;

use crate::{
    events::sending::{pushed_setup, written},
    world::{Setup, World, request, role},
};

impl World {
    /// Replays the failed messages of a queue, as an operator does.
    async fn replay(&self, queue: &str) -> Tally {
        let connection = self.account.connection_string();
        let open = |permissions| {
            Account::open(&connection, permissions, || unreachable!("it holds a key")).unwrap()
        };
        let limits = Limits { queues: [queue.to_owned()].into(), allow_older: false };
        let (failed, requests) = (open(Permissions::Process), open(Permissions::Send));
        let mut replay = Replay::new(&failed, requests, limits).unwrap();
        let batch = replay.receive().await.unwrap();
        replay.send(batch, |_| ()).await
    }
}

#[tokio::test]
async fn a_failed_request_is_granted_when_an_operator_replays_it() {
    let world = Setup::new().await.with_deliveries(1).start().await;
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::CreateAssignment, outage);
    let result = world.result_of(&request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)).await;
    assert_eq!(role(&result)["status"], "unknown", "{result}");
    world.tenant.clear_faults(Route::CreateAssignment);
    assert_eq!(world.replay("app-role-requests").await, Tally { replayed: 1, ..Tally::default() });
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["attempt"], 1);
}

#[tokio::test]
async fn a_failed_pushed_event_stays_for_the_reconciliation() {
    let world = pushed_setup().await.start().await;
    world.events().await;
    let full = Fault::error(403, "Directory_QuotaExceeded", "The directory is full.");
    world.tenant.answer_every(Route::CreateAssignment, full);
    let event = written(ORDERS_IDENTITY_RESOURCE_ID, Duration::minutes(1));
    assert_eq!(world.push(&json!([event])).await, 202);
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert_eq!(kept["requester"], "eventgrid:ResourceEvent");
    world.tenant.clear_faults(Route::CreateAssignment);
    // In a queue it would be an event of the queue's senders.
    assert_eq!(world.replay("resource-events").await, Tally { left: 1, ..Tally::default() });
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}
