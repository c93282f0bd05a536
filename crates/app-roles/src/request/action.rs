//! The actions of a request.

use serde::{Deserialize, Deserializer, Serialize};

use crate::json;

/// The action of a request.
///
/// On the wire: `"assign"` or `"revoke"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Create the assignments.
    #[default]
    Assign,
    /// Remove the assignments.
    Revoke,
}

impl Action {
    /// The verb for sentences.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Revoke => "revoke",
        }
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::parse_string(deserializer, |text| match text {
            "assign" => Ok(Self::Assign),
            "revoke" => Ok(Self::Revoke),
            _ => Err("expected \"assign\" or \"revoke\""),
        })
    }
}
