//! The end of the assignment that was made over HTTP. No request causes it.

use std::time::Duration;

use anyhow::{Result, bail};
use app_process::app::ENDS;
use serde_json::json;
use storage_emulator::Entity;
use tenant_emulator::contoso::REPORTS_IDENTITY;
use tokio::time::Instant;

use crate::{
    http_call::TemporaryAssignment,
    local_azure::{LocalAzure, PATIENCE},
    report::{Step, role_outcome},
};

const TITLE: &str = "Orders.Write for id-reports ends by itself";
const EXPECTED: &[&str] = &["revoked"];

/// The pause between two looks at the record.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until the timer has removed the role.
///
/// A timer has no result message, so the outcome is read from the audit record. The time of the step is that
/// since the request.
pub(crate) async fn play(azure: &LocalAzure, assignment: &TemporaryAssignment) -> Result<Step> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let rows = azure.record.entities().await?;
        let is_end = |row: &&Entity| {
            let function = row.properties.get("function").and_then(|value| value.as_str());
            row.partition_key == REPORTS_IDENTITY && function == Some(ENDS)
        };
        let roles: Vec<_> = rows.iter().filter(is_end).map(role_outcome).collect();
        if !roles.is_empty() {
            let took = assignment.requested.elapsed();
            return Ok(Step::new(TITLE, EXPECTED, &json!({ "roles": roles }), took));
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("the assignment has not ended; run with --verbose to see the log");
}
