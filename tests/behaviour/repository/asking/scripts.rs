//! The scripts of the action, run with stand-ins for the GitHub CLI and the program.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use super::action::steps;

/// Copies the prepared archive, whatever is asked for.
const GH: &str = "#!/bin/sh\necho \"$@\" > \"$FOLDER/asked\"\ncp \"$FOLDER/archive\" \"$7\"\n";

/// Writes its arguments, one in a line, and fails like a denied request.
const PROGRAM: &str =
    "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$FOLDER/arguments\"\necho '{\"exitStatus\":3}'\nexit 3\n";

struct Runner(TempDir);

impl Runner {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runner = Self(folder);
        runner.program("gh", GH);
        fs::create_dir(runner.path("packed")).unwrap();
        runner.program("packed/app-role", PROGRAM);
        let packed = Command::new("tar")
            .args(["-czf", "archive", "packed"])
            .current_dir(runner.0.path())
            .status();
        assert!(packed.unwrap().success());
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        fs::write(self.path(name), script).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn digest(&self) -> String {
        let output = Command::new("sha256sum").arg(self.path("archive")).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        said.split(' ').next().unwrap().to_owned()
    }

    /// Runs the script of a step with these variables.
    fn run(&self, step: usize, variables: &[(&str, &str)]) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let mut command = Command::new("/bin/bash");
        command
            .args(["-c", &steps()[step].1])
            .env_clear()
            .env("PATH", path)
            .env("FOLDER", self.0.path())
            .env("RUNNER_TEMP", self.0.path())
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .envs(variables.iter().copied());
        command.output().unwrap()
    }

    fn download(&self, sha256: &str) -> Output {
        let repository = ("REPOSITORY", "contoso/app-role-broker");
        self.run(0, &[repository, ("VERSION", "v0.1.0"), ("SHA256", sha256)])
    }
}

#[test]
fn an_archive_with_another_digest_is_not_unpacked() {
    let runner = Runner::new();
    for digest in ["", &"0".repeat(64), &runner.digest()[..63], "$(touch pwned)"] {
        let output = runner.download(digest);
        assert!(!output.status.success(), "{digest}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("::error::") && said.contains("not the pinned one"), "{said}");
        assert!(!runner.path("app-role/app-role").exists(), "{digest}");
    }
    let other = [("RUNNER_OS", "Plan9"), ("VERSION", "v1"), ("SHA256", "")];
    assert!(!runner.run(0, &other).status.success());
}

#[test]
fn the_program_is_asked_with_the_inputs_as_they_are() {
    let runner = Runner::new();
    let output = runner.download(&runner.digest());
    assert!(output.status.success(), "{output:?}");
    let asked = "release download v0.1.0 --repo contoso/app-role-broker --pattern \
                 app-role-x86_64-unknown-linux-musl.tar.gz --clobber\n";
    assert_eq!(runner.read("asked"), asked);
    let hostile = "a b\"; touch pwned; $(touch pwned) `touch pwned` --plan";
    let mut variables = vec![("FILE", hostile), ("QUEUE", "q"), ("TIMEOUT", "10m")];
    variables.extend([
        ("PRINCIPAL", hostile),
        ("RESULTS", ""),
        ("WAIT", "true"),
        ("PLAN", "false"),
    ]);
    let output = runner.run(1, &variables);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let summary = runner.path("summary").display().to_string();
    let expected = format!(
        "submit\n--file={hostile}\n--queue=q\n--timeout=10m\n--summary={summary}\n\
         --principal={hostile}\n--wait\n--output\njson\n"
    );
    assert_eq!(runner.read("arguments"), expected);
    let result = runner.path("app-role/result.json").display().to_string();
    assert_eq!(runner.read("output"), format!("exit-status=3\nresult={result}\n"));
    assert_eq!(runner.read("app-role/result.json"), "{\"exitStatus\":3}\n");
    assert!(!runner.path("pwned").exists() && !Path::new("pwned").exists());
}

#[test]
fn a_plan_that_is_neither_true_nor_false_ends_the_job_and_asks_for_nothing() {
    let runner = Runner::new();
    assert!(runner.download(&runner.digest()).status.success());
    let inputs = [("FILE", "f"), ("QUEUE", "q"), ("TIMEOUT", "1s"), ("PRINCIPAL", "")];
    let run = |plan: &str, wait: &str| {
        let own = [("RESULTS", ""), ("PLAN", plan), ("WAIT", wait)];
        runner.run(1, &[&inputs[..], &own].concat())
    };
    for text in ["True", "TRUE", "yes", "1", "", "true ", "true\n", "false true", "$(true)"] {
        for (plan, wait, input) in [(text, "true", "plan"), ("true", text, "wait")] {
            let output = run(plan, wait);
            assert_eq!(output.status.code(), Some(2), "{text:?}: {output:?}");
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(said, format!("::error::the input {input} must be true or false\n"));
            assert!(!runner.path("arguments").exists(), "{text:?}");
        }
    }
    assert!(runner.read("output").starts_with("exit-status=2\n"));
    assert_eq!(run("true", "false").status.code(), Some(3));
    assert!(runner.read("arguments").contains("--plan\n"));
    assert!(!runner.read("arguments").contains("--wait\n"));
}
