//! Rows of a storage table.

use std::collections::BTreeMap;

use serde::Serialize;

/// Most characters of a text that are kept: a string property holds 32 K ("Understanding the Table
/// service data model").
const LONGEST_TEXT: usize = 32 * 1024;

/// A row of a table, as the output binding of type `table` takes it. The host inserts it; a row with
/// the same keys makes the invocation fail.
///
/// ```json
/// { "PartitionKey": "1111…", "RowKey": "2222…", "status": "assigned", "attempt": 1, "dryRun": false }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entity {
    #[serde(rename = "PartitionKey")]
    partition_key: String,
    #[serde(rename = "RowKey")]
    row_key: String,
    #[serde(flatten)]
    properties: BTreeMap<&'static str, Property>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Property {
    Text(String),
    Whole(i64),
    Truth(bool),
}

/// A key with a character that the table service refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be a key of a table row: / \\ # ? and control characters are not allowed")]
pub struct InvalidKey(String);

impl Entity {
    /// A row with these keys.
    pub fn new(partition_key: &str, row_key: &str) -> Result<Self, InvalidKey> {
        for key in [partition_key, row_key] {
            if key.chars().any(|character| "/\\#?".contains(character) || character.is_control()) {
                return Err(InvalidKey(key.to_owned()));
            }
        }
        Ok(Self {
            partition_key: partition_key.to_owned(),
            row_key: row_key.to_owned(),
            properties: BTreeMap::new(),
        })
    }

    /// The same with a text, where there is one.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: Option<String>) -> Self {
        if let Some(text) = value {
            self.properties.insert(name, Property::Text(beginning(text)));
        }
        self
    }

    /// The same with a whole number.
    #[must_use]
    pub fn whole(mut self, name: &'static str, value: i64) -> Self {
        self.properties.insert(name, Property::Whole(value));
        self
    }

    /// The same with a truth value.
    #[must_use]
    pub fn truth(mut self, name: &'static str, value: bool) -> Self {
        self.properties.insert(name, Property::Truth(value));
        self
    }
}

/// As many characters of a text as a property holds.
fn beginning(mut text: String) -> String {
    // No text has more characters than bytes.
    if text.len() > LONGEST_TEXT
        && let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT)
    {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_the_service_refuses_are_refused() {
        for key in ["a/b", "a\\b", "a#b", "a?b", "a\nb", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(Entity::new(key, "r"), Err(InvalidKey(key.to_owned())));
            assert_eq!(Entity::new("p", key), Err(InvalidKey(key.to_owned())));
        }
    }

    #[test]
    fn of_a_text_that_is_too_long_the_beginning_is_kept() {
        for character in ["a", "ü"] {
            let row = |length: usize| {
                Entity::new("p", "r").unwrap().text("name", Some(character.repeat(length)))
            };
            assert_eq!(row(LONGEST_TEXT + 1), row(LONGEST_TEXT));
            assert_ne!(row(LONGEST_TEXT), row(LONGEST_TEXT - 1));
        }
    }

    #[test]
    fn a_row_is_one_flat_object() {
        let row = Entity::new("p", "r").unwrap();
        let row = row.text("status", Some("assigned".to_owned())).text("rule", None);
        let row = row.whole("attempt", 2);
        assert_eq!(
            serde_json::to_string(&row.truth("dryRun", false)).unwrap(),
            r#"{"PartitionKey":"p","RowKey":"r","attempt":2,"dryRun":false,"status":"assigned"}"#
        );
    }
}
