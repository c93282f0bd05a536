//! Several instances that are each configured with the whole write quota share it.

use std::{collections::BTreeSet, time::Duration};

use loopback::until;
use storage_emulator::{TableFault, TableOperation, TableRule};
use tenant_emulator::{
    QuotaModel, Tenant, WriteQuota,
    contoso::{ORDERS_API, ORDERS_READ, managed_identities},
};

use crate::world::{Setup, TIMEOUT, World, request, request_by_names, role, valid_request};

const INSTANCES: &str = "AppRoleInstances";

const MODELS: [QuotaModel; 3] =
    [QuotaModel::FixedWindow, QuotaModel::TokenBucket, QuotaModel::TokenBucketChargingRefusals];

/// A quota, and more requests than two periods of it allow.
const WRITES: u32 = 40;
const PERIOD: Duration = Duration::from_secs(4);
const CROWD: usize = 90;

/// The most transactions of an instance at once, and in a second.
const BURST: f64 = 8.0;
const RATE: f64 = 0.6;

/// A world with a quota, before it starts.
async fn limited(model: QuotaModel) -> Setup {
    // A delivery may wait for a minute, and calls to the table are as rare as in production.
    let setup = Setup::new().await.with_wide_policy().with_setting("PACE_FACTOR", "1");
    let setup = setup.with_setting("GRAPH_WRITE_QUOTA", "40/4");
    setup.tenant.set_write_quota(Some(WriteQuota { writes: WRITES, period: PERIOD, model }));
    setup
}

/// Requests for many identities.
fn crowd(tenant: &Tenant) -> Vec<String> {
    let identities = managed_identities(CROWD);
    for identity in &identities {
        tenant.add_service_principal(identity.clone());
    }
    identities.iter().map(|identity| request(&identity.id, ORDERS_API, ORDERS_READ)).collect()
}

/// The operations on the table of instances so far.
fn operations(world: &World) -> Vec<TableOperation> {
    let requests = world.tables.requests().into_iter();
    let operations = requests.flat_map(|request| request.operations);
    operations.filter(|operation| operation.table == INSTANCES).collect()
}

/// Waits until this number of assignments was made, by any instance.
async fn until_assigned(world: &World, count: usize) {
    let assigned = async || world.tenant.accepted_writes().len() >= count;
    until(TIMEOUT, assigned).await.unwrap();
}

#[tokio::test]
async fn instances_that_are_told_the_whole_quota_keep_to_it_together() {
    for model in MODELS {
        let world = limited(model).await.start().await;
        let other = world.another_host().await;
        let began = std::time::Instant::now();
        for message in crowd(&world.tenant) {
            world.requests.send(&message).await.unwrap();
        }
        until_assigned(&world, CROWD).await;
        assert_eq!(world.tenant.quota_refusals(), 0, "{model:?}");
        let operations = operations(&world);
        let rows: BTreeSet<_> = operations.iter().map(|one| one.row_key.as_str()).collect();
        assert!(rows.iter().filter(|row| !row.is_empty()).count() <= 2, "{rows:?}");
        let most = 2.0 * (BURST + RATE * began.elapsed().as_secs_f64());
        // Each instance may find that there is no table, create it, and try again.
        assert!(operations.len() as f64 <= most + 6.0, "{} operations", operations.len());
        other.stop().await;
    }
}

#[tokio::test]
async fn an_instance_that_is_killed_delays_the_others_and_loses_nothing() {
    let world = limited(QuotaModel::FixedWindow).await.start().await;
    let other = world.another_host().await;
    for message in crowd(&world.tenant) {
        world.requests.send(&message).await.unwrap();
    }
    // Both have begun.
    until_assigned(&world, CROWD / 4).await;
    other.kill_worker().await;
    until_assigned(&world, CROWD).await;
    assert_eq!(world.tenant.quota_refusals(), 0);
    assert!(world.messages(&world.poison).await.is_empty());
}

#[tokio::test]
async fn without_the_table_of_instances_writes_are_made_and_nothing_is_lost() {
    let refused = TableFault::Error { status: 403, code: "AuthorizationFailure" };
    for fault in [refused, TableFault::ConnectionClosed, TableFault::Held] {
        let world = Setup::new().await.with_wide_policy().start().await;
        let rule = world.tables.add(TableRule::new(fault).table(INSTANCES));
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["status"], "assigned", "{result}");
        world.log_line("quota.alone").await;
        rule.release();
        rule.discard();
        let revoke = request_by_names("revoke", "id-orders", &["Orders.Read"]);
        world.result_of(&revoke).await;
        world.log_line("quota.shared").await;
    }
}

#[tokio::test]
async fn a_request_without_a_write_leaves_the_table_of_instances_alone() {
    let world = World::start().await;
    world.result_of(&valid_request()).await;
    assert_ne!(operations(&world), Vec::new(), "a write takes its part of the quota");
    let world = World::start().await;
    world.result_of("no request").await;
    assert_eq!(operations(&world), Vec::new());
}
