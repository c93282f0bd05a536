//! Rules that need an approval and limit the writes of their requesters.
//!
//! A request is counted once, when it is carried out, and a limit does not cost it its approvals.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use storage_emulator::{Entity, EntityValue, TableOperationKind as Kind};
use tenant_emulator::contoso::ORDERS_IDENTITY;

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, policy_of, rules, setup, sync_request},
        cases::{self, Case, before},
    },
    http::caller::{TEAM_KEY, send},
    record::intents::{INTENTS, text},
    world::{Setup, World, role, statuses},
};

const COUNTS: &str = "AppRoleWriteCounts";

/// The columns of a count: `minute:writes`, and `request:minute:writes`.
const MINUTES: [&str; 2] = ["made", "open"];

/// The rules of other tests, each with this limit.
fn policy(limit: u32) -> String {
    let mut rules = rules();
    for rule in &mut rules {
        rule["maxWritesPerHour"] = limit.into();
    }
    policy_of(&rules)
}

async fn limited(limit: u32) -> Setup {
    let mut setup = setup().await;
    setup.policy = Some(policy(limit));
    setup
}

/// A request by the same rule as [`sync_request`], for another role.
fn other_request() -> Value {
    let mut request = sync_request();
    request["requestId"] = json!("INC-3");
    request["roles"] = json!(["Application.ReadWrite.All"]);
    request
}

/// A request for the roles of both.
fn request_for_both() -> Value {
    let mut request = sync_request();
    request["roles"] = json!(["Directory.ReadWrite.All", "Application.ReadWrite.All"]);
    request
}

/// The same count, an hour and two minutes older.
fn older(mut row: Entity) -> Entity {
    for name in MINUTES {
        let Some(EntityValue::String(text)) = row.properties.get_mut(name) else { continue };
        let counts = text.split(',').filter(|count| !count.is_empty()).map(|count| {
            let mut parts: Vec<_> = count.split(':').map(str::to_owned).collect();
            let minute = parts.len() - 2;
            parts[minute] = (parts[minute].parse::<i64>().unwrap() - 62).to_string();
            parts.join(":")
        });
        *text = counts.collect::<Vec<_>>().join(",");
    }
    row
}

impl World {
    /// Lets an hour pass for the counts of writes.
    async fn counts_expire(&self) {
        for row in self.rows_of(COUNTS).await {
            self.account.table(COUNTS).put(&older(row)).await.unwrap();
        }
    }

    /// Approves as Anna. Returns the state of the request.
    async fn approve(&self, shown: &Value) -> String {
        let decided = self.decide(ANNA, shown, "approve").await.success(200);
        decided["state"].as_str().unwrap().to_owned()
    }

    /// The states of all requests, by their ids.
    async fn states(&self) -> BTreeMap<String, String> {
        let rows = self.rows_of(APPROVALS).await.into_iter();
        let state = |row: Entity| (row.partition_key.clone(), text(&row, "state").to_owned());
        rows.map(state).collect()
    }

    /// Lets the timer try again what could not be carried out.
    async fn is_tried_again(&self) {
        self.an_hour_passes().await;
        self.finish_approvals().await;
    }
}

#[tokio::test]
async fn an_approved_request_beyond_the_limit_waits_and_is_carried_out_once_there_is_room() {
    let world = limited(1).await.start().await;
    let first = world.waiting_request(&sync_request()).await;
    let second = world.waiting_request(&other_request()).await;
    assert!(world.rows_of(COUNTS).await.is_empty(), "what waits does not count");
    assert_eq!(world.approve(&first).await, "done");
    assert_eq!(world.approve(&second).await, "approved");
    world.log_line("no more are left").await;
    for _ in 0..2 {
        world.is_tried_again().await;
        assert_eq!(world.accepted().len(), 1);
    }
    let id = second["approvalId"].as_str().unwrap();
    assert_eq!(world.states().await[id], "approved");
    world.counts_expire().await;
    world.is_tried_again().await;
    assert_eq!(world.states().await[id], "done");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 2);
    let results = world.messages(&world.results).await;
    let assigned = results.iter().filter(|one| role(one)["status"] == "assigned");
    assert_eq!(assigned.count(), 2, "{results:?}");
    assert!(world.messages(&world.failed).await.is_empty());
    world.assert_on_record().await;
}

