//! Rules that limit the writes of a requester in an hour.

use std::time::Duration;

use functions_host_emulator::FunctionsHost;
use futures_util::future::join_all;
use loopback::until;
use serde_json::Value;
use storage_emulator::{TableFault, TableOperationKind, TableRule};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, managed_identities};

use crate::world::{
    Setup, TIMEOUT, World, request, request_by_names, role, statuses, valid_request,
};

const COUNTS: &str = "AppRoleWriteCounts";

/// A policy that lets the stock queue make this number of writes.
fn policy(limit: u32) -> String {
    format!(
        r#"{{ "version": 1, "allow": [ {{
    "name": "all workloads",
    "requesters": ["queue:app-role-requests"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002"],
    "api": "c0a70500-0000-4000-8000-0000000000b1",
    "roles": ["Orders.Read", "Orders.Write"], "actions": ["assign", "revoke"],
    "maxWritesPerHour": {limit} }} ] }}"#
    )
}

async fn setup(limit: u32) -> Setup {
    let mut setup = Setup::new().await;
    setup.policy = Some(policy(limit));
    setup
}

/// Requests for different identities.
fn crowd(world: &World, size: usize) -> Vec<String> {
    let identities = managed_identities(size);
    let requests = identities.iter().map(|one| request(&one.id, ORDERS_API, ORDERS_READ)).collect();
    for identity in identities {
        world.tenant.add_service_principal(identity);
    }
    requests
}

/// Receives results, whichever host has sent them.
async fn results_of_all_hosts(world: &World, count: usize) -> Vec<Value> {
    let mut results = Vec::new();
    let received = until(TIMEOUT, async || {
        let messages = world.results.receive(32, Duration::from_secs(300)).await.unwrap();
        results.extend(messages.iter().map(|one| serde_json::from_str(&one.text).unwrap()));
        results.len() >= count
    });
    received.await.unwrap();
    results
}

/// How many results have this status. The others are denied with a time.
fn count_and_check(results: &[Value], status: &str) -> usize {
    let (done, denied): (Vec<_>, Vec<_>) =
        results.iter().partition(|result| role(result)["status"] == status);
    for result in denied {
        assert_eq!(role(result)["status"], "denied", "{result}");
        assert_eq!(role(result)["code"], "rateLimited", "{result}");
        assert!(role(result)["notBefore"].is_string(), "{result}");
    }
    done.len()
}

#[tokio::test]
async fn a_request_beyond_the_limit_is_denied_whole_and_told_when_to_come_back() {
    let world = setup(1).await.start().await;
    let both = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read", "Orders.Write"]);
    let result = world.result_of(&both).await;
    assert_eq!(statuses(&result), ["denied", "denied"], "{result}");
    // This request alone exceeds the limit, so it gets no time at which to come back.
    assert!(result["roles"][0].get("notBefore").is_none(), "{result}");
    assert!(world.tenant_is_unchanged());
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    let revoke = request_by_names("revoke", ORDERS_IDENTITY, &["Orders.Read"]);
    let result = world.result_of(&revoke).await;
    assert_eq!(count_and_check(&[result], "revoked"), 0);
    assert_eq!(world.tenant.accepted_writes().len(), 1);
}

#[tokio::test]
async fn what_is_held_already_does_not_count() {
    let world = setup(1).await.start().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    for _ in 0..3 {
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["status"], "alreadyAssigned", "{result}");
    }
    let write = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Write"]);
    assert_eq!(role(&world.result_of(&write).await)["status"], "assigned");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 2);
}

