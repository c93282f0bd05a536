//! Faults in the app's files.

use std::path::PathBuf;

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct FileFault {
    /// The file.
    pub file: PathBuf,
    /// The problem, and what to do about it.
    pub problem: String,
}
