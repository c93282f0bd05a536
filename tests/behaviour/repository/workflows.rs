//! The workflows run scripts of the repository, and actions that are pinned to a commit.

use std::path::Path;

use crate::world::ROOT;

const COMMIT_DIGITS: usize = 40;

fn workflows() -> Vec<(String, String)> {
    let folder = Path::new(ROOT).join(".github/workflows");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.display().to_string(), std::fs::read_to_string(path).unwrap())
    };
    let workflows: Vec<_> = files.map(read).collect();
    assert_eq!(workflows.len(), 2);
    workflows
}

#[test]
fn every_action_is_pinned_to_a_commit_and_says_which_version_that_is() {
    for (file, text) in workflows() {
        for uses in text.split("uses: ").skip(1) {
            let line = uses.lines().next().unwrap();
            let (action, version) =
                line.split_once(" # v").unwrap_or_else(|| panic!("{file}: {line}"));
            let commit = action.split_once('@').unwrap().1;
            assert_eq!(commit.len(), COMMIT_DIGITS, "{file}: {line}");
            assert!(commit.chars().all(|c| c.is_ascii_hexdigit()), "{file}: {line}");
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{file}: {line}");
        }
    }
}

#[test]
fn a_workflow_has_at_most_read_permission_by_default_and_uses_no_secret() {
    for (file, text) in workflows() {
        let permissions = text.split("\npermissions:").nth(1).unwrap_or_else(|| panic!("{file}"));
        let granted = permissions.split("\n\n").next().unwrap().trim();
        assert!(["{}", "contents: read"].contains(&granted), "{file}: {granted}");
        assert!(!text.contains("secrets."), "{file}");
        assert!(!text.contains("pull_request_target"), "{file}");
    }
}

#[test]
fn only_the_job_of_a_protected_environment_signs_in_to_azure() {
    for (file, text) in workflows() {
        for job in text.split("\n    runs-on:").skip(1).filter(|job| job.contains("azure/login@")) {
            assert!(job.contains("\n    environment: production\n"), "{file}");
        }
    }
    let template = std::fs::read_to_string(Path::new(ROOT).join("infra/deployer.bicep")).unwrap();
    assert!(template.contains("param environmentName string = 'production'"));
}

#[test]
fn scripts_that_workflows_and_azd_run_are_executable() {
    for script in [".ci/run", "scripts/package.sh", "infra/graph/grant.sh"] {
        let path = Path::new(ROOT).join(script);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("#!/usr/bin/env bash\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_ne!(mode & 0o111, 0, "{script}");
        }
    }
}
