//! The documents, as texts.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{components::add_components, earlier_version::translate};

/// The description of the API, whose schemas are in other files.
const DESCRIPTION: &str = include_str!("description.json");

/// The members of a document, in the order in which people read them.
const ORDER: [&str; 7] = ["openapi", "info", "servers", "security", "tags", "paths", "components"];

/// A version of OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.1, whose schemas are JSON Schema.
    V3_1,
    /// 3.0, for programs that know no later one.
    V3_0,
}

impl Version {
    /// Every version.
    pub const ALL: [Self; 2] = [Self::V3_1, Self::V3_0];

    /// The file of the document, below the folder of the workspace.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::V3_1 => "docs/openapi.json",
            Self::V3_0 => "docs/openapi-3.0.json",
        }
    }
}

/// The document in a version. `root` is the folder of the workspace, with the schemas.
///
/// # Errors
///
/// If a schema cannot be read, or has something that the version cannot express.
pub fn document(version: Version, root: &Path) -> Result<String> {
    let mut document = serde_json::from_str(DESCRIPTION).context("description.json is not JSON")?;
    add_components(&mut document, &root.join("schemas"))?;
    if version == Version::V3_0 {
        translate(&mut document)?;
    }
    text(&document)
}

/// The JSON text. The members of objects inside are in the order of the alphabet.
fn text(document: &Value) -> Result<String> {
    let members = document.as_object().context("the document is not an object")?;
    let known = ORDER.into_iter().filter_map(|name| members.get_key_value(name));
    let others = members.iter().filter(|(name, _)| !ORDER.contains(&name.as_str()));
    let mut lines = Vec::new();
    for (name, value) in known.chain(others) {
        let value = serde_json::to_string_pretty(value)?.replace('\n', "\n  ");
        lines.push(format!("  {}: {value}", Value::from(name.as_str())));
    }
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}
