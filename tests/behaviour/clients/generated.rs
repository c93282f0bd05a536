//! Clients that generators make from the OpenAPI documents, against the app.

use std::{
    path::Path,
    process::{Command, Output},
};

use pinned_packages::{Installation, InstallationError, Installer, PinnedPackages};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::tools::{self, text};
use crate::{
    http::caller::{TEAM_KEY, setup},
    world::ROOT,
};

const TYPE_SCRIPT: PinnedPackages = PinnedPackages {
    name: "generator-typescript",
    files: &[
        ("package.json", include_str!("typescript/package.json")),
        ("package-lock.json", include_str!("typescript/package-lock.json")),
        (".npmrc", include_str!("typescript/.npmrc")),
    ],
    installer: Installer::Npm,
};
const PYTHON: PinnedPackages = PinnedPackages {
    name: "generator-python",
    files: &[("requirements.txt", include_str!("python/requirements.txt"))],
    installer: Installer::Pip,
};

/// The folder of the programs that use the clients.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/behaviour/clients");

/// The documents from which a client is made.
const DOCUMENTS: [&str; 2] = ["docs/openapi.json", "docs/openapi-3.0.json"];

fn succeeded(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    output
}

/// The types of the API and the program that uses them, compiled. The folder is where Node.js finds packages.
fn type_script_client(installation: &Installation, document: &str) -> TempDir {
    let folder = tempfile::tempdir_in(installation.folder()).unwrap();
    let types = folder.path().join("api.d.ts");
    succeeded(
        node(installation, "openapi-typescript/bin/cli.js")
            .arg(Path::new(ROOT).join(document))
            .arg("--output")
            .arg(types),
    );
    let program = folder.path().join("client.ts");
    std::fs::copy(Path::new(PROGRAMS).join("typescript/client.ts"), &program).unwrap();
    let options = ["--strict", "--target", "es2022", "--module", "node16", "--types", "node"];
    succeeded(node(installation, "typescript/bin/tsc").args(options).arg(&program));
    folder
}

fn node(installation: &Installation, program: &str) -> Command {
    let mut command = installation.interpreter();
    command.arg(installation.folder().join("node_modules").join(program));
    command.current_dir(installation.folder());
    command
}

/// The package of the client, beside the program that uses it.
fn python_client(installation: &Installation, document: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    succeeded(
        installation
            .interpreter()
            .args(["-m", "openapi_python_client", "generate", "--meta", "none"])
            .arg("--fail-on-warning")
            .arg("--config")
            .arg(Path::new(PROGRAMS).join("python/generator.yaml"))
            .arg("--path")
            .arg(Path::new(ROOT).join(document))
            .arg("--output-path")
            .arg(folder.path().join("broker_client")),
    );
    let program = folder.path().join("client.py");
    std::fs::copy(Path::new(PROGRAMS).join("python/client.py"), program).unwrap();
    folder
}

/// Makes a client from each document, and runs its program against an app of its own.
async fn ask_with_each(
    installation: Installation,
    make: fn(&Installation, &str) -> TempDir,
    program: &'static str,
) {
    for document in DOCUMENTS {
        let world = setup().await.start().await;
        let broker = world.host.http_url().to_string();
        let installation = installation.clone();
        let run = move || {
            let folder = make(&installation, document);
            let mut command = installation.interpreter();
            succeeded(command.arg(folder.path().join(program)).args([&broker, TEAM_KEY]))
        };
        let output = spawn_blocking(run).await.unwrap();
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_seen(&seen, document);
    }
}

fn assert_seen(seen: &Value, document: &str) {
    let of = |ask: &str| (seen[ask]["status"].clone(), seen[ask]["roles"][0]["status"].clone());
    assert_eq!(of("granted"), (json!(201), json!("assigned")), "{document}: {seen}");
    assert_eq!(of("again"), (json!(200), json!("alreadyAssigned")), "{document}: {seen}");
    assert_eq!(of("denied"), (json!(403), json!("denied")), "{document}: {seen}");
    assert_eq!(seen["denied"]["type"], "urn:app-role-broker:problem:denied", "{document}");
    assert_eq!(seen["denied"]["roles"][0]["code"], "noRuleForRole", "{document}");
    assert_eq!(seen["held"], json!(["Orders.Read"]), "{document}");
}

#[tokio::test]
async fn a_generated_type_script_client_asks_reads_and_knows_results_from_problems() {
    let installation = spawn_blocking(|| TYPE_SCRIPT.ensure()).await.unwrap().unwrap();
    ask_with_each(installation, type_script_client, "client.js").await;
}

#[tokio::test]
async fn a_generated_python_client_asks_reads_and_knows_results_from_problems() {
    match spawn_blocking(|| PYTHON.ensure()).await.unwrap() {
        Ok(installation) => ask_with_each(installation, python_client, "client.py").await,
        Err(altered @ InstallationError::Altered { .. }) => panic!("{altered}"),
        Err(error) => tools::not_run("a generated Python client", &error.to_string()),
    }
}
