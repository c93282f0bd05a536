//! Building the binaries that run beside this one, as their user would.

use std::{ffi::OsString, path::Path, process::Stdio};

use serde::Deserialize;
use tokio::process::Command;

use crate::Outcome;

/// A binary of this workspace.
#[derive(Clone, Copy)]
pub(crate) struct Binary {
    package: &'static str,
    name: &'static str,
}

/// The handler.
pub(super) const HANDLER: Binary = Binary { package: "app-role-broker", name: "app-role-broker" };

/// The least that a handler can be, for comparison.
pub(crate) const BARE_HANDLER: Binary = Binary { package: "local", name: "bare-handler" };

/// One line of `cargo build --message-format=json` ("The Cargo Book", external tools).
#[derive(Deserialize)]
struct Message {
    executable: Option<String>,
}

/// Builds a binary and answers where it lies; in release if this binary was.
pub(crate) async fn build(binary: Binary) -> Outcome<String> {
    let Binary { package, name } = binary;
    // Set by `cargo run`, so that the same cargo builds both.
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    for name in variables_of_cargo_run() {
        command.env_remove(name);
    }
    let output = command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .args(["build", "--locked", "--quiet", "--package", package, "--bin", name])
        .args((!cfg!(debug_assertions)).then_some("--release"))
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("{name} does not build; cargo's messages are above").into());
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .find_map(|message| message.executable)
        .ok_or_else(|| format!("cargo built {name} and did not say where").into())
}

/// What `cargo run` tells this binary about its own package. Build scripts of dependencies that
/// read the same variables would run again, here and in the next build by hand.
fn variables_of_cargo_run() -> impl Iterator<Item = OsString> {
    let is_of_package = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    std::env::vars_os().map(|(name, _)| name).filter(is_of_package)
}