#[tokio::test]
async fn of_two_requests_that_are_approved_at_once_one_waits_for_room() {
    let world = limited(1).await.start().await;
    let first = world.waiting_request(&sync_request()).await;
    let second = world.waiting_request(&other_request()).await;
    let (first, second) = tokio::join!(world.approve(&first), world.approve(&second));
    let mut states = [first, second];
    states.sort_unstable();
    assert_eq!(states, ["approved", "done"]);
    assert_eq!(world.accepted().len(), 1);
    world.counts_expire().await;
    world.is_tried_again().await;
    assert!(world.states().await.values().all(|state| state == "done"));
    assert_eq!(world.accepted().len(), 2);
}

#[tokio::test]
async fn an_approved_request_counts_for_its_requester_and_not_for_its_approver() {
    let world = limited(1).await.start().await;
    let by_queue = world.waiting_request(&sync_request()).await;
    let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
    let by_team = send(call.json(&other_request())).await.success(202);
    let by_team = world.shown_to(ANNA, by_team["approvalId"].as_str().unwrap()).await.success(200);
    for shown in [by_queue, by_team] {
        assert_eq!(world.approve(&shown).await, "done");
    }
    assert_eq!(world.accepted().len(), 2);
    assert_eq!(world.rows_of(COUNTS).await.len(), 2);
}

#[tokio::test]
async fn an_approved_request_that_alone_needs_more_than_the_limit_is_denied_at_once() {
    let world = limited(1).await.start().await;
    let shown = world.waiting_request(&request_for_both()).await;
    assert_eq!(world.approve(&shown).await, "done");
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["denied", "denied"], "{result}");
    for role in result["roles"].as_array().unwrap() {
        assert_eq!(role["code"], "rateLimited", "{result}");
        assert!(role.get("notBefore").is_none(), "{result}");
    }
    assert!(world.tenant_is_unchanged());
    assert!(world.waiting_for(BEN).await.is_empty());
    assert_eq!(world.approve(&world.waiting_request(&sync_request()).await).await, "done");
}

#[tokio::test]
async fn an_approved_request_whose_handler_is_killed_between_count_and_write_counts_once() {
    let mut world = cases::world().await;
    world.account.table(COUNTS).create_if_missing().await.unwrap();
    world.restart_with_policy(&policy(1)).await;
    let shown = Case::One.waiting(&world).await;
    let rule = before(INTENTS, Kind::Upsert, 1).hold(&world);
    world.begin_to_decide(ANNA, &shown, "approve");
    world.kill_at(rule).await;
    assert_eq!(world.rows_of(COUNTS).await.len(), 1);
    assert!(world.tenant_is_unchanged());
    Case::One.assert_carried_out(&world, "killed between count and write").await;
}

#[tokio::test]
async fn in_the_mode_report_an_approved_request_is_neither_counted_nor_lost() {
    let mut world = limited(1).await.start().await;
    let shown = world.waiting_request(&sync_request()).await;
    world.restart_with_setting("BROKER_MODE", "report").await;
    assert_eq!(world.approve(&shown).await, "approved");
    world.is_tried_again().await;
    assert!(world.rows_of(COUNTS).await.is_empty());
    assert!(world.tenant_is_unchanged());
    world.restart_with_setting("BROKER_MODE", "enforce").await;
    world.is_tried_again().await;
    assert_eq!(world.accepted().len(), 1);
    let [count] = world.rows_of(COUNTS).await.try_into().unwrap();
    assert!(text(&count, "open").ends_with(":1") && text(&count, "made").is_empty(), "{count:?}");
}
