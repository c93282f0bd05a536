//! Why the graph could not be made.

use std::path::PathBuf;

/// An error on the way to the graph.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// `cargo metadata` could not be started.
    #[error("cannot run cargo metadata: {0}")]
    Cargo(#[source] std::io::Error),
    /// `cargo metadata` refused the workspace.
    #[error("cargo metadata failed: {0}")]
    Metadata(String),
    /// The output of `cargo metadata` does not have the documented form.
    #[error("cannot read the output of cargo metadata: {0}")]
    Json(#[from] serde_json::Error),
    /// A source file cannot be read.
    #[error("cannot read {}: {error}", file.display())]
    Unreadable {
        /// The source file.
        file: PathBuf,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// A source file is not valid Rust.
    #[error("cannot parse {}: {error}", file.display())]
    Unparsable {
        /// The source file.
        file: PathBuf,
        /// What the parser said.
        #[source]
        error: syn::Error,
    },
    /// A `mod` declaration has no file.
    #[error("{} declares `{name}`, which has no file", file.display())]
    MissingModule {
        /// The file with the declaration.
        file: PathBuf,
        /// The path of the module.
        name: String,
    },
    /// The command line names a package that the workspace does not have.
    #[error("the workspace has no package {0}")]
    UnknownPackage(String),
}
