//! Queues take turns: the flood of one does not delay the requests of another for long.

use std::time::Duration;

use loopback::until;
use serde_json::Value;
use tenant_emulator::{
    QuotaModel, Tenant, WriteQuota,
    contoso::{ORDERS_API, ORDERS_READ, managed_identities},
};

use crate::world::{Setup, TIMEOUT, World, copy_of_app_files, request};

/// The queue of another team.
const TEAM_QUEUE: &str = "team-requests";

/// The requests of the flood, and those of the team.
const FLOOD: usize = 60;
const FEW: usize = 6;

/// A policy with the rule of the stock queue for both queues.
const POLICY: &str = r#"{ "version": 1, "allow": [ {
    "name": "all workloads",
    "requesters": ["queue:app-role-requests", "queue:team-requests"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002"],
    "api": "c0a70500-0000-4000-8000-0000000000b1",
    "roles": ["Orders.Read"] } ] }"#;

/// An app with a folder for the team's queue.
fn two_folders() -> tempfile::TempDir {
    let folder = copy_of_app_files();
    let stock = std::fs::read_to_string(folder.path().join("AssignRole/function.json")).unwrap();
    let mut function: Value = serde_json::from_str(&stock).unwrap();
    function["bindings"][0]["queueName"] = TEAM_QUEUE.into();
    std::fs::create_dir(folder.path().join("AssignRoleTeam")).unwrap();
    let file = folder.path().join("AssignRoleTeam/function.json");
    std::fs::write(file, function.to_string()).unwrap();
    folder
}

fn add_identities(tenant: &Tenant) -> Vec<String> {
    let identities = managed_identities(FLOOD + FEW);
    let ids = identities.iter().map(|identity| identity.id.clone()).collect();
    for identity in identities {
        tenant.add_service_principal(identity);
    }
    ids
}

/// Whether every identity of the team has its role.
fn has_every_role(world: &World, team: &[String]) -> bool {
    team.iter().all(|id| !world.tenant.assignments_of(id).is_empty())
}

/// The number of slots that the flood got between the first and the last write of the team.
fn slots_between(world: &World, team: &[String]) -> usize {
    let writes = world.tenant.accepted_writes();
    let is_of_team = |principal: &String| team.contains(principal);
    let first = writes.iter().position(|write| is_of_team(&write.principal_id)).unwrap();
    let last = writes.iter().rposition(|write| is_of_team(&write.principal_id)).unwrap();
    let between = writes.iter().skip(first).take(last - first);
    between.filter(|write| !is_of_team(&write.principal_id)).count()
}

#[tokio::test]
async fn a_flood_of_one_queue_gets_one_slot_for_each_request_of_another() {
    let folder = two_folders();
    let mut setup = Setup::new().await.with_setting("PACE_FACTOR", "1");
    // The flood uses up the quota at once, and then every write waits for its turn.
    setup = setup.with_setting("GRAPH_WRITE_QUOTA", "10/5");
    setup.app_root = folder.path().into();
    setup.policy = Some(POLICY.to_owned());
    let quota =
        WriteQuota { writes: 10, period: Duration::from_secs(5), model: QuotaModel::FixedWindow };
    setup.tenant.set_write_quota(Some(quota));
    let ids = add_identities(&setup.tenant);
    let world = setup.start().await;
    let (flood, team) = ids.split_at(FLOOD);
    let queue = world.account.queue(TEAM_QUEUE).unwrap();
    queue.create_if_missing().await.unwrap();
    for id in flood {
        world.requests.send(&request(id, ORDERS_API, ORDERS_READ)).await.unwrap();
    }
    // The flood has used up the quota.
    world.next_results(10).await;
    for id in team {
        queue.send(&request(id, ORDERS_API, ORDERS_READ)).await.unwrap();
    }
    until(TIMEOUT, async || has_every_role(&world, team)).await.unwrap();
    let between = slots_between(&world, team);
    // Messages of the team may arrive one after another, which costs a turn each.
    assert!(between <= 2 * FEW, "the flood got {between} slots between the {FEW} of the team");
}
