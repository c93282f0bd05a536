//! The demo's new identity: it is created, and has its roles before anybody asks for them.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use storage_emulator::Entity;

use super::{report::Row, stage::Stage};
use crate::Outcome;

/// What is created, in a resource group for which the demo's policy has a baseline.
const RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-orders-dev/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders-export";
const ASKED: &str = "nobody asks: id-orders-export is created in rg-orders-dev";
const EXPECTED: &str = "assigned";

/// How long Microsoft Graph takes to know it, as it does on a good day.
const REPLICATION: Duration = Duration::from_secs(3);

/// Creates the identity and waits until the broker has done with the event. Answers its object id, too.
///
/// There is no result, since nobody asked: what came of it is in the record.
pub(super) async fn play(stage: &Stage) -> Outcome<(Row, String)> {
    let began = Instant::now();
    let created = stage.tenant.create_user_assigned_identity(RESOURCE_ID, REPLICATION);
    let finished = stage.host.invocations().len();
    stage.events.send(&STANDARD.encode(created.event.to_string())).await?;
    stage.succeeds_after(finished).await?;
    let took = began.elapsed();
    let record = stage.record.entities().await?;
    let roles: Vec<_> =
        record.iter().filter(|row| row.partition_key == created.object_id).map(role).collect();
    let row = Row::new(ASKED, EXPECTED, &json!({ "roles": roles }), took);
    Ok((row, created.object_id))
}

/// A row of the record, as a result has it.
fn role(row: &Entity) -> serde_json::Value {
    let text = |name: &str| row.properties.get(name).and_then(|value| value.as_str());
    json!({
        "status": text("status"),
        "value": text("appRoleValue"),
        "rule": text("rule"),
        "message": text("message"),
    })
}
