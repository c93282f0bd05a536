//! What a second terminal needs to use the demo: variables to export, the program `app-role`, and commands to
//! begin with.

use anyhow::Result;
use app_process::cargo_build::workspace_root;
use tenant_emulator::contoso::BROKER_IDENTITY_RESOURCE_ID;

use crate::{
    http_call,
    local_azure::LocalAzure,
    persons::{self, APPROVER, OPERATOR, Person},
    practice_folder::PracticeFolder,
    screen::{OutputError, Screen},
};

/// A request that the demo suggests to send.
const REVOKE: &str =
    r#"{"action":"revoke","principal":"id-orders","api":"Orders API","roles":["Orders.Write"]}"#;
/// A request that waits for approval.
const ASK: &str =
    r#"{"principal":"id-orders","api":"graph","roles":["Mail.Send"],"reason":"receipts"}"#;

/// The program `app-role` in the practice folder.
const PROGRAM: &str = "bin/app-role";

/// The variables of a terminal in which a person uses `app-role`.
///
/// The emulated tenant stands in for `az login`, so `app-role` signs in by the identity endpoint.
#[must_use]
pub fn variables(
    azure: &LocalAzure,
    person: Person,
    folder: &PracticeFolder,
) -> Vec<(&'static str, String)> {
    let (tenant, storage) = (&azure.tenant, azure.account.connection_string());
    vec![
        ("APP_ROLE_AUTH", "managed-identity".to_owned()),
        ("IDENTITY_ENDPOINT", tenant.identity_endpoint()),
        ("IDENTITY_HEADER", tenant.identity_header().to_owned()),
        ("AZURE_CLIENT_ID", person.client_id.to_owned()),
        ("GRAPH_ENDPOINT", tenant.graph_endpoint().to_owned()),
        ("ARM_ENDPOINT", tenant.arm_endpoint().to_owned()),
        ("APP_ROLE_BROKER", azure.host.http_url().to_string()),
        ("APP_ROLE_BROKER_AUDIENCE", persons::AUDIENCE.to_owned()),
        // The ARM id needs no look-up, so that commands work with --offline, too.
        ("APP_ROLE_BROKER_IDENTITY", BROKER_IDENTITY_RESOURCE_ID.to_owned()),
        ("APP_ROLE_BROKER_KEY", http_call::KEY.to_owned()),
        // For curl: `app-role` asks for a token itself.
        ("BROKER_TOKEN", azure.token(person).to_owned()),
        ("APP_ROLE_REQUESTS", storage.clone()),
        ("APP_ROLE_HOST_STORAGE", storage.clone()),
        ("APP_ROLE_AUDIT", storage),
        ("APP_ROLE_CONFIG", folder.path().join("config.json").display().to_string()),
        ("POLICY_FILE", folder.policy_of(azure).display().to_string()),
    ]
}

/// The commands that sign a POSIX shell in as a person.
pub(crate) fn script(
    azure: &LocalAzure,
    person: Person,
    folder: &PracticeFolder,
) -> Result<String> {
    let exports: String = variables(azure, person, folder)
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quoted(value)))
        .collect();
    let programs = folder.path().join(PROGRAM);
    let programs = programs.with_file_name("").canonicalize()?;
    Ok(format!("{exports}export PATH={}:\"$PATH\"\n", quoted(&programs.to_string_lossy())))
}

/// Writes the program `app-role`, which is that of this source tree. Its first run builds it and says so.
pub(crate) fn write_program(folder: &PracticeFolder) -> Result<()> {
    let root = workspace_root().canonicalize()?;
    let manifest = root.join("Cargo.toml");
    let arguments =
        format!("--manifest-path {} -p app-role-cli", quoted(&manifest.to_string_lossy()));
    let built = root.join("target/debug/app-role");
    let built = quoted(&built.to_string_lossy());
    std::fs::create_dir_all(folder.path().join("bin"))?;
    folder.write(
        PROGRAM,
        &format!(
            "#!/bin/sh\n[ -x {built} ] || cargo build {arguments} || exit\nexec cargo run -q {arguments} -- \"$@\"\n"
        ),
    )?;
    make_executable(folder)
}

#[cfg(unix)]
fn make_executable(folder: &PracticeFolder) -> Result<()> {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};
    let executable = Permissions::from_mode(0o755);
    Ok(std::fs::set_permissions(folder.path().join(PROGRAM), executable)?)
}

#[cfg(not(unix))]
fn make_executable(_folder: &PracticeFolder) -> Result<()> {
    Ok(())
}

/// Prints the commands for a second terminal.
pub(crate) fn print_suggestions(
    screen: &mut Screen,
    azure: &LocalAzure,
) -> Result<(), OutputError> {
    screen.line("")?;
    screen.prose("The broker keeps running. Open a second terminal in this folder, and send a request to its queue:")?;
    screen.line("\n  cargo run -q -p demo -- send \\")?;
    screen.line(format_args!("    '{REVOKE}'\n"))?;
    if let Ok(address) = http_call::address(&azure.host) {
        http_call::print_suggestion(screen, &address)?;
    }
    screen.prose(&format!(
        "Or be {}, an operator. Each example of docs/cli.md works in the folder target/demo. The first command with app-role builds it, which takes minutes:",
        OPERATOR.name
    ))?;
    screen.line("\n  eval \"$(cargo run -q -p demo -- --print-env)\"")?;
    screen.line("  cd target/demo")?;
    screen.line("  app-role list id-orders")?;
    screen.line("  app-role doctor\n")?;
    screen.prose(&format!(
        "Or ask for a role that needs an approval, and give it as {} (see docs/approvals.md), in a third terminal:",
        APPROVER.name
    ))?;
    screen.line("\n  cargo run -q -p demo -- send \\")?;
    screen.line(format_args!("    '{ASK}'"))?;
    screen.line("  eval \"$(cargo run -q -p demo -- --print-env approver)\"")?;
    screen.line("  app-role approvals list")?;
    screen.line("  app-role approvals approve <ID>")?;
    screen.line("  app-role record show --limit 3\n")?;
    screen.prose("Results of queue requests appear here, and stay in the queue app-role-results. Press Ctrl-C to stop.")?;
    screen.line("")
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
