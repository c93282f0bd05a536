//! What a second terminal needs to approve with `app-role`: a file to source, and the commands.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::path::{Path, PathBuf};

use anyhow::Result;
use app_process::cargo_build::workspace_root;

use crate::{approver, local_azure::LocalAzure};

/// The file, relative to the root of the source tree.
const FILE: &str = "target/demo.env";

/// A request that waits for approval.
const WAITING_REQUEST: &str =
    r#"{"principal":"id-orders","api":"graph","roles":["Mail.Send"],"reason":"receipts"}"#;

/// The file that signs a terminal in as the approver. Dropping it deletes the file.
pub(crate) struct SecondTerminal {
    file: PathBuf,
}

impl SecondTerminal {
    /// Writes the file.
    pub(crate) fn prepare(azure: &LocalAzure) -> Result<Self> {
        let root = workspace_root().canonicalize()?;
        let file = root.join(FILE);
        std::fs::create_dir_all(file.with_file_name(""))?;
        std::fs::write(&file, script(azure, &root))?;
        Ok(Self { file })
    }

    /// Prints the commands for the second terminal.
    pub(crate) fn print_suggestion(&self, azure: &LocalAzure) {
        println!("Or be a team that asks and the approver who decides (see docs/approvals.md).");
        println!("In a second terminal, here in this folder:\n");
        println!("  cargo run -q -p demo -- send --port {} \\", azure.queue_port);
        println!("    '{WAITING_REQUEST}'");
        println!("  . {FILE}    # signs the terminal in as {}", approver::NAME);
        println!("  app-role approvals list");
        println!("  app-role approvals show <ID>");
        println!("  app-role approvals approve <ID>");
        println!("  app-role record show --limit 4\n");
    }
}

impl Drop for SecondTerminal {
    fn drop(&mut self) {
        // If it stays, it names a tenant that has stopped, and the next demo replaces it.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// The commands of the file. The emulated tenant stands in for `az login`, so `app-role` signs in by the
/// identity endpoint.
fn script(azure: &LocalAzure, root: &Path) -> String {
    let tenant = &azure.tenant;
    let broker = azure.host.http_url();
    let variables = [
        ("APP_ROLE_AUTH", "managed-identity"),
        ("IDENTITY_ENDPOINT", &tenant.identity_endpoint()),
        ("IDENTITY_HEADER", tenant.identity_header()),
        ("AZURE_CLIENT_ID", approver::CLIENT_ID),
        ("GRAPH_ENDPOINT", tenant.graph_endpoint()),
        ("ARM_ENDPOINT", tenant.arm_endpoint()),
        ("APP_ROLE_BROKER", broker.as_str()),
        ("APP_ROLE_BROKER_AUDIENCE", approver::AUDIENCE),
        ("APP_ROLE_AUDIT", &azure.connection_string),
    ];
    let exports = variables.map(|(name, value)| format!("export {name}={}\n", quoted(value)));
    let manifest = root.join("Cargo.toml");
    let tool = format!(
        "cargo run -q --manifest-path {} -p app-role-cli --",
        quoted(&manifest.to_string_lossy())
    );
    format!("{}alias app-role={}\n", exports.concat(), quoted(&tool))
}

/// Quotes a text for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_a_quoted_text_as_it_is() {
        assert_eq!(quoted("Key=a==;B=$x"), "'Key=a==;B=$x'");
        assert_eq!(quoted("anna's"), r"'anna'\''s'");
    }
}
