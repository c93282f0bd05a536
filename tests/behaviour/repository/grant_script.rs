//! The script with which an administrator assigns the broker its two roles. A stand-in for the Azure CLI
//! answers like Graph and keeps what is created.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::world::ROOT;

const BROKER: &str = "c0a70500-0000-4000-8000-0000000000f0";
const GRAPH: &str = "c0a70500-0000-4000-8000-0000000000a0";
const ASSIGN_ROLES: &str = "06b708a9-e830-4db3-a914-8e69da51d44f";
const READ_APPLICATIONS: &str = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30";

/// The stand-in matches the queries of the script as text and does not interpret them.
const AZ: &str = r#"#!/usr/bin/env bash
created="$(dirname "$0")/created"
refusal="$(dirname "$0")/refusal"
role() { case "$*" in *AppRoleAssignment.ReadWrite.All*|*06b708a9*) echo @ASSIGN@;; *) echo @READ@;; esac; }
case "$*" in
  *"--method post --url https://graph.microsoft.com/v1.0/servicePrincipals/@GRAPH@/appRoleAssignedTo"*)
    if [[ -f $refusal ]]; then cat "$refusal" >&2; exit 1; fi
    printf '%s\n' "$*" >> "$created" ;;
  *"/servicePrincipals/@BROKER@ --query servicePrincipalType"*) echo @KIND@ ;;
  *"/servicePrincipals(appId='00000003-0000-0000-c000-000000000000') --query id"*) echo @GRAPH@ ;;
  *"/servicePrincipals/@GRAPH@ --query appRoles"*) role "$*" ;;
  *"/servicePrincipals/@BROKER@/appRoleAssignments"*) grep -c "$(role "$*")" "$created" || true ;;
  *) echo "Not Found: $*" >&2; exit 1 ;;
esac
"#;

fn azure_cli(kind: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = AZ
        .replace("@ASSIGN@", ASSIGN_ROLES)
        .replace("@READ@", READ_APPLICATIONS)
        .replace("@BROKER@", BROKER)
        .replace("@GRAPH@", GRAPH)
        .replace("@KIND@", kind);
    let az = folder.path().join("az");
    fs::write(&az, script).unwrap();
    fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("created"), "").unwrap();
    folder
}

#[expect(clippy::disallowed_methods, reason = "the script needs the system's commands")]
fn run(azure_cli: &TempDir, arguments: &[&str]) -> Output {
    let path = format!("{}:{}", azure_cli.path().display(), std::env::var("PATH").unwrap());
    let script = Path::new(ROOT).join("infra/graph/grant.sh");
    Command::new(script).args(arguments).env("PATH", path).output().unwrap()
}

fn created(azure_cli: &TempDir) -> String {
    fs::read_to_string(azure_cli.path().join("created")).unwrap()
}

#[test]
fn it_assigns_the_two_roles_once_even_if_it_is_run_twice() {
    let azure_cli = azure_cli("ManagedIdentity");
    for _ in 0..2 {
        let output = run(&azure_cli, &[BROKER]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let created = created(&azure_cli);
    let [first, second] = created.lines().collect::<Vec<_>>()[..] else { panic!("{created}") };
    for (line, role) in [(first, ASSIGN_ROLES), (second, READ_APPLICATIONS)] {
        let body =
            format!(r#"{{"principalId":"{BROKER}","resourceId":"{GRAPH}","appRoleId":"{role}"}}"#);
        assert!(line.contains(&body), "{line}");
    }
}

#[test]
fn it_prints_what_the_quick_start_shows() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/quick-start-azure.md")).unwrap();
    let shown = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let output = run(&azure_cli("ManagedIdentity"), &[BROKER]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.starts_with(shown), "{stdout}");
}

/// Makes Graph refuse every assignment with these words, as the Azure CLI prints them.
fn refuse(azure_cli: &TempDir, message: &str) {
    let error = format!(r#"ERROR: Bad Request({{"error":{{"code":"x","message":"{message}"}}}})"#);
    fs::write(azure_cli.path().join("refusal"), error).unwrap();
}

#[test]
fn a_role_that_the_list_does_not_show_yet_counts_as_assigned() {
    let azure_cli = azure_cli("ManagedIdentity");
    refuse(&azure_cli, "Permission being assigned already exists on the object");
    let output = run(&azure_cli, &[BROKER]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout.matches(": assigned\n").count(), 2, "{stdout}");
    assert_eq!(created(&azure_cli), "");
}

#[test]
fn the_reason_of_any_other_refusal_is_shown() {
    for message in [
        "Insufficient privileges to complete the operation.",
        "Not a valid reference update.",
        "Another object with the same value already exists.",
    ] {
        let azure_cli = azure_cli("ManagedIdentity");
        refuse(&azure_cli, message);
        let output = run(&azure_cli, &[BROKER]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        for part in [message, "Graph refused to assign AppRoleAssignment.ReadWrite.All"] {
            assert!(stderr.contains(part), "{stderr}");
        }
    }
}

#[test]
fn an_identity_that_is_not_the_brokers_gets_nothing() {
    for (kind, arguments, expected) in [
        (
            "Application",
            vec![BROKER],
            "has the type Application; the broker's identity must be a ManagedIdentity",
        ),
        ("ManagedIdentity", vec![GRAPH], "Graph knows no service principal"),
        ("ManagedIdentity", vec![], "BROKER_PRINCIPAL_ID"),
        ("ManagedIdentity", vec!["id-broker"], "BROKER_PRINCIPAL_ID"),
    ] {
        let azure_cli = azure_cli(kind);
        let output = run(&azure_cli, &arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
        assert_eq!(created(&azure_cli), "");
    }
}
