//! Repeats of a call, at once.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use tenant_emulator::{Route, contoso::ORDERS_IDENTITY};

use crate::http::caller::{TEAM_KEY, ask, send, setup};

const REPEATS: usize = 200;

#[tokio::test]
async fn repeats_of_a_call_are_all_answered_in_time_and_make_one_write() {
    let world = setup().await.with_setting("PACE_FACTOR", "1").start().await;
    world.tenant.set_latency(Duration::from_millis(150));
    let calls = (0..REPEATS).map(|_| {
        let call = world.call(Method::POST, "").json(&ask(&["Orders.Read"]));
        send(call.header("x-functions-key", TEAM_KEY))
    });
    let answers = join_all(calls).await;
    let with_status = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!([with_status(201), with_status(200)], [1, REPEATS - 1]);
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}
