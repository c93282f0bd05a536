//! What the handler gave up and an operator replays.

use app_role_cli::{
    replay::{Replay, Tally},
    storage::Account,
};
use local::tenant::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ},
};

use crate::world::{Plan, request, role};

#[tokio::test]
async fn a_request_that_was_given_up_is_granted_when_an_operator_replays_it() {
    let world = Plan::new().await.deliveries(1).start().await;
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::CreateAssignment, outage);
    let result = world.ask(&request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)).await;
    assert_eq!(role(&result)["status"], "failed", "{result}");
    world.tenant.clear_faults(Route::CreateAssignment);
    let connection = world.account.connection_string();
    let account = Account::open(&connection, || unreachable!("it holds a key")).unwrap();
    let mut replay = Replay::new(&account, account.clone()).unwrap();
    let tally = replay.run(|_| ()).await.unwrap();
    assert_eq!(tally, Tally { replayed: 1, left: 0, failed: 0 });
    let result = world.results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["attempt"], 1);
}
