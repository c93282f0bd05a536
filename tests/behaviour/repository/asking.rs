//! The GitHub action that asks for app roles, and the examples for pipelines of teams.

use std::{collections::BTreeSet, path::Path};

use serde_json::{Value, json};

use crate::{
    repository::workflows::{
        files::{reviewed, text},
        yaml::parse,
    },
    world::ROOT,
};

/// The only expressions outside of scripts: inputs, and what no outsider chooses.
const EXPRESSIONS: [&str; 4] = [
    "github.action_repository",
    "github.token",
    "steps.ask.outputs.exit-status",
    "steps.ask.outputs.result",
];

/// What a script must not do: run what was fetched unchecked, or change later steps of the job.
const REFUSED: [&str; 8] =
    ["curl", "wget", "npx", "pip", "eval", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_EVENT_PATH"];

fn action() -> Value {
    parse(&text("action.yml")).unwrap()
}

/// The name, the script and the variables of each step.
fn steps() -> Vec<(String, String, Value)> {
    let action = action();
    assert_eq!(action["runs"]["using"], "composite");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = |step: &Value| {
        let known = ["name", "id", "shell", "run", "env"];
        assert!(
            step.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())),
            "{step}"
        );
        assert_eq!(step["shell"], "bash");
        let [name, run] = ["name", "run"].map(|field| step[field].as_str().unwrap().to_owned());
        (name, run, step["env"].clone())
    };
    steps.iter().map(step).collect()
}

#[test]
fn no_input_reaches_a_script_but_through_a_variable() {
    let inputs: BTreeSet<_> = action()["inputs"]
        .as_object()
        .unwrap()
        .keys()
        .map(|name| format!("inputs.{name}"))
        .collect();
    let mut used = BTreeSet::new();
    for (name, run, env) in steps() {
        assert!(run.starts_with("set -euo pipefail\n"), "{name}");
        assert!(!run.contains("${{"), "{name}");
        for word in run.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            assert!(!REFUSED.contains(&word), "{name}: {word}");
        }
        for value in env.as_object().unwrap().values() {
            let value = value.as_str().unwrap();
            let inner = value.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"));
            assert!(inputs.contains(inner.unwrap()), "{name}: {value}");
            used.insert(inner.unwrap().to_owned());
        }
    }
    assert_eq!(used, inputs, "each input has a use");
    let file = text("action.yml");
    for rest in file.split("${{ ").skip(1) {
        let expression = rest.split(" }}").next().unwrap();
        let is_known = inputs.contains(expression) || EXPRESSIONS.contains(&expression);
        assert!(is_known, "{expression}");
    }
}

#[test]
fn nothing_of_the_archive_is_used_before_its_digest_is_compared() {
    let steps = steps();
    let [(_, download, _), (_, ask, _)] = &steps[..] else { panic!("two steps") };
    let [compared, unpacked] =
        ["!= \"$SHA256\"", "tar -xzf"].map(|part| download.find(part).unwrap());
    assert!(compared < unpacked);
    assert!(!download.contains("/app-role\" ") && ask.contains("/app-role/app-role\" "));
    let inputs = &action()["inputs"];
    for pinned in ["version", "sha256"] {
        assert_eq!(inputs[pinned]["required"], "true");
        assert_eq!(inputs[pinned]["default"], Value::Null, "the caller pins it");
    }
}

#[test]
fn the_actions_of_the_example_are_pinned_and_reviewed() {
    let example = text("examples/asking/github-workflow.yml");
    let used: Vec<_> =
        example.lines().filter_map(|line| Some(line.split_once("uses: ")?.1)).collect();
    assert_eq!(used.len(), 6);
    let own = format!("contoso/app-role-broker@{}", "0".repeat(40));
    for action in used {
        assert!(action == own || reviewed().contains(&action.to_owned()), "{action}");
    }
    assert!(!example.contains("secrets."));
}

#[test]
fn the_example_of_a_file_is_valid() {
    let file: Value = serde_json::from_str(&text("examples/asking/app-roles.json")).unwrap();
    let schema: Value = serde_json::from_str(&text("schemas/app-roles.schema.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &file));
    let without_roles =
        json!({ "principal": "id-orders", "requests": [{ "api": "api://orders" }] });
    assert!(!jsonschema::is_valid(&schema, &without_roles));
}

#[test]
fn examples_give_the_rights_that_the_infrastructure_gives_to_teams() {
    let rights = text("infra/modules/requester.bicep");
    let teams = text("infra/modules/team-queues.bicep");
    for role in ["storageQueueDataMessageSender", "storageQueueDataMessageProcessor"] {
        let line = |text: &str| {
            let definition = format!("var {role} = ");
            text.lines().find(|line| line.starts_with(&definition)).unwrap().to_owned()
        };
        assert_eq!(line(&rights), line(&teams));
    }
    let terraform = text("examples/asking/terraform/main.tf");
    for right in
        ["\"Storage Queue Data Message Sender\"", "\"Storage Queue Data Message Processor\""]
    {
        assert!(terraform.contains(right), "{right}");
    }
}

/// The scripts of the action, run with stand-ins for the GitHub CLI and the program.
#[cfg(unix)]
mod scripts {
    use std::{
        fs,
        os::unix::fs::PermissionsExt as _,
        process::{Command, Output},
    };

    use tempfile::TempDir;

    use super::{Path, steps};

    /// Copies the prepared archive, whatever is asked for.
    const GH: &str = "#!/bin/sh\necho \"$@\" > \"$FOLDER/asked\"\ncp \"$FOLDER/archive\" \"$7\"\n";

    /// Writes its arguments, one in a line, and fails like a denied request.
    const PROGRAM: &str = "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$FOLDER/arguments\"\necho '{\"exitStatus\":3}'\nexit 3\n";

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

        fn path(&self, name: &str) -> std::path::PathBuf {
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
            ("PLAN", "yes"),
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
}

#[test]
fn the_configuration_of_terraform_is_formatted() {
    let folder = Path::new(ROOT).join("examples/asking/terraform");
    let formatted = std::process::Command::new("terraform")
        .args(["fmt", "-check", "-diff"])
        .arg(folder)
        .output();
    match formatted {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => eprintln!("NOT RUN: terraform is not installed"),
    }
}
