//! The files that the Functions host and the handler both read: host.json and the function folders.

pub mod function_json;
pub mod host_json;

use std::path::PathBuf;

/// What is wrong with a file that the host reads too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct FileFault {
    /// The file.
    pub file: PathBuf,
    /// What is wrong in it, and what to do.
    pub problem: String,
}

/// How the host looks up a setting by name; app settings are environment variables.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;
