//! Reading the app's JSON files, and the faults in its settings.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
};

use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde::Deserialize;
use serde_json::Value;

use crate::ordered_json::Json;

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
    read_file(path, read)
}

/// Reads a JSON file like [`read_json`], and keeps the order of members.
pub(crate) fn read_ordered(path: &Path) -> Result<Json, SettingsError> {
    read_file(path, ordered)
}

/// A fault in a document, from the library that found it.
type Fault = Box<dyn Error + Send + Sync>;

fn read_file<T>(path: &Path, read: fn(&str) -> Result<T, Fault>) -> Result<T, SettingsError> {
    let at = || path.to_owned();
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: at(), source })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    read(text).map_err(|source| SettingsError::Malformed { path: at(), source })
}

fn options() -> ParseOptions {
    ParseOptions { allow_missing_commas: false, ..ParseOptions::default() }
}

fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Fault> {
    let value: Value = parse_to_serde_value(text, &options())?;
    Ok(serde_json::from_value(value)?)
}

fn ordered(text: &str) -> Result<Json, Fault> {
    Ok(parse_to_serde_value(text, &options())?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_trailing_commas_and_a_byte_order_mark_change_nothing() {
        for text in ["{\"a\":[\"//\"]}", "// first\n{\"a\":/* list */[\"//\",],}"] {
            assert_eq!(read::<Value>(text).unwrap(), json!({ "a": ["//"] }), "{text}");
            assert_eq!(ordered(text).unwrap().compact(), r#"{"a":["//"]}"#, "{text}");
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("host.json");
            std::fs::write(&file, format!("\u{feff}{text}")).unwrap();
            assert_eq!(read_json::<Value>(&file).unwrap(), json!({ "a": ["//"] }), "{text}");
        }
        for text in ["{\"a\":1", "{\"a\":1 \"b\":2}", "{} {}"] {
            assert!(read::<Value>(text).is_err() && ordered(text).is_err(), "{text}");
        }
    }

    #[test]
    fn members_keep_the_order_of_the_file_and_a_repeated_name_its_last_value() {
        let document = ordered(r#"{"b":1,"a":{"z":true,"y":null},"b":"2"}"#).unwrap();
        assert_eq!(document.compact(), r#"{"b":"2","a":{"z":true,"y":null}}"#);
    }
}
