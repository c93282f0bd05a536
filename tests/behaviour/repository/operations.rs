//! Commands in the docs for operators name files, parameters and outputs that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    repository::bicep::{Template, templates},
    world::ROOT,
};

const DOCS: [&str; 11] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/operations.md",
    "docs/policy.md",
    "docs/policy-reference.md",
    "docs/quick-start-azure.md",
    "docs/security.md",
    "docs/settings.md",
    "docs/troubleshooting.md",
    "docs/not-yet-exercised.md",
];

/// The folders that paths in the docs start with.
const FOLDERS: [&str; 5] = ["infra/", "scripts/", "docs/", ".github/", "schemas/"];

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

/// The shell commands of a page, each on one line.
fn commands(file: &str) -> Vec<String> {
    let text = text(file);
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .flat_map(|block| {
            let joined = block.replace("\\\n", " ");
            joined.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        })
        .collect()
}

/// The words of a text that look like a path in this repository.
fn paths(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "./-_".contains(c);
    text.split(|c| !is_part(c))
        .map(|word| word.trim_start_matches("../").trim_end_matches('.'))
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)))
        .collect()
}

#[test]
fn every_file_that_the_docs_name_exists() {
    let mut found = 0;
    for doc in DOCS {
        for path in paths(&text(doc)) {
            assert!(Path::new(ROOT).join(path).exists(), "{doc}: {path}");
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}

/// The names of the parameters in `--parameters a=1 b=2`.
fn given(command: &str) -> BTreeSet<&str> {
    let Some(parameters) = command.split("--parameters ").nth(1) else { return BTreeSet::new() };
    let names = parameters.split(' ').filter_map(|word| word.split_once('='));
    names.map(|(name, _)| name).collect()
}

#[test]
fn every_deployment_in_the_docs_passes_the_parameters_that_its_template_requires() {
    let mut deployments = 0;
    for command in DOCS.into_iter().flat_map(commands) {
        let Some(rest) = command.split("--template-file ").nth(1) else { continue };
        let file = rest.split(' ').next().unwrap();
        let parameters = Template::read(Path::new(file)).parameters();
        let given = given(&command);
        for name in &given {
            assert!(parameters.contains_key(*name), "{file} has no parameter {name}: {command}");
        }
        for (name, required) in &parameters {
            assert!(!required || given.contains(name.as_str()), "{file} needs {name}: {command}");
        }
        deployments += 1;
    }
    assert!(deployments >= 5, "{deployments}");
}

/// The program of a command with its subcommand, without options and arguments.
fn subcommand(command: &str) -> Option<String> {
    let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let words = command.split(' ').take_while(|word| is_word(word) && !word.starts_with('-'));
    let words: Vec<_> = words.collect();
    match words.first() {
        Some(&"app-role") => Some(words[..2].join(" ")),
        Some(&("az" | "azd" | "gh" | "curl")) => Some(words.join(" ")),
        _ => None,
    }
}

#[test]
fn every_command_of_the_operators_is_in_the_table_of_roles() {
    let operations = text("docs/operations.md");
    let table = operations.split("\n## Commands and the roles they need\n").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let named: BTreeSet<_> = table.split('`').skip(1).step_by(2).collect();
    let mut used = BTreeSet::new();
    for command in commands("docs/operations.md") {
        let pipeline = command.split(" | ").filter_map(|part| subcommand(part.trim()));
        used.extend(pipeline);
    }
    assert!(used.len() > 12, "{used:?}");
    let missing: Vec<_> = used.iter().filter(|command| !named.contains(command.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_quick_start_quotes_what_the_package_script_says() {
    assert!(
        text("docs/quick-start-azure.md")
            .contains("`this Rust cannot build for x86_64-unknown-linux-musl`")
    );
    let script = text("scripts/package.sh");
    assert!(script.contains("\ntarget=x86_64-unknown-linux-musl\n"));
    assert!(script.contains("\n. scripts/static-linux.sh\n"));
    assert!(text("scripts/static-linux.sh").contains("this Rust cannot build for $target"));
}

#[test]
fn the_rule_and_the_request_of_the_quick_start_are_valid() {
    let page = text("docs/quick-start-azure.md");
    let principal = "c0a70500-0000-4000-8000-0000000000c0";
    let policy = page.split("<<RULE\n").nth(1).unwrap().split("RULE\n").next().unwrap();
    let policy = policy.replace("$test_identity", principal);
    app_roles::policy::Policy::parse(policy.as_bytes()).unwrap();
    let request = page.split("--content \"").nth(1).unwrap().split("}\"").next().unwrap();
    let request = format!("{request}}}").replace("\\\"", "\"").replace("$test_identity", principal);
    app_roles::request::Request::decode(request.as_bytes()).unwrap();
}

#[test]
fn the_lowest_version_of_the_azure_cli_is_the_same_everywhere() {
    // 2.87.0 is the first release with Azure/azure-cli#33388.
    let pages = ["docs/operations.md", "docs/quick-start-azure.md"];
    for page in pages.map(text) {
        assert!(page.contains("2.87 or later"));
    }
}

#[test]
fn every_parameter_that_the_docs_set_exists() {
    let templates: Vec<_> = templates().into_iter().flat_map(|t| t.parameters()).collect();
    let names: BTreeMap<_, _> = templates.into_iter().collect();
    let operations = text("docs/operations.md");
    for code in operations.split('`').skip(1).step_by(2).filter(|code| !code.contains('\n')) {
        for (name, _) in code.split(' ').filter_map(|word| word.split_once('=')) {
            let is_parameter_like = name.chars().all(|c| c.is_ascii_alphabetic());
            assert!(!is_parameter_like || names.contains_key(name), "{name}");
        }
    }
}

#[test]
fn every_output_that_the_docs_read_exists() {
    let outputs = Template::read(Path::new("infra/main.bicep")).outputs();
    let operations = text("docs/operations.md");
    for rest in operations.split('<').skip(1) {
        let name = rest.split('>').next().unwrap();
        if name.contains('_') && name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
            assert!(outputs.contains(name), "{name}");
        }
    }
    for name in ["BROKER_PRINCIPAL_ID", "BROKER_APP_NAME", "REQUEST_STORAGE_ID"] {
        assert!(operations.contains(name), "{name}");
    }
}
