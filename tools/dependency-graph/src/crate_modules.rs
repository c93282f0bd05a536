//! The module graph of every crate that is built from some packages.

use crate::{
    fault::Fault,
    graph::Graph,
    module_graph::module_graph,
    violations::{self, Violation},
    workspace::{Package, Target},
};

/// The modules of one crate.
#[derive(Debug)]
pub struct CrateModules {
    /// The package that the crate is built from.
    pub package: String,
    /// The package, and which of its crates this is unless it is the library.
    pub title: String,
    /// Whether the crate is a test, a benchmark or an example.
    pub is_for_tests: bool,
    /// Which module uses which.
    pub graph: Graph,
}

impl CrateModules {
    /// Reads the modules of a crate.
    ///
    /// # Errors
    /// When its source cannot be read.
    pub fn read(package: &Package, target: &Target) -> Result<Self, Fault> {
        let title = match target.kind.first().map(String::as_str) {
            Some("lib") | None => package.name.clone(),
            Some(kind) => format!("{}, {kind} {}", package.name, target.name),
        };
        Ok(Self {
            package: package.name.clone(),
            title,
            is_for_tests: target.is_for_tests(),
            graph: module_graph(&target.modules()?),
        })
    }

    /// Reads the modules of every crate of some packages.
    ///
    /// # Errors
    /// When the source of one of them cannot be read.
    pub fn read_all(packages: &[&Package]) -> Result<Vec<Self>, Fault> {
        let crates = packages
            .iter()
            .flat_map(|package| package.crates().map(move |target| Self::read(package, target)));
        crates.collect()
    }

    /// Whether there is more than one module to print.
    #[must_use]
    pub fn has_edges(&self) -> bool {
        self.graph.edges().next().is_some()
    }

    /// The edges that break a rule.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        violations::of_modules(&self.graph)
    }
}
