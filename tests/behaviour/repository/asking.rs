//! The GitHub action that asks for app roles, and the examples for pipelines of teams.

mod action;
mod scripts;

use std::{collections::BTreeSet, path::Path};

use action::{action, steps};
use serde_json::{Value, json};

use crate::{
    repository::workflows::files::{reviewed, text},
    world::ROOT,
};

/// The only expressions allowed outside scripts: inputs, and values that no outsider can choose.
const EXPRESSIONS: [&str; 4] = [
    "github.action_repository",
    "github.token",
    "steps.ask.outputs.exit-status",
    "steps.ask.outputs.result",
];

/// What a script must not do: run what was fetched unchecked, or change later steps of the job.
const REFUSED: [&str; 8] =
    ["curl", "wget", "npx", "pip", "eval", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_EVENT_PATH"];

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
