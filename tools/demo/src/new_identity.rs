//! The demo's new identity, which gets its baseline roles without a request.

use std::time::{Duration, Instant};

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    local_azure::LocalAzure,
    report::{Step, role_outcome},
};

/// The new identity, in a resource group for which the demo's policy has a baseline.
const RESOURCE_ID: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-orders-dev/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders-export";
const TITLE: &str = "The identity id-orders-export is created in rg-orders-dev";
const EXPECTED: &[&str] = &["assigned"];

/// The time until Microsoft Graph knows the new identity, as on a good day in Azure.
const REPLICATION: Duration = Duration::from_secs(3);

/// Creates the identity and waits until the broker has handled the event. Returns the step and the
/// identity's object id.
///
/// An event has no result message, so the outcome is read from the audit record.
pub(crate) async fn play(azure: &LocalAzure) -> Result<(Step, String)> {
    let began = Instant::now();
    let created = azure.tenant.create_user_assigned_identity(RESOURCE_ID, REPLICATION);
    let event = STANDARD.encode(created.event.to_string());
    let id = azure.events.send_identified(&event).await?;
    azure.wait_for_success(&id).await?;
    let took = began.elapsed();
    let record = azure.record.entities().await?;
    let of_identity = record.iter().filter(|row| row.partition_key == created.object_id);
    let roles: Vec<_> = of_identity.map(role_outcome).collect();
    let step = Step::new(TITLE, EXPECTED, &json!({ "roles": roles }), took);
    Ok((step, created.object_id))
}
