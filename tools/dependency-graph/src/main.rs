//! `cargo run -p dependency-graph`: prints which crate and which module uses which, and fails if there is
//! a cycle.

#![expect(clippy::print_stdout, reason = "the command prints what it was asked for")]

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use dependency_graph::{
    counts::{Counts, Table},
    module_graph::module_graph,
    violations,
    workspace::{Package, Workspace},
};

/// Prints which crates and modules use which. Fails if there is a cycle, or if a module uses a module
/// that contains it.
#[derive(Parser)]
struct Arguments {
    /// Print the modules of these packages only [default: all crates and their modules]
    packages: Vec<String>,
    /// Print the sizes of packages, and the types with the most methods
    #[arg(long)]
    counts: bool,
    /// The folder of the workspace
    #[arg(long, default_value = ".")]
    workspace: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let workspace = Workspace::read(&arguments.workspace)?;
    let packages = workspace.select(&arguments.packages)?;
    if arguments.counts {
        return print_counts(&packages);
    }
    let mut violations = Vec::new();
    if arguments.packages.is_empty() {
        let crates = workspace.crate_graph();
        println!("Crates, each above the crates that it uses\n\n{crates}");
        violations.extend(violations::of_crates(&crates));
    }
    for package in packages {
        violations.extend(print_modules(package)?);
    }
    if !violations.is_empty() {
        bail!("these uses must not be there:\n{}", violations.join("\n"));
    }
    Ok(())
}

/// Prints the modules of a package's crates and returns the edges that break a rule. Tests are checked and
/// not printed: each of their modules uses the same few.
fn print_modules(package: &Package) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for target in package.crates() {
        let (title, graph) = (target.title(package), module_graph(&target.modules()?));
        if graph.edges().next().is_some() && !target.is_for_tests() {
            let list = graph.to_string().replace("crate::", "");
            println!("{title}: modules, each above the modules that it uses\n\n{list}");
        }
        let found = violations::of_modules(&graph).into_iter();
        violations.extend(found.map(|violation| format!("{title}: {violation}")));
    }
    Ok(violations)
}

fn print_counts(packages: &[&Package]) -> Result<()> {
    let mut table = Vec::new();
    for package in packages {
        let mut counts = Counts::default();
        for target in package.crates().filter(|target| !target.is_for_tests()) {
            counts.add(&target.modules()?);
        }
        table.push((package.name.as_str(), counts));
    }
    print!("{}", Table(&table));
    Ok(())
}
