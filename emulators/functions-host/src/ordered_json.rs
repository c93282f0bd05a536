//! JSON that keeps the order of members, as the host's own library does. The order is part of the
//! envelope that a handler receives and of the messages that an output writes.

mod members;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// The members of an object. Of a repeated name the last value counts, at the place of the first.
pub(crate) type Members = IndexMap<String, Json>;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Json>),
    Object(#[serde(with = "members")] Members),
}

impl Json {
    pub(crate) fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    pub(crate) fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The value of an object's member; `None` if there is none or this is not an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.get(name)
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    pub(crate) fn compact(&self) -> String {
        // A value with text keys and no fallible parts always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Indented by two spaces, as the host's library does.
    pub(crate) fn indented(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_a_repeated_name_keeps_its_first_place() {
        let json = Json::parse(br#"{"b":1,"a":[true,null,1.0,"x"],"b":{"z":-1}}"#).unwrap();
        assert_eq!(json.compact(), r#"{"b":{"z":-1},"a":[true,null,1.0,"x"]}"#);
    }
}
