//! Shared readers and writers of JSON.

use std::fmt;

use serde::{
    Deserializer, Serialize,
    de::{Error, Visitor},
};

/// Deserializes a string and parses it. The string is not copied in between: every answer of Graph is
/// full of ids.
pub(crate) fn parse_string<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    parse: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(StringParser(parse))
}

struct StringParser<T, E>(fn(&str) -> Result<T, E>);

impl<T, E: fmt::Display> Visitor<'_> for StringParser<T, E> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<F: Error>(self, text: &str) -> Result<T, F> {
        (self.0)(text).map_err(F::custom)
    }
}

/// Writes JSON in ASCII.
///
/// A queue message travels in XML, which refuses some characters (U+FFFE, U+FFFF) that texts from
/// callers and from the directory may contain. Escaped, every character passes.
pub(crate) fn to_ascii_string(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    Ok(if json.is_ascii() { json } else { escape_non_ascii(&json) })
}

/// Escapes all characters outside ASCII. In JSON, they occur only in strings.
fn escape_non_ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ascii_json_decodes_to_the_original_text(text: String) {
            let json = to_ascii_string(&text).unwrap();
            prop_assert!(json.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
