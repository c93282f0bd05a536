//! What can keep a package from being made.

use std::{io, path::PathBuf};

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum PackagingFault {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is there and cannot be used.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A zip file could not be written or read.
    #[error("{path} as a zip file: {source}")]
    Zip {
        /// The zip file.
        path: PathBuf,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// A program that says what the binary was built from failed.
    #[error("{command}: {problem}")]
    Command {
        /// The command line.
        command: String,
        /// What it said.
        problem: String,
    },
}

/// Puts the path into an error of the system.
pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> PackagingFault {
    let path = path.into();
    move |source| PackagingFault::File { path, source }
}
