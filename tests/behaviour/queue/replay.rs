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
    world::{Setup, TIMEOUT, World, request, role},
};

const ONE_REPLAYED: Tally = Tally { replayed: 1, left: 0, too_old: 0, failed: 0 };

impl World {
    /// Replays the failed requests, as an operator does.
    async fn replay(&self) -> Tally {
        let connection = self.account.connection_string();
        let open = |permissions| {
            Account::open(&connection, permissions, || unreachable!("it holds a key")).unwrap()
        };
        let queues = ["app-role-requests", "resource-events"].map(str::to_owned).into();
        let limits = Limits { queues, allow_older: false };
        let failed = open(Permissions::Process);
        let mut replay = Replay::new(&failed, open(Permissions::Send), limits).unwrap();
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
    assert_eq!(role(&result)["status"], "failed", "{result}");
    world.tenant.clear_faults(Route::CreateAssignment);
    assert_eq!(world.replay().await, ONE_REPLAYED);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["attempt"], 1);
}

#[tokio::test]
async fn a_failed_pushed_event_is_handled_when_an_operator_replays_it() {
    let world = pushed_setup().await.start().await;
    world.events().await;
    let full = Fault::error(403, "Directory_QuotaExceeded", "The directory is full.");
    world.tenant.answer_every(Route::CreateAssignment, full);
    let event = written(ORDERS_IDENTITY_RESOURCE_ID, Duration::minutes(1));
    assert_eq!(world.push(&json!([event])).await, 202);
    let kept = world.wait_for_messages(&world.failed).await.remove(0);
    assert_eq!(kept["requester"], "eventgrid:ResourceEvent");
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    world.tenant.clear_faults(Route::CreateAssignment);
    let before = world.host.invocations().len();
    assert_eq!(world.replay().await, ONE_REPLAYED);
    world.host.wait_for_invocations(before + 1, TIMEOUT).await.unwrap();
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}
