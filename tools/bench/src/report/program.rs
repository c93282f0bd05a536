//! A run of `app-role report`.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use app_process::process_memory::peak_kilobytes;
use serde::Deserialize;
use tenant_emulator::Tenant;
use tokio::{process::Command, time::interval};

use super::population::OPERATOR_CLIENT_ID;

/// The interval between looks at the memory of the program.
const INTERVAL: Duration = Duration::from_millis(20);

/// How the program ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) seconds: f64,
    pub(super) peak_kilobytes: u64,
    pub(super) assignments: usize,
    pub(super) is_complete: bool,
}

/// What the program prints.
#[derive(Deserialize)]
struct Summary {
    assignments: usize,
    complete: bool,
}

/// Runs the program in a folder with a policy. The report includes the record, if there is an account
/// with it.
pub(super) async fn run(
    (program, folder): (&str, &Path),
    file: &str,
    tenant: &Tenant,
    account: Option<&str>,
) -> Result<Outcome> {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(["report", "-o", file, "--output", "json"])
        .env_clear()
        .envs(tenant.environment())
        .env("AZURE_CLIENT_ID", OPERATOR_CLIENT_ID)
        .env("APP_ROLE_AUTH", "managed-identity")
        .env("APP_ROLE_AUDIT", account.unwrap_or_default())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let id = child.id().context("the program has ended at once")?;
    let mut looks = interval(INTERVAL);
    let mut peak = 0;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = looks.tick() => peak = peak.max(peak_kilobytes(id).unwrap_or_default()),
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let output = child.wait_with_output().await?;
    if !status.success() {
        let printed = String::from_utf8_lossy(&output.stdout);
        bail!("app-role report failed with {status}; its message is above. It printed: {printed}");
    }
    let summary: Summary = serde_json::from_slice(&output.stdout)?;
    let Summary { assignments, complete } = summary;
    Ok(Outcome { seconds, peak_kilobytes: peak, assignments, is_complete: complete })
}
