//! Reading the app's JSON files, and the faults in its settings.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
};

use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde::Deserialize;
use serde_json::Value;

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
        source: Box<dyn Error + Send + Sync>,
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

/// Reads a JSON file as the host's library does (Newtonsoft.Json, `JObject.Parse`): with or without a byte
/// order mark, comments and trailing commas.
pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, SettingsError> {
    let at = || path.to_owned();
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: at(), source })?;
    read(&text).map_err(|source| SettingsError::Malformed { path: at(), source })
}

fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Box<dyn Error + Send + Sync>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    let value: Value = parse_to_serde_value(text, &options)?;
    Ok(serde_json::from_value(value)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_trailing_commas_and_a_byte_order_mark_change_nothing() {
        for text in [
            "{\"a\":[\"//\"]}",
            "\u{feff}{\"a\":[\"//\"]}",
            "// first\n{\"a\":/* list */[\"//\",],}",
        ] {
            assert_eq!(read::<Value>(text).unwrap(), json!({ "a": ["//"] }), "{text}");
        }
        for text in ["{\"a\":1", "{\"a\":1 \"b\":2}", "{} {}"] {
            assert!(read::<Value>(text).is_err(), "{text}");
        }
    }
}