#[tokio::test]
async fn a_dry_run_says_what_the_limit_would_deny_and_counts_nothing() {
    let world = setup(1).await.start().await;
    let read = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read"]);
    let dry_run = read.replacen('{', r#"{"dryRun":true,"#, 1);
    for _ in 0..2 {
        let result = world.result_of(&dry_run).await;
        assert_eq!(role(&result)["status"], "wouldAssign", "{result}");
    }
    assert!(world.rows_of(COUNTS).await.is_empty());
    assert_eq!(role(&world.result_of(&valid_request()).await)["status"], "assigned");
    let write = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Write"]);
    let result = world.result_of(&write.replacen('{', r#"{"dryRun":true,"#, 1)).await;
    assert_eq!(count_and_check(&[result], "wouldAssign"), 0);
}

#[tokio::test]
async fn the_mode_report_says_what_the_limit_would_deny_and_counts_nothing() {
    let mut world = setup(1).await.with_setting("BROKER_MODE", "report").start().await;
    let request = |roles: &[&str]| request_by_names("assign", ORDERS_IDENTITY, roles);
    for name in ["Orders.Read", "Orders.Write"] {
        let result = world.result_of(&request(&[name])).await;
        assert_eq!(role(&result)["status"], "wouldAssign", "{result}");
    }
    let result = world.result_of(&request(&["Orders.Read", "Orders.Write"])).await;
    assert_eq!(statuses(&result), ["denied", "denied"], "{result}");
    assert!(world.rows_of(COUNTS).await.is_empty());
    world.restart_with_setting("BROKER_MODE", "enforce").await;
    assert_eq!(role(&world.result_of(&valid_request()).await)["status"], "assigned");
    let counts = world.rows_of(COUNTS).await;
    world.restart_with_setting("BROKER_MODE", "report").await;
    for _ in 0..2 {
        let result = world.result_of(&request(&["Orders.Write"])).await;
        assert_eq!(count_and_check(&[result], "wouldAssign"), 0);
    }
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "alreadyAssigned", "{result}");
    assert_eq!(world.rows_of(COUNTS).await, counts);
    assert_eq!(world.tenant.accepted_writes().len(), 1);
}

#[tokio::test]
async fn two_instances_together_keep_to_the_limit_and_a_restart_forgets_nothing() {
    let mut world = setup(7).await.start().await;
    let second = FunctionsHost::start(world.options().clone()).await.unwrap();
    second.ready().await.unwrap();
    let requests = crowd(&world, 20);
    join_all(requests.iter().map(async |one| world.requests.send(one).await.unwrap())).await;
    let results = results_of_all_hosts(&world, 20).await;
    assert_eq!(count_and_check(&results, "assigned"), 7);
    assert_eq!(world.tenant.accepted_writes().len(), 7);
    drop(second);
    world.restart_with_policy(&policy(8)).await;
    let write = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read"]);
    assert_eq!(role(&world.result_of(&write).await)["status"], "assigned");
    let write = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Write"]);
    let result = world.result_of(&write).await;
    assert_eq!(count_and_check(&[result], "assigned"), 0);
}

#[tokio::test]
async fn nothing_is_written_while_the_counts_cannot_be_reached() {
    let world = setup(5).await.with_deliveries(2).start().await;
    let fault = TableFault::Error { status: 403, code: "AuthorizationPermissionMismatch" };
    world.tables.add(TableRule::new(fault).table(COUNTS));
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "failed", "{result}");
    assert_eq!(role(&result)["code"], "recordUnavailable", "{result}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_count_whose_answer_is_lost_counts_once() {
    let world = setup(2).await.start().await;
    world.account.table(COUNTS).create_if_missing().await.unwrap();
    let lost = TableRule::new(TableFault::AnswerLost).table(COUNTS);
    world.tables.add(lost.kind(TableOperationKind::Insert).only(1));
    for (name, status) in [("Orders.Read", "assigned"), ("Orders.Write", "assigned")] {
        let request = request_by_names("assign", ORDERS_IDENTITY, &[name]);
        let result = world.result_of(&request).await;
        assert_eq!(role(&result)["status"], status, "{result}");
    }
}

#[tokio::test]
async fn a_message_whose_handler_is_killed_between_count_and_write_counts_once() {
    let mut setup = setup(1).await;
    setup.message_lease = Some(Duration::from_secs(5));
    let mut world = setup.start().await;
    for table in [COUNTS, "AppRoleIntents"] {
        world.account.table(table).create_if_missing().await.unwrap();
    }
    let held = TableRule::new(TableFault::Held).table("AppRoleIntents");
    let rule = world.tables.add(held.kind(TableOperationKind::Upsert));
    world.requests.send(&valid_request()).await.unwrap();
    rule.wait_for_hits(1).await;
    assert!(world.tenant_is_unchanged());
    world.host.stop_and_keep_log().await;
    rule.discard();
    world.restart_host().await;
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    let write = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Write"]);
    let result = world.result_of(&write).await;
    assert_eq!(count_and_check(&[result], "assigned"), 0);
}
