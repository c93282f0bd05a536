//! The files that the rules apply to.

use std::path::Path;

use crate::{repository::workflows::rules::faults, world::ROOT};

pub(crate) fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

pub(crate) fn workflow(name: &str) -> String {
    text(&format!(".github/workflows/{name}"))
}

pub(crate) fn workflows() -> Vec<(String, String)> {
    let folder = Path::new(ROOT).join(".github/workflows");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let workflows: Vec<_> = files
        .map(|name| name.into_string().unwrap())
        .map(|name| (name.clone(), workflow(&name)))
        .collect();
    assert_eq!(workflows.len(), 2);
    workflows
}

/// The actions that the page about dependencies names, as workflows write them.
pub(crate) fn reviewed() -> Vec<String> {
    let page = text("docs/dependencies.md");
    let section =
        page.split("\n## In the workflows\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let action = |row: &str| {
        let (action, rest) = row.split_once("` | ").unwrap();
        let (version, rest) = rest.split_once(" | `").unwrap();
        let commit = rest.split('`').next().unwrap();
        format!("{action}@{commit} # {version}")
    };
    rows.map(action).collect()
}

pub(crate) fn faults_of(text: &str) -> Vec<String> {
    faults(text, &reviewed())
}
