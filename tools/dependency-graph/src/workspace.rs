//! The packages of the workspace, from `cargo metadata`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{
    graph::Graph,
    source_tree::{self, Module},
};

/// The packages of a workspace.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// In the order of `cargo metadata`.
    pub packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name in `Cargo.toml`.
    pub name: String,
    /// The path of its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// Every dependency in its `Cargo.toml`.
    pub dependencies: Vec<Dependency>,
    /// Its library, binaries and tests.
    pub targets: Vec<Target>,
}

/// A dependency as `Cargo.toml` states it.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The package that is used.
    pub name: String,
    /// `None` for a normal dependency, otherwise `dev` or `build`.
    pub kind: Option<String>,
    /// The folder of the package, if it is part of this repository.
    pub path: Option<PathBuf>,
}

/// A crate that is built from a package.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// The name of the crate.
    pub name: String,
    /// `lib`, `bin`, `test` and so on.
    pub kind: Vec<String>,
    /// The root file of the crate.
    pub src_path: PathBuf,
}

impl Workspace {
    /// Asks Cargo for the packages of the workspace that contains `folder`.
    ///
    /// # Errors
    /// When `cargo metadata` fails.
    pub fn read(folder: &Path) -> Result<Self> {
        let output = Command::new("cargo")
            .current_dir(folder)
            .args(["metadata", "--format-version=1", "--no-deps"])
            .output()
            .context("cannot run cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).context("cannot read the output of cargo metadata")
    }

    /// The packages with these names; all packages if there are no names.
    ///
    /// # Errors
    /// When the workspace has no package of a name.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Package>> {
        if names.is_empty() {
            return Ok(self.packages.iter().collect());
        }
        let find = |name: &String| {
            let found = self.packages.iter().find(|package| package.name == *name);
            found.with_context(|| format!("the workspace has no package {name}"))
        };
        names.iter().map(find).collect()
    }

    /// Which package of the workspace links which. Dependencies of tests are not part of it.
    #[must_use]
    pub fn crate_graph(&self) -> Graph {
        let mut graph = Graph::default();
        for package in &self.packages {
            graph.add_node(&package.name);
            let linked =
                package.dependencies.iter().filter(|used| used.kind.as_deref() != Some("dev"));
            for used in linked.filter(|used| used.path.is_some()) {
                graph.add_edge(&package.name, &used.name);
            }
        }
        graph
    }
}

impl Package {
    /// The folder of the package.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("/"))
    }

    /// The crates of the package that have modules worth a graph; a build script has none.
    pub fn crates(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| !target.kind.iter().any(|kind| kind == "custom-build"))
    }
}

impl Target {
    /// The name of the package, and of the crate unless it is the package's library.
    #[must_use]
    pub fn title(&self, package: &Package) -> String {
        match self.kind.first().map(String::as_str) {
            Some("lib") | None => package.name.clone(),
            Some(kind) => format!("{}, {kind} {}", package.name, self.name),
        }
    }

    /// Whether the crate is a test, a benchmark or an example.
    #[must_use]
    pub fn is_for_tests(&self) -> bool {
        self.kind.iter().any(|kind| ["test", "bench", "example"].contains(&kind.as_str()))
    }

    /// Reads the modules of the crate.
    ///
    /// # Errors
    /// When a source file is missing or is not valid Rust.
    pub fn modules(&self) -> Result<Vec<Module>> {
        source_tree::read(&self.src_path, &|file| std::fs::read_to_string(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"packages": [
        {"name": "a", "manifest_path": "/w/a/Cargo.toml", "targets": [
            {"name": "a", "kind": ["lib"], "src_path": "/w/a/src/lib.rs"},
            {"name": "build-script-build", "kind": ["custom-build"], "src_path": "/w/a/build.rs"}],
         "dependencies": [
            {"name": "b", "kind": null, "path": "/w/b"},
            {"name": "c", "kind": "dev", "path": "/w/c"},
            {"name": "d", "kind": "build", "path": "/w/d"},
            {"name": "serde", "kind": null, "path": null}]}]}"#;

    #[test]
    fn the_graph_has_dependencies_inside_the_workspace_and_none_of_tests_or_build_scripts() {
        let workspace: Workspace = serde_json::from_str(METADATA).unwrap();
        let graph = workspace.crate_graph();
        assert_eq!(graph.edges().collect::<Vec<_>>(), [("a", "b"), ("a", "d")]);
        let crates = workspace.packages[0].crates().map(|target| target.name.as_str());
        assert_eq!(crates.collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_package_that_the_workspace_does_not_have_is_an_error_that_names_it() {
        let workspace: Workspace = serde_json::from_str(METADATA).unwrap();
        assert_eq!(workspace.select(&[]).unwrap().len(), 1);
        let error = workspace.select(&["a".to_owned(), "x".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "the workspace has no package x");
    }
}
