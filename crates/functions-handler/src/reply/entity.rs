//! Rows of storage tables.

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// Most characters of a text that are kept: a string property holds 32 K ("Understanding the Table
/// service data model").
const LONGEST_TEXT: usize = 32 * 1024;

/// A row of a table, as the output binding of type `table` takes it. The host inserts it; a row with
/// the same keys makes the invocation fail.
///
/// ```json
/// { "PartitionKey": "1111…", "RowKey": "2222…", "status": "assigned", "attempt": 1, "dryRun": false }
/// ```
#[derive(Debug, Clone)]
pub struct Entity(Box<RawValue>);

/// Why a row cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEntity {
    /// A key with a character that the table service refuses.
    #[error(
        "{0:?} cannot be a key of a table row: / \\ # ? and control characters are not allowed"
    )]
    Key(String),
    /// Properties that cannot be represented.
    #[error("the properties of a table row cannot be written: {0}")]
    Properties(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Row<'a, P> {
    #[serde(rename = "PartitionKey")]
    partition_key: &'a str,
    #[serde(rename = "RowKey")]
    row_key: &'a str,
    #[serde(flatten)]
    properties: &'a P,
}

impl Entity {
    /// A row with these keys, and properties that are written as an object of texts, numbers and truth
    /// values.
    pub fn new(
        partition_key: &str,
        row_key: &str,
        properties: &impl Serialize,
    ) -> Result<Self, InvalidEntity> {
        for key in [partition_key, row_key] {
            if key.chars().any(|character| "/\\#?".contains(character) || character.is_control()) {
                return Err(InvalidEntity::Key(key.to_owned()));
            }
        }
        Ok(Self(to_raw_value(&Row { partition_key, row_key, properties })?))
    }
}

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialEq for Entity {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// As many characters of a text as a property holds.
#[must_use]
pub fn beginning(text: &str) -> &str {
    // No text has more characters than bytes.
    let end = (text.len() > LONGEST_TEXT).then(|| text.char_indices().nth(LONGEST_TEXT)).flatten();
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_the_service_refuses_are_refused() {
        for key in ["a/b", "a\\b", "a#b", "a?b", "a\nb", "a\u{7f}b", "a\u{85}b"] {
            for (partition_key, row_key) in [(key, "r"), ("p", key)] {
                let refused = Entity::new(partition_key, row_key, &json!({})).unwrap_err();
                assert!(matches!(refused, InvalidEntity::Key(named) if named == key), "{key:?}");
            }
        }
    }

    #[test]
    fn properties_that_are_no_object_are_refused() {
        let refused = Entity::new("p", "r", &"text").unwrap_err();
        assert!(matches!(refused, InvalidEntity::Properties(_)), "{refused}");
    }

    #[test]
    fn of_a_text_that_is_too_long_the_beginning_is_kept() {
        for character in ["a", "ü"] {
            let whole = character.repeat(LONGEST_TEXT);
            assert_eq!(beginning(&character.repeat(LONGEST_TEXT + 1)), whole);
            assert_eq!(beginning(&whole), whole);
        }
    }

    #[test]
    fn a_row_is_one_flat_object() {
        let properties = json!({ "attempt": 2, "dryRun": false, "status": "assigned" });
        let row = Entity::new("p", "r", &properties).unwrap();
        assert_eq!(
            serde_json::to_string(&row).unwrap(),
            r#"{"PartitionKey":"p","RowKey":"r","attempt":2,"dryRun":false,"status":"assigned"}"#
        );
    }
}
