//! JSON that passes through XML.
//!
//! A queue message travels in XML, which refuses some characters (U+FFFE, U+FFFF) that a text from a
//! caller or from the directory may have; escaped, every text passes.

use serde::Serialize;

/// A value as JSON in ASCII.
pub(super) fn ascii_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    Ok(if json.is_ascii() { json } else { escape_non_ascii(&json) })
}

/// In JSON a character outside ASCII can only stand inside a string, where an escape means the same.
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
        fn every_text_is_ascii_and_means_the_same(text: String) {
            let json = ascii_json(&text).unwrap();
            prop_assert!(json.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
