//! `cargo run -p dependency-graph`: prints which crate and which module uses which, and fails if there is
//! a cycle.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use dependency_graph::{
    counts::{Counts, Table},
    crate_modules::CrateModules,
    fault::Fault,
    graph::Graph,
    mermaid, text, violations,
    workspace::{Package, Workspace},
};

/// Prints which crates and modules use which. Fails if there is a cycle, or if a module uses a module
/// that contains it.
#[derive(Parser)]
struct Arguments {
    /// Print the modules of these packages only [default: all crates and their modules]
    packages: Vec<String>,
    /// Print a Mermaid flowchart: of the crates, or of the modules of the named packages
    #[arg(long, conflicts_with = "counts")]
    mermaid: bool,
    /// Print the sizes of packages, and the types with the most methods
    #[arg(long)]
    counts: bool,
    /// The folder of the workspace
    #[arg(long, default_value = ".")]
    workspace: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(violations) if violations.is_empty() => ExitCode::SUCCESS,
        Ok(violations) => {
            fail(&format!("These uses must not be there:\n{}", violations.join("\n")))
        }
        Err(fault) => fail(&format!("dependency-graph: {fault}")),
    }
}

#[expect(clippy::print_stderr, reason = "what is wrong belongs on stderr")]
fn fail(reason: &str) -> ExitCode {
    eprintln!("{reason}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
fn print(text: &str) {
    print!("{text}");
}

/// Prints what the arguments ask for. Returns the edges that break a rule.
fn run(arguments: &Arguments) -> Result<Vec<String>, Fault> {
    let workspace = Workspace::read(&arguments.workspace)?;
    let packages = workspace.select(&arguments.packages)?;
    if arguments.counts {
        print_counts(&packages)?;
        return Ok(Vec::new());
    }
    let crates = arguments.packages.is_empty().then(|| workspace.crate_graph());
    let modules = CrateModules::read_all(&packages)?;
    match arguments.mermaid {
        true => print_mermaid(crates.as_ref(), &modules),
        false => print_text(crates.as_ref(), &modules),
    }
    let between_crates = crates.iter().flat_map(violations::of_crates).map(|it| it.to_string());
    let in_crate = |modules: &CrateModules| {
        let violations = modules.violations().into_iter();
        violations.map(|it| format!("{}: {it}", modules.title)).collect::<Vec<_>>()
    };
    Ok(between_crates.chain(modules.iter().flat_map(in_crate)).collect())
}

fn print_text(crates: Option<&Graph>, modules: &[CrateModules]) {
    if let Some(crates) = crates {
        print("Crates, each above the crates that it uses\n\n");
        print(&text::list(crates));
    }
    for modules in modules.iter().filter(|modules| is_printed(modules)) {
        print(&format!("\n{}: modules, each above the modules that it uses\n\n", modules.title));
        print(&text::list(&modules.graph));
    }
}

fn print_mermaid(crates: Option<&Graph>, modules: &[CrateModules]) {
    let printed = modules.iter().filter(|modules| is_printed(modules));
    let graphs: Vec<(&str, &Graph)> = match crates {
        Some(crates) => vec![("crates", crates)],
        None => printed.map(|modules| (modules.title.as_str(), &modules.graph)).collect(),
    };
    print(&mermaid::flowchart(graphs));
}

/// Tests are checked and not printed: each of their modules uses the same few.
fn is_printed(modules: &CrateModules) -> bool {
    modules.has_edges() && !modules.is_for_tests
}

fn print_counts(packages: &[&Package]) -> Result<(), Fault> {
    let mut table = Vec::new();
    for package in packages {
        let mut counts = Counts::default();
        for target in package.crates().filter(|target| !target.is_for_tests()) {
            counts.add(&target.modules()?);
        }
        table.push((package.name.as_str(), counts));
    }
    print(&Table(&table).to_string());
    Ok(())
}
