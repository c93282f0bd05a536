//! Reading the app's JSON files, and the faults in its settings.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// A fault in the app's settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file is not JSON, or its JSON has another form.
    #[error("{path}: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The fault and its position.
        source: serde_json::Error,
    },
    /// A required key is absent.
    #[error("host.json has no {path}")]
    Missing {
        /// The key's path, with colons between levels.
        path: &'static str,
    },
    /// A key has an invalid value.
    #[error("{path} is '{value}', and should be {expected}")]
    Value {
        /// The key's path, with colons between levels.
        path: &'static str,
        /// The value.
        value: String,
        /// The kind of value that the key requires.
        expected: &'static str,
    },
}

/// Reads a JSON file.
pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, SettingsError> {
    let at = || path.to_owned();
    let text =
        std::fs::read(path).map_err(|source| SettingsError::Unreadable { path: at(), source })?;
    serde_json::from_slice(&text).map_err(|source| SettingsError::Malformed { path: at(), source })
}
