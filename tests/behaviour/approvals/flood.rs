//! Many requests that wait for approval at the same time, and many who ask what waits.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use storage_emulator::{TableFault, TableRule};

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, setup, sync_request, token_of},
        approver::{STRANGER, decision, id_of, world},
    },
    http::caller::{OPERATOR, TEAM_KEY, ask, send},
    world::{World, role, statuses},
};

/// The most requests of one requester that may wait.
const MOST_WAITING: usize = 500;

/// How many rows are stored at the same time.
const AT_ONCE: usize = 50;

impl World {
    /// Stores copies of a request that waits, until as many wait as may.
    async fn fill_up(&self, waiting: &Value) {
        let row = self.row_of(id_of(waiting)).await;
        let copies: Vec<_> = (1..MOST_WAITING).collect();
        for some in copies.chunks(AT_ONCE) {
            join_all(some.iter().map(|number| {
                let mut copy = row.clone();
                copy.partition_key = format!("c0a70500-0000-4000-8000-f{number:011}");
                async move { self.forge(APPROVALS, &copy).await }
            }))
            .await;
        }
    }
}

/// A request for a role that needs an approval, with its own request id.
fn request(id: &str) -> Value {
    let mut request = ask(&["Orders.Write"]);
    request["requestId"] = json!(id);
    request
}

#[tokio::test]
async fn a_call_of_a_requester_with_too_many_waiting_requests_is_answered_429() {
    let world = world().await;
    let waiting = world.waiting().await;
    world.fill_up(&waiting).await;
    let answer = world.post(&request("one-more")).await;
    let problem = answer.problem(429, "rate-limited");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("500 requests of this requester wait for approval"), "{detail}");
    assert_eq!(problem["roles"][0]["code"], "rateLimited", "{problem}");
    assert!(problem["roles"][0]["notBefore"].is_string(), "{problem}");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 60);
    assert!(problem.get("approvalId").is_none(), "{problem}");
    assert_eq!(world.rows_of(APPROVALS).await.len(), MOST_WAITING);
    // A call that waits already is not one more.
    let again = world.post(&ask(&["Orders.Write"])).await.success(202);
    assert_eq!(world.rows_of(APPROVALS).await.len(), MOST_WAITING, "{again}");
    // Another requester is not affected.
    let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
    let call = call.bearer_auth(token_of(OPERATOR));
    send(call.json(&request("another"))).await.success(202);
    // One that is decided makes room.
    let denial = decision("deny", &waiting);
    world.decide_as(ANNA, id_of(&waiting), &denial).await.success(200);
    world.post(&request("one-more")).await.success(202);
}

#[tokio::test]
async fn a_message_of_a_requester_with_too_many_waiting_requests_is_denied_and_told_when_to_come_back()
 {
    let world = setup().await.start().await;
    let waiting = world.waiting_request(&sync_request()).await;
    world.fill_up(&waiting).await;
    let result = world.result_of(&sync_request().to_string()).await;
    assert_eq!(statuses(&result), ["denied"], "{result}");
    assert_eq!(role(&result)["code"], "rateLimited", "{result}");
    assert!(role(&result)["notBefore"].is_string(), "{result}");
    let line = world.event("approval.no_room").await;
    assert_eq!(
        (&line["requester"], &line["waiting"]),
        (&json!("queue:app-role-requests"), &json!(500))
    );
    assert_eq!(world.rows_of(APPROVALS).await.len(), MOST_WAITING);
    assert!(world.messages(&world.failed).await.is_empty());
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_caller_whom_no_rule_names_as_an_approver_causes_no_query() {
    let world = world().await;
    let waiting = world.waiting().await;
    let queries = world.tables.add(TableRule::new(TableFault::Held).table(APPROVALS));
    assert_eq!(world.waiting_for(STRANGER).await, Vec::<Value>::new());
    assert_eq!(queries.hits(), 0);
    let (for_anna, ()) = tokio::join!(world.waiting_for(ANNA), async {
        queries.wait_for_hits(1).await;
        queries.release();
    });
    assert_eq!(for_anna, [waiting]);
}
