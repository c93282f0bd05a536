//! Building a binary of this workspace from a tool that `cargo run` started.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

/// A line of `cargo build --message-format=json` ("The Cargo Book", "External Tools").
#[derive(Deserialize)]
struct Message {
    executable: Option<String>,
}

/// Builds a binary and returns its path. The profile is release if this tool was built in release.
///
/// # Errors
///
/// If the build fails; cargo's messages are on stderr.
pub async fn build(package: &str, binary: &str) -> Result<String> {
    // `cargo run` sets the variable, so the same cargo builds both.
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    for name in variables_of_cargo_run() {
        command.env_remove(name);
    }
    let output = command
        .current_dir(workspace_root())
        .args(["build", "--locked", "--quiet", "--package", package, "--bin", binary])
        .args((!cfg!(debug_assertions)).then_some("--release"))
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .await?;
    if !output.status.success() {
        bail!("{binary} does not build; cargo's messages are above");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .find_map(|message| message.executable)
        .with_context(|| format!("cargo built {binary} and did not print its path"))
}

/// The root of this workspace, which is the folder of host.json.
#[must_use]
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The variables that `cargo run` sets for this tool's own package. Build scripts of dependencies
/// read some of them, and would run again in this build and in the next one.
fn variables_of_cargo_run() -> impl Iterator<Item = OsString> {
    let is_of_package = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    std::env::vars_os().map(|(name, _)| name).filter(is_of_package)
}
