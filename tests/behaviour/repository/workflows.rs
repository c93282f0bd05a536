//! The workflows keep the rules of the supply chain, and run scripts that exist.

pub(crate) mod files;
mod refused;
mod rules;
pub(crate) mod yaml;

use std::{collections::BTreeSet, path::Path};

use crate::{
    repository::workflows::files::{faults_of, reviewed, text, workflow, workflows},
    world::ROOT,
};

#[test]
fn the_workflows_keep_every_rule() {
    for (file, text) in workflows() {
        assert_eq!(faults_of(&text), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn the_page_about_dependencies_names_exactly_the_actions_that_are_used() {
    let used: BTreeSet<_> = workflows()
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| Some(line.split_once("uses: ")?.1.to_owned()))
        .collect();
    assert_eq!(reviewed().into_iter().collect::<BTreeSet<_>>(), used);
}

#[test]
fn the_environment_that_deploys_is_the_one_that_azure_trusts() {
    let template = text("infra/deployer.bicep");
    assert!(template.contains("param environmentName string = 'production'"));
}

#[test]
fn the_dependencies_are_checked_before_a_change_lands() {
    let script = text("scripts/check-dependencies.sh");
    assert!(script.contains("cargo deny --locked check bans licenses sources"), "{script}");
    assert!(script.contains("cargo install cargo-deny --locked --version \"$version\""));
    let version = script.split("version=").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3);
    assert!(text(".ci/run").contains("\nstep scripts/check-dependencies.sh\n"));
    assert!(workflow("ci.yml").contains("- run: scripts/check-dependencies.sh --advisories\n"));
}

#[test]
fn the_docs_verify_a_release_as_the_workflow_does() {
    let operations = text("docs/operations.md");
    for option in
        ["--repo ", "--signer-workflow ", "--source-ref refs/tags/", "--deny-self-hosted-runners"]
    {
        assert!(operations.contains(option), "{option}");
    }
}

#[test]
fn scripts_that_workflows_and_azd_run_are_executable() {
    let scripts = [
        ".ci/run",
        "scripts/package.sh",
        "scripts/package-cli.sh",
        "scripts/check-container.sh",
        "scripts/check-dependencies.sh",
        "infra/graph/grant.sh",
    ];
    for script in scripts {
        let path = Path::new(ROOT).join(script);
        assert!(text(script).starts_with("#!/usr/bin/env bash\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_ne!(mode & 0o111, 0, "{script}");
        }
    }
}
